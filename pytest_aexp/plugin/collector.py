"""What the plugin collects: every finding, also where pytest itself does not look."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import parse_strict_runs
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.citation import Citation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import Policy, Problem
from pytest_aexp.plugin.discovery import Discovery, below, was_typed
from pytest_aexp.plugin.items import FindingFile, FindingItem, gc_paused, reason_not_done
from pytest_aexp.rendering import MANY
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.scope.policy_change import under_policy_at
from pytest_aexp.work.scope.projects import judged_root, work_trees


class PassedOver(pytest.Collector):
    """The findings that pytest itself did not collect; asked last, when that is known."""

    collector: Collector

    def collect(self) -> Iterator[FindingFile]:
        """A file for each of them."""
        return self.collector.passed_over(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The same as for an item."""
        return reason_not_done(excinfo.value) or super().repr_failure(excinfo)


class Collector:
    """What the plugin does while it is active; one for each pytest session."""

    def __init__(self, config: pytest.Config, checker: Checker) -> None:
        self.checker = checker
        self._rootdir = str(config.rootpath)
        self.place = ""
        """The folder of its repository, seen from the session's first."""
        self._discovery = Discovery(config, checker)
        self._findings: dict[str, Finding] = {}
        self._laxer: tuple[Problem, ...] = ()
        self._reporter: FindingItem | None = None
        self._first: FindingItem | None = None
        self._first_due: FindingItem | None = None
        self._items: list[FindingItem] = []
        self._session_items: list[pytest.Item] = []
        self._shown: Counter[str] = Counter()

    @classmethod
    def all_of(
        cls,
        config: pytest.Config,
        roots: Sequence[Path],
        strictness: str | None,
        policy_from: str | None = None,
    ) -> list[Collector]:
        """A collector for each repository at and below ``roots``; raises pytest.UsageError."""
        try:
            judged = dict.fromkeys(judged_root(root).resolve() for root in roots)
            every = (pair for root in judged for pair in work_trees(root).values())
            repositories = {repository.root: (repository, view) for repository, view in every}
            collectors = [
                cls._of(config, *pair, strictness=strictness, policy_from=policy_from)
                for pair in repositories.values()
            ]
        except (AexpError, OSError) as error:
            raise pytest.UsageError(f"aexp: {clean(str(error))}") from error
        # The summary says where the first one is.
        first = collectors[0].checker.repository.root
        for other in collectors[1:]:
            other.place = os.path.relpath(other.checker.repository.root, first)
        return collectors

    @classmethod
    def _of(
        cls,
        config: pytest.Config,
        repository: Repository,
        view: WorkTree,
        *,
        strictness: str | None,
        policy_from: str | None,
    ) -> Collector:
        repository, laxer = under_policy_at(policy_from, repository, view)
        strict = parse_strict_runs(strictness) if strictness else None
        # What addopts or an ini file say is the repository's own word, which does not overrule.
        given = was_typed(config, "--aexp-strict-runs") or "--aexp-strict-runs" in os.environ.get(
            "PYTEST_ADDOPTS", ""
        )
        commanded = strict is not None and given
        policy = Policy.of(repository.configuration, strict, commanded=commanded)
        collector = cls(config, Checker(repository, view, policy))
        collector._laxer = laxer
        return collector

    def read(self, path: str) -> Finding:
        """The finding at ``path``, kept for what is reported once for all findings."""
        with gc_paused():
            finding = self._findings[path] = self.checker.finding(path)
        return finding

    def findings(self, *, given: bool) -> set[str]:
        """All findings, or those that pytest is given, as node ids begin; none where unreadable."""
        try:
            paths = self._discovery.given() if given else self.checker.finding_paths
            return set(map(self.shown_path, paths))
        except OSError:
            return set()

    @property
    def came_by_findings(self) -> bool:
        """Whether pytest collected a finding, whatever became of its items."""
        return bool(self._findings)

    def extra_problems(self, item: FindingItem) -> tuple[Problem, ...]:
        """The problems that belong to no item, if ``item`` was chosen to report them."""
        problems: tuple[Problem, ...] = ()
        if item is self._first_due:
            problems += self.checker.authority_problems([item.subject])
        if item is self._first:
            problems += self._laxer
            problems += self.checker.record_problems()
            problems += self.checker.history_problems(self._findings.values())
        if item is self._reporter:
            problems += self.checker.collection_problems()
            with gc_paused():
                problems += self.checker.surrounding_problems(self._citations())
        return problems

    def _citations(self) -> list[Citation]:
        return [citation for finding in self._findings.values() for citation in finding.citations]

    def is_explained(self, problem: Problem) -> bool:
        """Whether so many of the kind were shown in full that the reason alone will do."""
        self._shown[problem.code] += 1
        return self._shown[problem.code] > MANY

    def advice(self, problem: Problem) -> str:
        """What to do about a problem, and in which folder if there are several repositories."""
        return clean(f"in {self.place}: {problem.fix}" if self.place else problem.fix)

    def shown_path(self, path: str) -> str:
        """A path of the repository as pytest's node ids begin: seen from the rootdir."""
        return clean(self._seen_from_rootdir(os.path.join(self.checker.repository.root, path)))

    def _seen_from_rootdir(self, path: str) -> str:
        inside = below(self._rootdir, path)
        return inside or os.path.relpath(path, self._rootdir).replace(os.sep, "/")

    def file(self, parent: pytest.Collector, path: Path) -> FindingFile:
        """The pytest file for the finding at ``path``."""
        shown = self._seen_from_rootdir(str(path))
        # pytest itself would leave out the folders of what lies outside of the rootdir; and what
        # cannot be printed breaks output, or junitxml and xdist if it is not UTF-8.
        is_own = bool(below(self._rootdir, str(path))) and clean(shown) == shown
        nodeid = None if is_own else clean(shown)
        file: FindingFile = FindingFile.from_parent(
            parent, path=path, name=clean(path.name), nodeid=nodeid
        )
        file.collector = self
        file.add_marker("aexp")
        file.finding_path = self._discovery.relative(path) or path.name
        file.shown_path = clean(shown)
        return file

    def passed_over(self, parent: pytest.Collector) -> Iterator[FindingFile]:
        """The files for the findings that no walk came by."""
        for path in self._discovery.passed_over(parent.session, self._findings.keys()):
            yield self.file(parent, path)

    def finds_nothing(self) -> bool:
        """Whether there is neither a finding nor anything that a finding could cite."""
        return not (self._finding_paths() or self.checker.sources.has_authority)

    def _finding_paths(self) -> tuple[str, ...]:
        """The paths of all findings; none where a folder may not be listed, as pytest will say."""
        try:
            return self.checker.finding_paths
        except OSError:
            return ()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore the links among findings that are not followed."""
        try:
            return True if self._discovery.leads_astray(collection_path) else None
        except OSError:
            return None

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """A finding becomes a file of items."""
        return self.file(parent, file_path) if self._discovery.is_finding(file_path) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Behind all that pytest was asked for, add what it passes over there."""
        report = yield
        if report.passed and isinstance(collector, pytest.Session):
            name = self.shown_path("findings")
            rest: PassedOver = PassedOver.from_parent(collector, name=name, nodeid=name)
            rest.collector = self
            report.result.append(rest)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Choose the items that report what belongs to no item; xdist workers choose alike."""
        self._session_items = session.items
        every = (item for item in session.items if isinstance(item, FindingItem))
        self._items = ours = [item for item in every if item.parent.collector is self]
        with (
            gc_paused(),
            suppress(OSError),
        ):  # to load them only saves time; each item meets it again
            self.checker.load(self._citations())
        self._first_due = next((i for i in ours if isinstance(i.subject, Resolvable)), None)
        self._first = next(iter(ours), None)
        if ours and set(self._findings) >= set(self._finding_paths()):
            self._reporter = ours[0]

    def pytest_unconfigure(self) -> None:
        """Let go of what was read: else Python looks for cycles in it, three times."""
        for referring_to_itself in (self.checker.sources.ledger, self.checker):
            vars(referring_to_itself).clear()
        del self.checker, self._discovery, self._first, self._first_due, self._reporter
        self._findings.clear()
        for item in self._items:
            item.keywords = {}  # not deleted: a conftest may list an item twice
            vars(item.parent).pop("finding", None)
        self._session_items[:] = [i for i in self._session_items if not isinstance(i, FindingItem)]
        self._items.clear()
