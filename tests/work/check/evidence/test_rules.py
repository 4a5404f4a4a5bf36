"""The evidence rules: one problem for a rule and a citation, which counts the runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import problems_of
from repositories import add_entry, add_finding, batch, job, write

POINT = {"condition": "full", "experiment_id": "E005"}


def point(seed: int, **more: object) -> dict[str, object]:
    return {**POINT, "seed": seed, **more}


def with_accept(citation: str, *names: str) -> str:
    return citation.replace("}", f", accept: [{', '.join(names)}]}}", 1)


def test_a_batch_has_one_problem_that_counts(repo: Path) -> None:
    for seed, status in enumerate(["failed", "complete", "abandoned", "stopped"]):
        add_entry(repo, point(seed), status=status)
    add_finding(repo, "F001-x", "{type: batch, experiment_id: E005}")
    (problem,) = problems_of(repo)
    assert problem.code == "evidence.failed_run"
    assert problem.message.startswith("2 of the 4 runs of the batch did not complete (failed or")
    assert "`accept: [failed_run]`" in problem.fix


def test_accepting_what_is_the_case_is_silent_and_what_is_not_is_idle(repo: Path) -> None:
    failed = add_entry(repo, point(1), status="failed")
    fine = add_entry(repo, point(2))
    add_finding(
        repo, "F001-x", with_accept(job(failed), "failed_run"), with_accept(job(fine), "failed_run")
    )
    (problem,) = problems_of(repo)
    assert (problem.code, problem.line) == ("finding.suspicious_key", 5)
    assert problem.message.startswith('supporting_runs[1] accepts "failed_run", but')


@pytest.mark.parametrize(
    ("points", "reported"),
    [
        ([point(1, code_commit="a"), point(1, code_commit="b")], True),
        ([point(1, code_dirty=True), point(1, code_dirty=False)], True),
        ([point(1), point(1, code_commit="b")], True),
        ([point(1, code_commit="a"), point(2, code_commit="a")], False),
        ([point(1, x={"code_commit": "a"}), point(1, x={"code_commit": "b"})], False),
    ],
)
def test_a_repeated_run_differs_in_the_code_alone(
    repo: Path, points: list[dict[str, object]], reported: bool
) -> None:
    for each in points:
        add_entry(repo, each)
    add_finding(repo, "F001-x", batch("E005"))
    assert [p.code for p in problems_of(repo)] == ["evidence.repeated_run"] * reported


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"status": "stopped"}, "stopped_run"),
        ({"code_dirty": True}, "dirty_code"),
        ({}, "foreign_experiment"),
        ({"code_commit": "main"}, "unknown_commit"),
    ],
)
def test_other_rules_are_asked_for(repo: Path, fields: dict[str, object], rule: str) -> None:
    job_id = add_entry(repo, point(1), **fields)
    write(
        repo,
        "kb/research/findings/F001-x.md",
        f"---\nexperiment: E003\nsupporting_runs:\n  - {job(job_id)}\n---\n",
    )
    assert problems_of(repo) == []
    write(repo, "pyproject.toml", f'[tool.aexp.severity]\n"evidence.{rule}" = "error"\n')
    (problem,) = problems_of(repo)
    assert (problem.code, problem.severity) == (f"evidence.{rule}", "error")


def test_a_link_is_not_asked_about_its_run(repo: Path) -> None:
    job_id = add_entry(repo, point(1), status="failed")
    body = f"---\nid: F001\n---\n[run](../../../.aexp/ledger/{job_id}.json)\n"
    write(repo, "kb/research/findings/F001-x.md", body)
    assert problems_of(repo) == []
