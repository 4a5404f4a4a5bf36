"""One cause has one problem, and what is retracted is told of besides."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import problems_of
from repositories import add_entry, add_finding, add_record, batch, git, job, new_repository, write

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


POINT = {"condition": "full", "experiment_id": "E005", "seed": 1}


def test_the_problem_has_every_reason_and_the_last_replacement(repo: Path) -> None:
    job_id = add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(job_id))
    add_record(repo, retracts=[job_id], reason="it leaked", replaced_by=["b" * 32])
    add_record(repo, retracts=[job_id], reason="the seed was fixed")
    add_record(repo, retracts=["b" * 32], reason="so did that", replaced_by=["c" * 32])
    (problem,) = problems_of(repo)
    assert (problem.code, problem.severity) == ("finding.retracted_run", "error")
    for text in ("it leaked", "the seed was fixed", f"replaced by {'c' * 32}"):
        assert text in problem.message


def test_what_a_damaged_record_retracts_is_not_known(repo: Path) -> None:
    job_id = add_entry(repo, POINT)
    record = add_record(repo, retracts=[job_id])
    add_finding(repo, "F001-x", f"{{type: job, id: {job_id}, accept: [{record}]}}")
    path = repo / f".aexp/ledger/retractions/{record}.json"
    path.write_text(path.read_text().replace("leaked", "did not leak"))
    assert [problem.code for problem in problems_of(repo)] == ["ledger.invalid_retraction"]


def test_all_records_must_be_accepted(repo: Path) -> None:
    job_id = add_entry(repo, POINT)
    records = [add_record(repo, retracts=[job_id], reason=why) for why in ("it leaked", "twice")]
    accepted = f"{{type: job, id: {job_id}, accept: [{', '.join(records)}, {'0' * 16}]}}"
    add_finding(repo, "F001-x", accepted)
    add_finding(repo, "F002-x", accepted.replace(records[0], "f" * 16))
    assert sorted((p.path[-7:-5], p.code, p.severity) for p in problems_of(repo)) == [
        ("01", "finding.retracted_run", "warning"),
        ("01", "finding.suspicious_key", "warning"),
        ("02", "finding.retracted_run", "error"),
        ("02", "finding.suspicious_key", "warning"),
        ("02", "finding.suspicious_key", "warning"),
    ]


@pytest.mark.parametrize("strict", ["error", "off"])
def test_a_run_that_is_gone_is_still_retracted(repo: Path, strict: str) -> None:
    add_finding(repo, "F001-x", job("a" * 32))
    add_record(repo, retracts=["a" * 32])
    write(repo, "pyproject.toml", f'[tool.aexp]\nstrict_runs = "{strict}"\n')
    codes = {problem.code for problem in problems_of(repo)}
    gone = {"finding.broken_run_citation"} if strict == "error" else set()
    assert codes == {"finding.retracted_run"} | gone


def test_a_link_is_accepted_with_the_citation(repo: Path) -> None:
    job_id = add_entry(repo, POINT)
    record = add_record(repo, retracts=[job_id])
    link = f"[run](../../../.aexp/ledger/{job_id}.json)\n"
    path = "kb/research/findings/F001-x.md"
    write(repo, path, f"---\nid: F001\n---\n{link}")
    assert [p.severity for p in problems_of(repo)] == ["error"]
    accepted = batch("E005").replace("}}", f"}}, accept: {record}}}")
    write(repo, path, f"---\nsupporting_runs: [{accepted}]\n---\n{link}")
    assert [p.severity for p in problems_of(repo)] == ["warning", "warning"]


def test_a_withdrawn_finding_is_not_asked(repo: Path) -> None:
    job_id = add_entry(repo, POINT, status="failed")
    add_record(repo, retracts=[job_id])
    head = f"---\nretracted: it leaked\nbuilds_on: [F007]\nsupporting_runs: [{job(job_id)}]\n---\n"
    write(repo, "kb/research/findings/F001-x.md", head)
    assert problems_of(repo) == []
