"""One cause has one problem, and what is retracted is told of besides."""

from __future__ import annotations

from pathlib import Path

from cases import problems_of
from repositories import add_entry, add_finding, add_record, git, job, new_repository, write

POINT = {"experiment_id": "E005", "seed": 1}


def test_a_damaged_run_is_reported_once_and_its_retraction_besides(repo: Path) -> None:
    job_id = add_entry(repo, POINT, status="failed")
    path = f".aexp/ledger/{job_id}.json"
    write(repo, path, (repo / path).read_text().replace('"seed": 1', '"seed": 2'))
    pinned = f"{{type: job, id: {job_id}, ended_at: '2026-01-01T00:00:00Z'}}"
    add_finding(repo, "F001-x", pinned)
    assert [problem.code for problem in problems_of(repo)] == ["ledger.identity_mismatch"]
    add_record(repo, retracts=[job_id])
    assert sorted(problem.code for problem in problems_of(repo)) == [
        "finding.retracted_run",
        "ledger.identity_mismatch",
    ]


def test_a_retracted_run_is_judged_otherwise_as_if_it_were_not(repo: Path) -> None:
    job_id = add_entry(repo, POINT, ended_at="2026-05-14T11:00:00Z", status="failed")
    add_record(repo, retracts=[job_id])
    add_finding(repo, "F001-x", f"{{type: job, id: {job_id}, ended_at: '2026-01-01T00:00:00Z'}}")
    assert sorted(problem.code for problem in problems_of(repo)) == [
        "evidence.failed_run",
        "finding.changed_evidence",
        "finding.retracted_run",
    ]


def test_without_history_it_is_said_once_that_commits_are_not_judged(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "a")
    ids = [add_entry(repo, {**POINT, "seed": seed}, code_commit="a" * 40) for seed in (1, 2)]
    add_finding(repo, "F001-x", *map(job, ids))
    add_finding(repo, "F002-x", *map(job, ids))
    write(repo, "pyproject.toml", '[tool.aexp.severity]\nevidence = "error"\n')
    (problem,) = problems_of(repo)
    assert (problem.code, problem.severity) == ("evidence.unknown_commit", "warning")
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")
    assert [problem.severity for problem in problems_of(repo)] == ["error"] * 4
