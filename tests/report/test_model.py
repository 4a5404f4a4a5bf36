"""The words and counts that the page shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_aexp.model.problems import BROKEN, Fault, Problem
from pytest_aexp.report.model import doubts_of, verdict_of
from pytest_aexp.report.run_facts import RunFacts, facts_of


def run(status: str, *, dirty: bool = False) -> RunFacts:
    return facts_of({"status": status, "code_dirty": dirty})


def problem(severity: str) -> Problem:
    return Problem(Fault(BROKEN, "x.md", "message", "fix"), severity)  # type: ignore[arg-type]


def test_runs_that_are_complete_on_committed_code_raise_no_doubt() -> None:
    doubts = doubts_of([run("complete"), run("running"), run("elsewhere")])
    assert doubts == ()


def test_runs_that_ended_badly_or_on_uncommitted_code_are_counted() -> None:
    local = replace(run("stopped"), is_local=True)
    runs = [run("failed"), run("failed", dirty=True), local, run("complete")]
    doubts = doubts_of(runs)
    assert doubts == ("2 failed runs", "1 stopped run", "1 run on uncommitted code")


def test_runs_that_were_retracted_are_counted_whatever_the_finding_accepts() -> None:
    retracted = replace(run("complete"), retracted="the split leaked")
    doubts = doubts_of([retracted, run("failed"), run("complete")])
    assert doubts == ("1 failed run", "1 retracted run")
    assert doubts_of([retracted])


@pytest.mark.parametrize(
    ("severities", "others", "verdict"),
    [
        (["warning", "error"], ["stands"], "error"),
        (["warning"], ["stands", "unjudged"], "warning"),
        ([], ["stands", "unjudged"], "unjudged"),
        ([], ["stands", "error"], "error"),
        ([], ["stands", "nothing"], "stands"),
        ([], [], "nothing"),
    ],
)
def test_the_gravest_verdict_counts(severities: list[str], others: list[str], verdict: str) -> None:
    assert verdict_of(map(problem, severities), others) == verdict
