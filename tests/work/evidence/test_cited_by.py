"""The findings that cite a run."""

from __future__ import annotations

from pathlib import Path

from repositories import add_entry, add_finding, batch, job

from pytest_aexp.cli.findings.edit_finding import open_checker
from pytest_aexp.work.evidence.cited_by import cited_by


def test_alone_and_in_a_batch(repo: Path) -> None:
    ids = [add_entry(repo, {"experiment_id": "E001", "seed": seed}) for seed in range(2)]
    add_finding(repo, "F001-x", batch("E001"), "{type: nothing}")
    add_finding(repo, "F002-y", job(ids[1]), job("0" * 32))
    checker = open_checker()
    findings = [checker.finding(path) for path in checker.finding_paths]
    found = list(cited_by(checker, findings))
    assert {(each.job_id, each.finding, each.cited) for each in found} == {
        (ids[0], "F001", "E001"),
        (ids[1], "F001", "E001"),
        (ids[1], "F002", f"run {ids[1]}"),
        ("0" * 32, "F002", f"run {'0' * 32}"),
    }
    assert [each.finding for each in cited_by(checker, findings, [ids[1]])] == ["F001", "F002"]
