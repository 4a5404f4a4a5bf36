"""Findings as pytest files, their front matter and citations as items."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_aexp.citation_warning import CitationWarning
from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.repository import Repository, parse_strict_runs
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree, fits, fixed_part, is_folder
from pytest_aexp.model.citations import BatchCitation, Citation, JobCitation
from pytest_aexp.model.findings import Finding
from pytest_aexp.model.problems import Policy, Problem
from pytest_aexp.rendering import one_line
from pytest_aexp.work.judgement import Judgement, Verdict

MANY = 50
"""So many findings will ask for so much of the ledger that it is read while more are collected."""


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
        return Verdict(self.collector.judgement.front_matter(self.finding))


class CitationItem(FindingItem):
    """One citation of a finding."""

    citation: Citation

    def verdict(self) -> Verdict:
        """Whether what it cites is there."""
        return self.collector.judgement.citation(self.citation)

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


class Collector:
    """What the plugin does while it is active; one for each pytest session."""

    def __init__(self, config: pytest.Config, root: Path, judgement: Judgement) -> None:
        self.judgement = judgement
        self._config = config
        self._root = str(root)
        self._globs = [glob.split("/") for glob in judgement.repository.configuration.findings]
        self._findings: dict[str, Finding] = {}
        self._speaker: FindingItem | None = None
        self._first_due: FindingItem | None = None
        self._meanwhile: ExitStack | None = None

    @classmethod
    def of(cls, config: pytest.Config, root: Path, strictness: str | None) -> Collector:
        """The collector for the repository at ``root``; raises pytest.UsageError."""
        try:
            repository = Repository.open(root)
            configured = repository.configuration
            strict = parse_strict_runs(strictness) if strictness else configured.strict_runs
            policy = Policy(strict, configured.severity)
        except (AexpError, OSError) as error:
            raise pytest.UsageError(f"aexp: {clean(str(error))}") from error
        collector = cls(config, root, Judgement(repository, WorkTree(repository.root), policy))
        collector.add_findings_folders()
        return collector

    def add_findings_folders(self) -> None:
        """With ``testpaths``, collect the findings as well; a user's own choice is left alone."""
        if self._config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
            return
        for folder in sorted({f"{self._root}/{fixed_part(glob)}" for glob in self._globs}):
            inside = any(
                (folder + os.sep).startswith(os.path.abspath(arg).rstrip(os.sep) + os.sep)
                for arg in self._config.args
            )
            if os.path.isdir(folder) and not inside:
                self._config.args.append(folder)

    def read(self, path: str) -> Finding:
        """The finding at ``path``, remembered for what is told once for all findings."""
        finding = self._findings[path] = self.judgement.finding(path)
        if len(self._findings) == MANY and self._meanwhile is not None:
            self._meanwhile.enter_context(self.judgement.sources.ledger.judged_meanwhile())
        return finding

    def asides(self, item: FindingItem) -> tuple[Problem, ...]:
        """The problems no item answers for, if ``item`` was chosen to tell them."""
        told: tuple[Problem, ...] = ()
        if item is self._first_due and isinstance(item, CitationItem):
            told += self.judgement.authority([item.citation])
        if item is self._speaker:
            citations = [c for finding in self._findings.values() for c in finding.citations]
            told += self.judgement.surroundings(citations)
        return told

    def file(self, parent: pytest.Collector, path: Path) -> FindingFile:
        """The pytest file for the finding at ``path``."""
        file: FindingFile = FindingFile.from_parent(parent, path=path)
        file.collector = self
        file.add_marker("aexp")
        file.finding_path = self._relative(path) or path.name
        return file

    def _passed_over(self, folder: Path) -> list[Path]:
        """The findings in ``folder`` that are neither files nor folders, nor lead to one."""
        try:
            with os.scandir(folder) as entries:
                odd = sorted(e.name for e in entries if not os.path.isfile(e) and not is_folder(e))
        except OSError:
            return []
        return [folder / name for name in odd if self._is_finding(folder / name)]

    def _finding_paths(self) -> tuple[str, ...]:
        """The paths of all findings; none where a folder may not be listed, as pytest will say."""
        try:
            return self.judgement.finding_paths
        except OSError:
            return ()

    def _relative(self, path: Path) -> str | None:
        text = str(path)
        if not text.startswith(self._root + os.sep):
            return None
        return text[len(self._root) + 1 :].replace(os.sep, "/")

    def _is_finding(self, path: Path) -> bool:
        relative = self._relative(path)
        if relative is None:
            return False
        parts = relative.split("/")
        return any(fits(parts, glob) for glob in self._globs)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Let what is begun while findings are collected end with it."""
        with ExitStack() as self._meanwhile:
            return (yield)

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore the links among findings that are not followed: out of the repository, or back."""
        below = self._relative(collection_path)
        if below is None or not (os.path.islink(collection_path) and collection_path.is_dir()):
            return None
        folders = [fixed_part(glob) for glob in self._globs]
        if not any(below.startswith(f"{folder}/") for folder in folders if folder):
            return None
        followed = any(p.startswith(f"{below}/") for p in self._finding_paths())
        return None if followed else True

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """A finding becomes a file of items."""
        return self.file(parent, file_path) if self._is_finding(file_path) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the findings that pytest passes over: dangling links, named pipes."""
        report = yield
        if report.passed and isinstance(collector, pytest.Directory):
            report.result.extend(
                self.file(collector, path) for path in self._passed_over(collector.path)
            )
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Choose the items that tell what is told once; every xdist worker chooses the same."""
        ours = [item for item in session.items if isinstance(item, FindingItem)]
        with suppress(OSError):  # to expect them only saves time; each item meets it again
            self.judgement.expect([i.citation for i in ours if isinstance(i, CitationItem)])
        self._first_due = next(filter(_is_due, ours), None)
        if ours and set(self._findings) >= set(self._finding_paths()):
            self._speaker = ours[0]

    def pytest_unconfigure(self) -> None:
        """Let go of what was read: else Python looks at every piece of it again before it ends."""
        del self.judgement
        self._findings.clear()


def _is_due(item: pytest.Item) -> bool:
    return isinstance(item, CitationItem) and isinstance(item.citation, JobCitation | BatchCitation)
