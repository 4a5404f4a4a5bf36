"""What the page shows of the numbers in a finding's text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_aexp.ground.text import counted, shown
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.numbers.value import value_text
from pytest_aexp.model.problems import Problem
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.numbers import Result, printed

RUNS_SHOWN = 5
"""How many runs of a number are named."""


@dataclass(frozen=True, slots=True)
class NumberPart:
    """A number: as it is printed, the expression and the runs that it follows from, its value."""

    line: int
    printed: str
    expression: str
    value: str
    runs: str
    verdict: str


def numbers_of(checker: Checker, finding: Finding) -> tuple[list[NumberPart], list[Problem]]:
    """The numbers of a finding, and the problems of all of them."""
    parts: list[NumberPart] = []
    problems: list[Problem] = []
    for claim in finding.claims:
        verdict = checker.claim(finding, claim)
        problems += verdict.problems
        for result, position in zip(verdict.results, claim.positions, strict=True):
            parts.append(_part(position.line, result))
    return parts, problems


def _part(line: int, result: Result) -> NumberPart:
    number = result.number
    verdict = "stands"
    if result.fault is not None:
        verdict = "error" if result.value is not None else "unjudged"
    return NumberPart(
        line,
        printed(number),
        shown(result.written.text, 200),
        "" if result.value is None else value_text(result.value),
        ", ".join(_runs(result)),
        verdict,
    )


def _runs(result: Result) -> Iterator[str]:
    entries = result.entries
    yield from (entry.job_id[:8] for entry in entries[:RUNS_SHOWN])
    if len(entries) > RUNS_SHOWN:
        yield f"and {counted(len(entries) - RUNS_SHOWN, 'more run')}"
