"""The data of the page, before it becomes HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pytest_aexp.ground.text import counted
from pytest_aexp.model.problems import AT_RISK, RETRACTED_PREMISE, Problem
from pytest_aexp.report.ledger_facts import LedgerFacts, Origin
from pytest_aexp.report.run_facts import RunFacts

VERDICTS = {
    "error": ("failed", "failed"),
    "warning": ("ok, with warnings", "ok, with warnings"),
    "unjudged": ("not checked", "not checked"),
    "stands": ("ok", "ok"),
    "nothing": ("cites no run", "cite no run"),
}
"""What can be said of one finding, and of several; the gravest first."""


@dataclass(frozen=True, slots=True)
class NumberPart:
    """A number: as it is printed, the expression and the runs that it follows from, its value."""

    line: int
    printed: str
    expression: str
    value: str
    runs: str
    verdict: str


@dataclass(frozen=True, slots=True)
class CitationPart:
    """A citation on ``line``: the runs that have a row, and how many more there are."""

    line: int
    verdict: str
    problems: tuple[Problem, ...]
    summary: str
    runs: tuple[RunFacts, ...]
    more: int
    pin: str = ""
    """What it is pinned to, in words."""
    changes: tuple[str, ...] = ()
    """What has changed since it was pinned."""


def doubts_of(runs: Collection[RunFacts]) -> tuple[str, ...]:
    """``2 failed runs``, ``1 retracted run``, ``1 run on uncommitted code``."""
    statuses = Counter(run.status for run in runs)
    bad = {f"{word} run": statuses[word] for word in ("abandoned", "failed", "stopped")}
    bad["retracted run"] = sum(bool(run.retracted) for run in runs)
    dirty = sum(run.dirty for run in runs)
    says = [counted(count, noun) for noun, count in bad.items() if count]
    return (*says, f"{counted(dirty, 'run')} on uncommitted code") if dirty else tuple(says)


@dataclass(frozen=True, slots=True)
class FindingPart:
    """A finding; ``anchor`` is its id on the page."""

    anchor: str
    name: str
    title: str
    path: str
    verdict: str
    problems: tuple[Problem, ...]
    citations: tuple[CitationPart, ...]
    doubts: tuple[str, ...]
    """In words, how many of its runs ended badly, were retracted, ran on uncommitted code."""
    statuses: tuple[str, ...]
    machines: tuple[str, ...]
    withdrawn: str = ""
    """Why it is withdrawn; empty if it is not."""
    numbers: tuple[NumberPart, ...] = ()

    @property
    def at_risk(self) -> bool:
        """Whether it builds on something that is in doubt."""
        codes = {problem.code for problem in self.problems}
        return not codes.isdisjoint((AT_RISK.code, RETRACTED_PREMISE.code))

    @property
    def every_problem(self) -> Iterator[Problem]:
        """Its problems and those of its citations."""
        yield from self.problems
        for citation in self.citations:
            yield from citation.problems


@dataclass(frozen=True)
class Report:
    """All of the page."""

    origin: Origin | None
    strict_runs: str
    findings: tuple[FindingPart, ...]
    errors: int
    warnings: int
    around: tuple[Problem, ...]
    around_total: int
    ledger: LedgerFacts
    citations: int
    commit_url: str | None = None

    def commit_link(self, commit: str) -> str | None:
        """Where a commit can be looked at; None if the settings name no place."""
        is_id = re.fullmatch(r"[0-9a-fA-F]{7,64}", commit) is not None
        return self.commit_url.replace("{commit}", commit) if self.commit_url and is_id else None

    @property
    def verdicts(self) -> tuple[tuple[str, str, int], ...]:
        """Each verdict with its words and how many findings have it."""
        counts = Counter(finding.verdict for finding in self.findings)
        return tuple((key, words[counts[key] != 1], counts[key]) for key, words in VERDICTS.items())

    @property
    def doubtful(self) -> tuple[FindingPart, ...]:
        """The findings that rest on runs which did not end well, or on uncommitted code."""
        return tuple(finding for finding in self.findings if finding.doubts)

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """Every status that a cited run has."""
        return tuple(sorted({s for finding in self.findings for s in finding.statuses}))

    @cached_property
    def machines(self) -> tuple[str, ...]:
        """Every machine that has a cited run."""
        return tuple(sorted({m for finding in self.findings for m in finding.machines}))


def verdict_of(problems: Iterable[Problem], others: Iterable[str]) -> str:
    """The gravest among the severities of ``problems`` and the verdicts ``others``."""
    severities = {*(problem.severity for problem in problems), *others}
    return next((verdict for verdict in VERDICTS if verdict in severities), "nothing")
