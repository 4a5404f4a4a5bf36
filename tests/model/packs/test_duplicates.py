"""Several entries of one run: which of them counts, and where that is unclear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repositories import add_jobs, add_segment, entry_of, entry_text, packed, write

from pytest_aexp.cli import main
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.ledger_mapping import Ledger as LedgerMapping
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.duplicates import superseded

POINT = {"experiment_id": "E001", "seed": 1}
JOB_ID = str(entry_of(POINT)["job_id"])
LATER = {"promoted_at": "2026-06-01T00:00:00Z"}
OTHERS = {"registered_machine": "laptop"}
SEGMENT = ".aexp/ledger/packs/box/2026-05-001.jsonl"
OTHER = ".aexp/ledger/packs/laptop/2026-05-001.jsonl"
FILE = entry_path(JOB_ID)

LINKED = {"run_link": {"experiment_id": "E001", "hypothesis_id": "H002"}}
SECOND = {"started_at": "2026-05-27T00:00:00Z", "ended_at": "2026-05-27T01:00:00Z", "attempt": 2}
FIRST = {"started_at": "2026-05-26T00:00:00Z", "ended_at": "2026-05-26T01:00:00Z", "attempt": 1}
FAILED = {"status": "failed"}

# By the difference: two entries, and whether the first or the second counts (None: unclear).
WAYS: dict[str, tuple[dict[str, Any], dict[str, Any], int | None]] = {
    "nothing": ({}, {}, 0),
    "when they were promoted": ({}, LATER, 1),
    "when they were promoted, the other way round": (LATER, {}, 0),
    "who promoted them": ({}, OTHERS, 0),
    "who and when, two machines with one store": ({}, {**OTHERS, **LATER}, 0),
    "the time zone of one moment": ({}, {"promoted_at": "2026-05-26T03:23:45+02:00"}, 0),
    "the status, one promoted later": ({}, {**FAILED, **LATER}, 1),
    "the status, the other promoted later": ({**FAILED, **LATER}, {}, 0),
    "the status, in the same second": (FAILED, {}, None),
    "the status, in the same second by two clocks": (
        {**FAILED, "promoted_at": "2026-05-26T03:23:45+02:00"}, {}, None,
    ),
    "the run link, linked again": ({}, {**LINKED, **LATER}, 1),
    "the run link, in the same second": (LINKED, {}, None),
    "a metric, lifted later": ({}, {"metrics": {"a": 1}, **LATER}, 1),
    "a metric, in the same second": ({"metrics": {"a": 1}}, {"metrics": {"a": 2}}, None),
    "the attempt": (FIRST, SECOND, 1),
    "the attempt, the earlier promoted later": ({**FIRST, **LATER}, SECOND, 1),
    "the attempt, the later failed": (FIRST, {**SECOND, **FAILED}, 0),
    "the attempt, the earlier failed": ({**FIRST, **FAILED}, SECOND, 1),
    "the machine, one failed there": ({**OTHERS, **SECOND, **FAILED}, FIRST, 1),
    "the machine, both failed": ({**OTHERS, **FIRST, **FAILED}, {**SECOND, **FAILED}, 1),
    "a field of a newer version": ({"schema_version": 2, "x": 1}, LATER, 1),
}  # fmt: skip


def lay_out(repo: Path, first: dict[str, Any], second: dict[str, Any], kind: str) -> list[str]:
    """Write both, one of them loose or both packed; their paths."""
    entries = [entry_of(POINT, **fields) for fields in (first, second)]
    if kind == "loose first":
        write(repo, FILE, entry_text(entries[0]))
        return [FILE, add_segment(repo, entries[1:])]
    if kind == "loose second":
        write(repo, FILE, entry_text(entries[1]))
        return [add_segment(repo, entries[:1]), FILE]
    return [add_segment(repo, entries[:1]), add_segment(repo, entries[1:], "laptop/2026-05-001")]


def reported(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    capsys.readouterr()
    main([*arguments, "--format", "json"])
    problems = json.loads(capsys.readouterr().out)["problems"]
    return [p["path"] for p in problems if p["code"] == "ledger.invalid_entry"]


@pytest.mark.parametrize("kind", ["loose first", "loose second", "packed"])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_in_which_two_entries_of_a_run_can_differ(
    repo: Path, capsys: pytest.CaptureFixture[str], way: str, kind: str
) -> None:
    first, second, counts = WAYS[way]
    paths = lay_out(repo, first, second, kind)
    ledger = Ledger(WorkTree(repo))
    entry = ledger.get(JOB_ID)
    assert entry is not None
    assert entry.usable is (counts is not None)
    assert [e.path for e in ledger.select("E001", {"seed": 1})] == [entry.path]
    assert [e.path for e in ledger] == [entry.path]
    if counts is not None:
        expected = entry_of(POINT, **(first, second)[counts])
        document = ledger.document(JOB_ID)
        assert document is not None
        again = {**document, "promoted_at": "", "registered_machine": ""}
        assert again == {**expected, "promoted_at": "", "registered_machine": ""}
        assert dict(LedgerMapping.of(repo)) == {JOB_ID: document}
    assert reported(capsys, "ledger", "check") == ([] if counts is not None else [entry.path])
    assert reported(capsys, "ledger", "check", JOB_ID) == (
        [] if counts is not None else [entry.path]
    )
    assert reported(capsys, "validate") == ([] if counts is not None else [entry.path])
    if counts is None:
        (fault,) = entry.faults
        assert all(f"{path}:1" in fault.message for path in paths)


def test_a_third_entry_that_is_promoted_later_settles_it(repo: Path) -> None:
    lay_out(repo, FAILED, {}, "packed")
    write(repo, FILE, entry_text(entry_of(POINT, **LATER, **FAILED)))
    entry = Ledger(WorkTree(repo)).get(JOB_ID)
    assert entry is not None
    assert (entry.path, entry.usable) == (FILE, True)


def test_promoting_again_settles_it(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Even if the file says what the run says: the packed entry may say something else."""
    run = {"statepoint": POINT, "doc": {"status": "complete"}}
    (job_id,) = add_jobs(repo, [run])
    assert main(["ledger", "promote", job_id]) == 0
    document = json.loads((repo / FILE).read_text())
    add_segment(repo, [{**document, "status": "failed"}])
    assert reported(capsys, "ledger", "check") == [FILE]
    assert main(["ledger", "promote", job_id]) == 0
    assert reported(capsys, "ledger", "check") == []
    before = (repo / FILE).read_bytes()
    assert main(["ledger", "backfill"]) == 0
    assert (repo / FILE).read_bytes() == before


def test_a_damaged_file_is_advised_to_go_unless_it_can_be_resolved() -> None:
    counting = judge_entry(JOB_ID, "segment", packed(entry_of(POINT)))
    damaged = judge_entry(JOB_ID, "file", b"{")
    assert superseded(damaged, damaged) is damaged
    assert superseded(damaged, None) is damaged
    (fault,) = superseded(damaged, counting).faults
    assert fault.fix.startswith("run `rm file`: the entry in segment counts; or ")
    markers = judge_entry(JOB_ID, "file", b"<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    assert superseded(markers, counting) is markers
