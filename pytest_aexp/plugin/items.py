"""Findings as pytest files, their front matter and citations as items."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_aexp.citation_warning import CitationWarning
from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.repository import Repository, parse_strict_runs
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import Policy, Problem
from pytest_aexp.plugin.discovery import Walk
from pytest_aexp.rendering import one_line
from pytest_aexp.work.check.checker import Checker, Verdict


class FindingItem(pytest.Item):
    """One thing that is judged: the front matter, or a citation.

    ``asides`` are problems no item answers for, which this one was chosen to tell.
    """

    collector: Collector
    finding: Finding

    def verdict(self) -> Verdict:
        """What is to be said of it."""
        raise NotImplementedError

    def runtest(self) -> None:
        """Warn, fail or skip, as the verdict says."""
        verdict = self.verdict()
        told = (*verdict.problems, *self.collector.asides(self))
        self.stash[PROBLEMS] = told
        self.user_properties += [(name, text) for problem in told for name, text in _facts(problem)]
        failed = [one_line(p) for p in told if p.severity == "error"]
        failed += [line for p in told if p.severity == "warning" for line in self._warned(p)]
        if failed:
            pytest.fail("\n".join(failed), pytrace=False)
        if verdict.unjudged is not None:
            pytest.skip(verdict.unjudged)

    def _warned(self, problem: Problem) -> Iterator[str]:
        try:
            self.warn(CitationWarning(one_line(problem)))
        except CitationWarning as warning:
            # A filter turns the warning into an error: the item fails, without a traceback.
            yield str(warning)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """One line for what could not be read; no user can do anything about a traceback."""
        return _not_done(excinfo.value) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the item stands; the line counts from 0."""
        return self.path, self.line - 1, f"{self.finding.path}: {self.name}"

    line = 1


def _not_done(error: BaseException) -> str:
    return f"aexp: the check could not be done: {error}" if isinstance(error, OSError) else ""


PROBLEMS = pytest.StashKey[tuple[Problem, ...]]()


def _facts(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "code", problem.code
    yield "severity", problem.severity
    if problem.machine:
        yield "machine", clean(problem.machine)


class FrontMatterItem(FindingItem):
    """The front matter of a finding."""

    def verdict(self) -> Verdict:
        """Its problems, those of the citations aside."""
        return Verdict(self.collector.checker.front_matter(self.finding))


class CitationItem(FindingItem):
    """One citation of a finding."""

    citation: Citation

    def verdict(self) -> Verdict:
        """Whether what it cites is there."""
        return self.collector.checker.citation(self.citation)

    def describe(self) -> None:
        """Make the item selectable by what it cites, and say that in reports."""
        citation = self.citation
        self.line = citation.position.line
        if isinstance(citation, JobCitation):
            self.extra_keyword_matches.add(citation.job_id)
            self.user_properties.append(("job_id", citation.job_id))
        elif isinstance(citation, BatchCitation):
            self.extra_keyword_matches.add(citation.experiment_id)
            self.user_properties.append(("experiment_id", citation.experiment_id))


class FindingFile(pytest.File):
    """A finding."""

    collector: Collector
    finding_path: str

    def collect(self) -> Iterator[pytest.Item]:
        """An item for the front matter, and one for each citation."""
        finding = self.collector.read(self.finding_path)
        yield self._item(FrontMatterItem, "front-matter", finding)
        for citation in finding.citations:
            item = self._item(CitationItem, f"supporting_runs[{citation.index}]", finding)
            assert isinstance(item, CitationItem)
            item.citation = citation
            item.describe()
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The same as for an item."""
        return _not_done(excinfo.value) or super().repr_failure(excinfo)

    def _item(self, kind: type[FindingItem], name: str, finding: Finding) -> FindingItem:
        # Spelt out: pytest 9.2 takes the brackets of a name it joins itself for something else
        # than those of the same name read back, and --lf would not know the item again.
        nodeid = f"{self.nodeid}::{name}"
        item: FindingItem = kind.from_parent(self, name=name, nodeid=nodeid)
        item.collector = self.collector
        item.finding = finding
        item.extra_keyword_matches.add(finding.name)
        return item


class PassedOver(pytest.Collector):
    """The findings that pytest's own walk did not come by; asked last, when that is known."""

    collector: Collector

    def collect(self) -> Iterator[FindingFile]:
        """A file for each of them."""
        return self.collector.passed_over(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The same as for an item."""
        return _not_done(excinfo.value) or super().repr_failure(excinfo)


class Collector:
    """What the plugin does while it is active; one for each pytest session."""

    def __init__(self, config: pytest.Config, checker: Checker) -> None:
        self.checker = checker
        self._walk = Walk(config, checker)
        self._findings: dict[str, Finding] = {}
        self._speaker: FindingItem | None = None
        self._first: FindingItem | None = None
        self._first_due: FindingItem | None = None

    @classmethod
    def of(cls, config: pytest.Config, root: Path, strictness: str | None) -> Collector:
        """The collector for the repository at ``root``; raises pytest.UsageError."""
        try:
            repository = Repository.open(root)
            configured = repository.configuration
            strict = parse_strict_runs(strictness) if strictness else configured.strict_runs
            policy = Policy(strict, configured.severity)
            return cls(config, Checker(repository, WorkTree(repository.root), policy))
        except (AexpError, OSError) as error:
            raise pytest.UsageError(f"aexp: {clean(str(error))}") from error

    def read(self, path: str) -> Finding:
        """The finding at ``path``, remembered for what is told once for all findings."""
        finding = self._findings[path] = self.checker.finding(path)
        return finding

    def asides(self, item: FindingItem) -> tuple[Problem, ...]:
        """The problems no item answers for, if ``item`` was chosen to tell them."""
        told: tuple[Problem, ...] = ()
        if item is self._first_due and isinstance(item, CitationItem):
            told += self.checker.authority([item.citation])
        if item is self._first:
            told += self.checker.records()
        if item is self._speaker:
            citations = [c for finding in self._findings.values() for c in finding.citations]
            told += self.checker.surroundings(citations)
        return told

    def file(self, parent: pytest.Collector, path: Path) -> FindingFile:
        """The pytest file for the finding at ``path``."""
        file: FindingFile = FindingFile.from_parent(parent, path=path)
        file.collector = self
        file.add_marker("aexp")
        file.finding_path = self._walk.relative(path) or path.name
        return file

    def passed_over(self, parent: pytest.Collector) -> Iterator[FindingFile]:
        """The files for the findings that no walk came by."""
        for path in self._walk.passed_over(parent.session, self._findings.keys()):
            yield self.file(parent, path)

    def finds_nothing(self) -> bool:
        """Whether there is neither a finding nor anything that a finding could cite."""
        return not (self._finding_paths() or self.checker.sources.authority)

    def _finding_paths(self) -> tuple[str, ...]:
        """The paths of all findings; none where a folder may not be listed, as pytest will say."""
        try:
            return self.checker.finding_paths
        except OSError:
            return ()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore the links among findings that are not followed."""
        try:
            return True if self._walk.leads_astray(collection_path) else None
        except OSError:
            return None

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """A finding becomes a file of items."""
        return self.file(parent, file_path) if self._walk.is_finding(file_path) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Behind all that pytest was asked for, add what it passes over there."""
        report = yield
        if report.passed and isinstance(collector, pytest.Session):
            rest: PassedOver = PassedOver.from_parent(collector, name="findings", nodeid="findings")
            rest.collector = self
            report.result.append(rest)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Choose the items that tell what is told once; every xdist worker chooses the same."""
        ours = [item for item in session.items if isinstance(item, FindingItem)]
        with suppress(OSError):  # to expect them only saves time; each item meets it again
            self.checker.expect([i.citation for i in ours if isinstance(i, CitationItem)])
        self._first_due = next(filter(_is_due, ours), None)
        self._first = next(iter(ours), None)
        if ours and set(self._findings) >= set(self._finding_paths()):
            self._speaker = ours[0]

    def pytest_unconfigure(self) -> None:
        """Let go of what was read: else Python looks at every piece of it again before it ends."""
        del self.checker
        self._findings.clear()


def _is_due(item: pytest.Item) -> bool:
    return isinstance(item, CitationItem) and isinstance(item.citation, JobCitation | BatchCitation)
