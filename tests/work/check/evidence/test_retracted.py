"""Citations of retracted runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import problems_of
from repositories import add_entry, add_finding, add_record, batch, job, write

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
