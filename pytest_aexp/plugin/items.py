"""Findings as pytest files, their front matter and citations as items."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aexp.citation_warning import CitationWarning
from pytest_aexp.ground.text import Position, clean
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import Problem
from pytest_aexp.rendering import More, abridged
from pytest_aexp.work.check.checker import Checker, Verdict

if TYPE_CHECKING:
    # Its module imports this one.
    from pytest_aexp.plugin.collector import Collector

MOST_CITATION_ITEMS = 30
"""How many citations of a finding have an item of their own."""

Judge = Callable[[Checker, Finding, Any], Verdict]


@contextmanager
def gc_paused() -> Iterator[None]:
    """While much is read that is kept and hardly refers to itself: no search for cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class FindingItem(pytest.Item):
    """One thing that is checked: the front matter, a citation, a number in the text, a premise.

    Other plugins and conftests look at attributes that every item of pytest's own has, those of
    doctests too: they are here, and empty, since a finding uses no fixtures.
    """

    parent: FindingFile
    judge: Judge
    """The verdict on this item alone."""
    subject: Any
    """What of the finding it is about."""
    line = 1
    problems: tuple[Problem, ...] = ()
    unverified = 0
    obj = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.fixturenames: list[str] = []
        self.funcargs: dict[str, object] = {}

    def _initrequest(self) -> None:
        """Nothing: pytest-retry calls it before it runs an item again."""

    def runtest(self) -> None:
        """Warn, fail or skip, as the verdict says."""
        file = self.parent
        verdict = self.judge(file.collector.checker, file.finding, self.subject)
        self.unverified = verdict.unverified
        self.problems = (*verdict.problems, *file.collector.extra_problems(self))
        failures = self._report() if self.problems else []
        if failures:
            pytest.fail("\n".join(failures), pytrace=False)
        if verdict.unjudged is not None:
            pytest.skip(verdict.unjudged)

    def _report(self) -> list[str]:
        """Warn of the problems; the texts of those that let the item fail."""
        lines = [p.line for p in self.problems if p.path == self.parent.finding.path]
        if lines:
            self.line = lines[0]
            # pytest keeps what it made of the line when the item was collected.
            self.__dict__.pop("location", None)
        failures = []
        for problem in abridged(self.problems):
            if isinstance(problem, More):
                failures += [f"… and {problem}"] if problem.severity == "error" else []
                continue
            self.user_properties += _properties(problem)
            if problem.severity == "error":
                failures.append(self._failure(problem))
            else:
                failures += self._warn(problem)
        return failures

    def _failure(self, problem: Problem) -> str:
        if self.parent.collector.is_explained(problem):
            return _reason(problem)
        # The reason stands first, since pytest's short summary shows no more than one line.
        place = f"{self.parent.collector.shown_path(problem.path)}:{problem.line}:{problem.column}"
        return f"{_reason(problem)}\n  at {place}\n  next: {self.parent.collector.advice(problem)}"

    def _warn(self, problem: Problem) -> Iterator[str]:
        # pytest says where the item is: only what lies elsewhere has its place in the text.
        is_here = problem.path == self.parent.finding.path and problem.line == self.line
        text = f"{_reason(problem)}\n  next: {self.parent.collector.advice(problem)}"
        try:
            self.warn(CitationWarning(text if is_here else self._failure(problem)))
        except CitationWarning:
            # A filter turns the warning into an error: the item fails, without a traceback.
            yield self._failure(problem)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """One line for what could not be read; no user can do anything about a traceback."""
        if not_done := reason_not_done(excinfo.value):
            return not_done
        shown = super().repr_failure(excinfo, style)
        return _FailureRepr(shown) if isinstance(excinfo.value, pytest.fail.Exception) else shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the item is; the line counts from 0."""
        return self.parent.clean_path, self.line - 1, f"{self.parent.nodeid}: {self.name}"


class _FailureRepr:
    """A failure as pytest shows it, but with what to do next in bold."""

    def __init__(self, plain: Any) -> None:
        # The attributes by which other reporters, such as junit and xdist, know pytest's own.
        self.reprcrash, self.reprtraceback = plain.reprcrash, plain.reprtraceback
        self.sections = plain.sections
        self._text = str(plain)

    def __str__(self) -> str:
        return self._text

    def toterminal(self, writer: Any) -> None:
        """Write it; pytest calls this where it shows failures."""
        for line in self._text.splitlines():
            writer.line(line, bold=line.startswith("  next: "))


def _reason(problem: Problem) -> str:
    return f"{clean(problem.message)} [{problem.code}]"


def reason_not_done(error: BaseException) -> str:
    """The one line for what could not be read; empty for any other error."""
    return f"aexp: the check could not be done: {error}" if isinstance(error, OSError) else ""


def _properties(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "code", problem.code
    yield "severity", problem.severity
    if problem.fault.machine:
        yield "machine", clean(problem.fault.machine)
    for record_id in problem.fault.retractions:
        yield "retraction", record_id


def _front_matter(checker: Checker, finding: Finding, _: object) -> Verdict:
    return Verdict(checker.front_matter_problems(finding))


def _together(checker: Checker, finding: Finding, citations: Sequence[Citation]) -> Verdict:
    """The verdicts on citations that have no item of their own; not checked if none of them was."""
    verdicts = [checker.citation(finding, citation) for citation in citations]
    problems = tuple(problem for verdict in verdicts for problem in verdict.problems)
    unverified = sum(verdict.unverified for verdict in verdicts)
    reasons = {verdict.unjudged for verdict in verdicts}
    unjudged = None if problems or None in reasons else reasons.pop()
    return Verdict(problems, unjudged, unverified=unverified)


class FindingFile(pytest.File):
    """A finding."""

    collector: Collector
    finding_path: str
    shown_path: str
    """The same, seen from pytest's rootdir."""
    finding: Finding
    item_count = 1

    @cached_property
    def clean_path(self) -> Path:
        """The file's path as it can be printed."""
        return Path(clean(str(self.path)))

    def collect(self) -> list[FindingItem]:
        """An item for the front matter, each citation, each claim and each premise."""
        self.finding = self.collector.read(self.finding_path)
        items = list(self._items(self.finding))
        self.item_count = len(items)
        self.extra_keyword_matches.add(clean(self.finding.name))
        return items

    def _items(self, finding: Finding) -> Iterator[FindingItem]:
        at = finding.faults[0].position if finding.faults else Position()
        yield self._item("front-matter", at, _front_matter, None)
        for citation in finding.citations[:MOST_CITATION_ITEMS]:
            item = self._item(citation.label, citation.position, Checker.citation, citation)
            if isinstance(citation, JobCitation):
                item.extra_keyword_matches.add(citation.job_id)
                item.user_properties.append(("job_id", citation.job_id))
            elif isinstance(citation, BatchCitation):
                item.extra_keyword_matches.add(citation.experiment_id)
                item.user_properties.append(("experiment_id", citation.experiment_id))
            yield item
        # pytest takes a millisecond for each item, and a page for each that fails.
        if rest := finding.citations[MOST_CITATION_ITEMS:]:
            label = f"supporting_runs[{MOST_CITATION_ITEMS}:]"
            yield self._item(label, rest[0].position, _together, rest)
        for claim in finding.claims:
            yield self._item(f"number[{claim.index}]", claim.position, Checker.claim, claim)
        for premise in finding.premises:
            item = self._item(premise.label, premise.position, Checker.premise, premise)
            item.extra_keyword_matches.add(premise.name)
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The same as for an item."""
        return reason_not_done(excinfo.value) or super().repr_failure(excinfo)

    def _item(self, name: str, at: Position, judge: Judge, subject: object) -> FindingItem:
        """An item, placed in the file."""
        # Spelt out: pytest 9.2 takes the brackets of a name it joins itself for something else
        # than those of the same name read back, and --lf would not know the item again.
        nodeid = f"{self.nodeid}::{name}"
        item: FindingItem = FindingItem.from_parent(self, name=name, nodeid=nodeid)
        item.judge, item.subject = judge, subject
        item.line = at.line
        return item
