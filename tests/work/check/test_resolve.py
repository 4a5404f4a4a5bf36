"""Where a citation leads: the ledger first, then this machine's store, then the machine indexes."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from repositories import (
    add_entry,
    add_finding,
    add_jobs,
    add_segment,
    entry_of,
    job,
    job_id_of,
    write,
)

from pytest_aexp.cli import main
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import Position
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.work.check.resolve import Place, Sources, resolve, tracker_ids

POINT = {"experiment_id": "E001", "seed": 1}
JOB_ID = job_id_of(POINT)
JOB = JobCitation("F1.md", 0, Position(), (), JOB_ID)
BATCH = BatchCitation("F1.md", 0, Position(), (), "E001", {"seed": 1})
INDEX = ".aexp/runs-index/far.json"


def sources(root: Path, on_disk: Path | None = None) -> Sources:
    there = WorkTree(on_disk) if on_disk is not None else None
    return Sources.of(Repository(root), WorkTree(root), there)


def index(root: Path, *job_ids: str, machine: str = "far") -> None:
    entries = [{"job_id": job_id, "experiment_id": "E001"} for job_id in job_ids]
    document = {"machine_label": machine, "entries": entries}
    write(root, f".aexp/runs-index/{machine}.json", json.dumps(document))


@pytest.mark.parametrize(
    ("in_ledger", "on_disk", "in_store", "in_index"), [*product([False, True], repeat=4)]
)
def test_the_first_source_that_knows_counts(
    repo: Path, tmp_path: Path, in_ledger: bool, on_disk: bool, in_store: bool, in_index: bool
) -> None:
    if in_ledger:
        add_entry(repo, POINT)
    if on_disk:
        add_entry(tmp_path / "disk", POINT)
    if in_store:
        add_jobs(repo, [{"statepoint": POINT}])
    if in_index:
        index(repo, JOB_ID)
    expected = next(
        place
        for place, known in (
            (Place.LEDGER, in_ledger),
            (Place.DISK, on_disk),
            (Place.STORE, in_store),
            (Place.INDEX, in_index),
            (Place.NOWHERE, True),
        )
        if known
    )
    known = sources(repo, tmp_path / "disk")
    for citation in (JOB, BATCH):
        found = resolve(citation, known)
        assert found.place is expected
        assert bool(found.entries) == (expected in (Place.LEDGER, Place.DISK))
        assert bool(found.runs) == (expected is Place.STORE)
        assert found.machines == (("far",) if expected is Place.INDEX else ())


def test_a_damaged_entry_is_still_what_was_cited(repo: Path) -> None:
    write(repo, entry_path(JOB_ID), "{")
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    found = resolve(JOB, sources(repo))
    assert (found.place, found.entries[0].usable) == (Place.LEDGER, False)
    assert resolve(BATCH, sources(repo)).place is Place.STORE


def test_a_damaged_run_is_nowhere_but_kept(repo: Path) -> None:
    add_jobs(repo, [{"statepoint": POINT}])
    write(repo, f".runs/workspace/{JOB_ID}/signac_statepoint.json", "{")
    found = resolve(JOB, sources(repo))
    assert found.place is Place.NOWHERE
    assert [run.job_id for run in found.runs] == [JOB_ID]
    assert resolve(BATCH, sources(repo)).place is Place.NOWHERE
    index(repo, JOB_ID)
    assert resolve(JOB, sources(repo)).place is Place.INDEX


def test_every_machine_that_has_it_is_named_once(repo: Path) -> None:
    index(repo, JOB_ID, JOB_ID, machine="far")
    index(repo, JOB_ID, "b" * 32, machine="box")
    assert resolve(JOB, sources(repo)).machines == ("box", "far")
    found = resolve(BATCH, sources(repo))
    assert (found.machines, found.matches) == (("box", "far"), 4)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, False),
        ({".aexp/ledger/.gitkeep": ""}, True),
        ({".aexp/ledger": "a file"}, False),
        ({".runs/.signac/config": ""}, True),
        ({".runs/workspace/x": ""}, False),
        ({INDEX: '{"entries": []}'}, True),
        ({INDEX: "{"}, True),
        ({INDEX: '{"entries": [5]}'}, True),
        ({".aexp/installed.json": "{}"}, False),
    ],
)
def test_what_is_an_authority(repo: Path, made: dict[str, str], expected: bool) -> None:
    for path, content in made.items():
        write(repo, path, content)
    assert sources(repo).has_authority == expected


def test_a_ledger_on_disk_or_until_now_is_one_as_well(repo: Path, tmp_path: Path) -> None:
    assert not sources(repo, tmp_path).has_authority
    add_entry(tmp_path, POINT)
    assert sources(repo, tmp_path).has_authority
    assert Sources.of(Repository(repo), WorkTree(repo), had_ledger=True).has_authority


def test_every_id_that_a_source_knows(repo: Path) -> None:
    add_entry(repo, POINT)
    index(repo, "b" * 32)
    (local,) = add_jobs(repo, [{"statepoint": {"x": 1}}])
    known = sources(repo)
    assert known.job_ids == {JOB_ID, "b" * 32, local}
    assert known.sorted_ids == tuple(sorted(known.job_ids))


LOOSE, PACKED = {"experiment_id": "E001", "seed": 1}, {"experiment_id": "E001", "seed": 2}


def tracker(digit: str) -> dict[str, str]:
    return {"backend": "mlflow", "run_id": digit * 32}


def test_the_ids_of_loose_and_packed_entries(repo: Path) -> None:
    add_entry(repo, LOOSE, tracker=tracker("a"))
    add_segment(repo, [entry_of(PACKED, tracker=tracker("b"))])
    add_entry(repo, {"seed": 3}, tracker={"backend": "wandb", "run_id": "1a2b3c"})
    write(repo, f".aexp/ledger/{'c' * 32}.json", "{")
    assert tracker_ids(Ledger(WorkTree(repo))) == {
        "a" * 32: [job_id_of(LOOSE)],
        "b" * 32: [job_id_of(PACKED)],
    }


def test_a_citation_of_one_says_which_entry_is_meant(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meant = add_entry(repo, LOOSE, tracker=tracker("a"))
    add_finding(repo, "F001-x", job("a" * 32))
    monkeypatch.chdir(repo)
    assert main(["validate"]) == 1
    out = capsys.readouterr().out
    assert f"; it is another tracker's id of run {meant} [finding.broken_run_citation]" in out
    assert f"next: write {meant}\n" in out
    assert main(["cite", "F001", "a" * 32]) == 2
    assert f"another tracker's id of run {meant}: cite that" in capsys.readouterr().err
    other = add_entry(repo, {**LOOSE, "seed": 9}, tracker=tracker("a"))
    main(["validate"])
    main(["cite", "F001", "a" * 32])
    captured = capsys.readouterr()
    assert all(job_id in text for text in captured for job_id in (meant, other))
