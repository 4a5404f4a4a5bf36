"""What is reported of a pin that does not fit."""

from __future__ import annotations

from pathlib import Path

from cases import problems_of
from repositories import add_entry, add_finding, write

from pytest_aexp.ground.text import Position
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.citation import BatchCitation, Pin
from pytest_aexp.model.findings.pins import digest_of
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.work.check.evidence.pins import pin_faults, pinned_entries

ENDED = "2026-05-14T11:00:00Z"


def add(repo: Path, *seeds: int, ended_at: str = ENDED) -> list[str]:
    points = [{"experiment_id": "E005", "seed": seed} for seed in seeds]
    return [add_entry(repo, point, ended_at=ended_at) for point in points]


def digest(repo: Path) -> str:
    return digest_of(Ledger(WorkTree(repo)).select("E005", {}))


def test_growth_names_the_new_run_and_both_ways_out(repo: Path) -> None:
    add(repo, 1, 2)
    pin = f"{{type: batch, experiment_id: E005, count: 2, digest: '{digest(repo)}'}}"
    (new,) = add(repo, 3, ended_at="2026-11-02T11:00:00Z")
    add_finding(repo, "F001-x", pin)
    (problem,) = problems_of(repo)
    assert (problem.code, problem.severity) == ("finding.grown_batch", "warning")
    assert problem.message.startswith(
        f"the batch has 3 runs, 2 when it was pinned; new: {new[:8]}… (ended 2026-11-02T11:00:00Z"
    )
    assert "`aexp cite F001 --pin`" in problem.fix
    assert f"`aexp cite F001 --except {new[:8]}`" in problem.fix


def test_each_of_several_new_runs_is_named(repo: Path) -> None:
    add(repo, 1, 2)
    pin = f"{{type: batch, experiment_id: E005, count: 2, digest: '{digest(repo)}'}}"
    new = add(repo, 3, 4, ended_at="2026-11-02T11:00:00Z")
    add_finding(repo, "F001-x", pin)
    (problem,) = problems_of(repo)
    assert all(f"{job_id[:8]}… (ended" in problem.message for job_id in new)
    assert problem.fix.endswith("for each that does not belong")


def test_pinned_runs_among_many_others_are_not_said_to_be_gone(repo: Path) -> None:
    add(repo, 1, 2)
    pin = f"{{type: batch, experiment_id: E005, count: 2, digest: '{digest(repo)}'}}"
    add(repo, 3, 4, 5, ended_at="2026-01-02T11:00:00Z")
    add_finding(repo, "F001-x", pin)
    (problem,) = problems_of(repo)
    assert problem.code == "finding.changed_evidence"
    assert problem.message.startswith(
        "the batch has 5 runs, and the 2 runs it was pinned with were not found among them (latest:"
    )


def test_a_failed_run_that_came_later_is_no_evidence(repo: Path) -> None:
    add(repo, 1, 2)
    pin = f"{{type: batch, experiment_id: E005, count: 2, digest: '{digest(repo)}'}}"
    add_entry(repo, {"experiment_id": "E005", "seed": 3}, status="failed")
    add_finding(repo, "F001-x", pin)
    assert [problem.code for problem in problems_of(repo)] == ["finding.grown_batch"]


def test_another_attempt_names_the_latest(repo: Path) -> None:
    add(repo, 1, 2)
    pin = f"{{type: batch, experiment_id: E005, count: 2, digest: '{digest(repo)}'}}"
    (again,) = add(repo, 2, ended_at="2026-06-01T00:00:00Z")
    add_finding(repo, "F001-x", pin, f"{{type: job, id: {again}, ended_at: '{ENDED}'}}")
    batch, job = problems_of(repo)
    assert {batch.code, job.code} == {"finding.changed_evidence"}
    assert "as many, but another run or attempt" in batch.message
    assert f"latest: {again[:8]}…" in batch.message
    assert f"pinned to the attempt that ended {ENDED}" in job.message


def test_of_a_damaged_entry_only_that_is_said(repo: Path) -> None:
    (first, _) = add(repo, 1, 2)
    write(repo, f".aexp/ledger/{first}.json", "{")
    add_finding(
        repo,
        "F001-x",
        f"{{type: job, id: {first}, ended_at: '{ENDED}', accept: [failed_run]}}",
        "{type: batch, experiment_id: E005, count: 2}",
    )
    codes = [problem.code for problem in problems_of(repo)]
    assert "ledger.invalid_entry" in codes
    assert codes.count("finding.suspicious_key") == 0


def test_without_a_pin_there_is_nothing_to_report(repo: Path) -> None:
    add(repo, 1)
    entries = tuple(Ledger(WorkTree(repo)).select("E005", {}))
    for pin in (None, Pin(1), Pin(1, at_least=True)):
        citation = BatchCitation("F1.md", 0, Position(), (), "E005", {}, pin=pin)
        assert list(pin_faults(citation, entries, pinned_entries(citation, entries))) == []
