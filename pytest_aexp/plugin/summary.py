"""What pytest shows besides the items: a line of header, and a summary of the findings."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Sequence
from functools import cache
from operator import itemgetter
from shlex import quote

import pytest

from pytest_aexp.ground.settings.globs import fixed_part
from pytest_aexp.ground.text import clean, counted, listed, shown
from pytest_aexp.model.entry import count_entries
from pytest_aexp.model.problems import Problem
from pytest_aexp.plugin.collector import Collector
from pytest_aexp.plugin.discovery import was_typed
from pytest_aexp.plugin.items import FindingItem, gc_paused
from pytest_aexp.rendering import unverified_citations
from pytest_aexp.work.check.checker import Checker

OK, FAILED, NOT_CHECKED, IN_PART = "ok", "failed", "not checked", "checked in part"
_SELECTING = ("-k", "-m", "--deselect", "--lf", "--last-failed", "--sw", "--stepwise", "--ignore")
"""How the options begin by which a user chooses some of the tests."""
_SELECTIONS = ("keyword", "markexpr", "deselect", "lf", "stepwise", "ignore", "ignore_glob")
"""What pytest calls the values of those options."""


class Summary:
    """Says what is checked, and gathers the problems for the terminal's summary.

    ``required`` says whether the check was asked for by name: checking nothing is an error then.
    """

    def __init__(
        self, config: pytest.Config, collectors: Sequence[Collector], *, required: bool
    ) -> None:
        self._config = config
        self._collectors = collectors
        self._checkers = [collector.checker for collector in collectors]
        self._checker = self._checkers[0]
        self._required = required
        self._is_chosen = was_typed(config, *_SELECTING)
        # What `addopts` chooses, the repository chooses: that is no reason to check nothing.
        self._is_everything = not (self._is_chosen or _names_paths(config))
        not_typed = config.args_source is pytest.Config.ArgsSource.ARGS and not _names_paths(config)
        is_narrowed = not_typed or any(config.getoption(name, None) for name in _SELECTIONS)
        self._addopts_choose = not self._is_chosen and is_narrowed
        # A change that is judged by another commit's policy must not choose what is judged.
        self._must_check_each = required and (
            bool(config.getoption("aexp_policy_from")) or self._addopts_choose
        )
        self._problems: dict[str, Counter[tuple[str, str]]] = {}
        self._states: dict[str, str] = {}
        self._excused: set[str] = set()
        self._items_left: dict[str, int] = {}
        self._node_ids: set[str] = set()
        self._unverified = 0

    def pytest_report_header(self) -> list[str]:
        """Entries, machines and strictness, of each repository."""
        return [self._header(checker) for checker in self._checkers]

    def _header(self, checker: Checker) -> str:
        ledger = checker.sources.ledger
        try:
            with gc_paused():
                machines = listed([shown(name, 40) for name in ledger.machines], 8)
        except OSError as error:
            return f"aexp: the ledger cannot be read: {clean(str(error))}"
        place = "" if len(self._checkers) == 1 else f"{clean(checker.repository.root.name)}: "
        of = f" from {machines}" if machines else ""
        strict = checker.policy.strict_runs
        return f"aexp: {place}{count_entries(len(ledger.job_ids))}{of}; strict-runs: {strict}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report carry the problems, also from an xdist worker to the terminal."""
        report = yield
        if call.when == "call" and isinstance(item, FindingItem):
            file, kinds = item.parent, Counter[tuple[str, str, str]]()
            if item.problems:
                shown_path = cache(file.collector.shown_path)
                kinds.update((shown_path(p.path), p.severity, p.code) for p in item.problems)
            problems = [[*kind, count] for kind, count in kinds.items()]
            # Lists of text and numbers, since a worker of xdist can send nothing else.
            report.aexp = [file.shown_path, file.item_count, item.unverified, problems]  # type: ignore[attr-defined]
            if report.skipped and isinstance(report.longrepr, tuple):
                # pytest says where pytest.skip was called, which is in this package.
                path, line, _ = item.reportinfo()
                report.longrepr = (str(path), line + 1, report.longrepr[2])
        return report

    def pytest_unconfigure(self) -> None:
        """Let go of what was read, as the collector does."""
        del self._checker, self._checkers, self._collectors

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the problems for the summary."""
        if not hasattr(report, "aexp"):
            return
        finding, item_count, unverified, problems = report.aexp
        for path, severity, code, count in problems:
            self._problems.setdefault(path, Counter())[severity, code] += count
        self._unverified += unverified
        if report.skipped and hasattr(report, "wasxfail"):  # a conftest marked it so
            self._excused.add(finding)
        elif report.nodeid not in self._node_ids:  # plugins run an item again
            self._node_ids.add(report.nodeid)
            self._items_left[finding] = self._items_left.get(finding, item_count) - 1
        state = self._states.setdefault(finding, OK)
        # A problem of another file, such as an entry that nobody cites, is not the finding's.
        is_own = not problems or any(path == finding for path, *_ in problems)
        if report.failed and is_own:
            self._states[finding] = FAILED
        elif report.skipped and state is OK:
            self._states[finding] = NOT_CHECKED

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """A session that was asked for the check by name, and checked no finding, does not pass."""
        result = yield
        if self._missed(session.exitstatus):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """A line for each file with problems, and one that counts the findings."""
        if self._problems:
            self._list_problems(terminalreporter)
        if self._missed(exitstatus):
            terminalreporter.write_line(f"aexp: error: {self._why_none()}", red=True)
        elif self._is_worth_a_line(terminalreporter):
            # Where the commands are to be typed, if there are any and it is not here.
            here = self._config.invocation_params.dir
            root = os.path.relpath(self._checker.repository.root, here)
            is_here = not self._problems or root == "."
            where = "" if is_here else f"; the commands are for the root: cd {clean(root)}"
            terminalreporter.write_line(f"aexp: {self._counts()}{where}")

    def _missed(self, exitstatus: int) -> bool:
        """Whether no finding was checked, or not each, where it should have been."""
        if (
            hasattr(self._config, "workerinput")
            or _asks_for_a_list(self._config)
            or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        ):
            return False
        if self._states.keys() - self._excused:
            return self._must_check_each and bool(self._lost())
        if self._is_everything:
            return self._required or any(p.severity == "error" for p in self._unread())
        came_by = any(collector.came_by_findings for collector in self._collectors)
        return self._required and (bool(self._lost()) or (came_by and not self._is_chosen))

    def _lost(self) -> list[str]:
        """The findings that were to be checked, and were not, or not all that they cite."""
        if self._is_chosen:
            return []
        given = not self._is_everything
        every = (path for c in self._collectors for path in c.findings(given=given))
        return sorted(path for path in every if self._items_left.get(path, 1))

    def _unread(self) -> tuple[Problem, ...]:
        """What keeps findings from being read, if there is none that could be."""
        if self._total():
            return ()
        return tuple(
            problem for checker in self._checkers for problem in checker.collection_problems()
        )

    def _is_worth_a_line(self, terminalreporter: pytest.TerminalReporter) -> bool:
        if self._config.getoption("collectonly"):
            return False
        if self._problems or self._lost():
            return True
        is_narrow = self._config.args_source is pytest.Config.ArgsSource.ARGS
        return terminalreporter.verbosity >= 0 and bool(self._states or not is_narrow)

    def _list_problems(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("citations")
        for path, problems in sorted(self._problems.items(), key=itemgetter(0)):
            counts = Counter[str]()
            for (severity, _), count in problems.items():
                counts[severity] += count
            words = [counted(counts[name], name) for name in ("error", "warning") if counts[name]]
            codes = ", ".join(dict.fromkeys(code for _, code in problems))
            markup = {"red": True} if counts["error"] else {"yellow": True}
            terminalreporter.write_line(f"{path}: {' and '.join(words)} ({codes})", **markup)

    def _counts(self) -> str:
        """``12 findings ok, 2 failed``, and of how many where not all were checked."""
        counts = Counter(
            IN_PART if state == OK and self._items_left[path] else state
            for path, state in self._states.items()
        )
        words = [f"{counted(counts[OK], 'finding')} ok"]
        others = (FAILED, NOT_CHECKED, IN_PART)
        words += [f"{counts[state]:,} {state}" for state in others if counts[state]]
        total = self._total()
        if total > len(self._states):
            words.append(f"{len(self._states):,} of {total:,} findings selected")
        if self._unverified:
            words.append(unverified_citations(self._unverified))
        return ", ".join(words)

    def _total(self) -> int:
        try:
            return sum(len(checker.finding_paths) for checker in self._checkers)
        except OSError:
            return 0

    def _why_none(self) -> str:
        for problem in self._unread():
            return f"{clean(problem.message)} [{problem.code}]\n  next: {clean(problem.fix)}"
        checked = sum(not left for left in self._items_left.values())
        total = checked + len(self._lost()) or self._total()
        number = f"only {checked:,}" if checked else "none"
        verb = "were" if checked > 1 else "was"
        folder = fixed_part(self._checker.repository.configuration.findings[0])
        place = quote(clean(os.path.relpath(self._checker.repository.root / folder, os.getcwd())))
        why = "pytest did not collect them, or another plugin deselected or excused them"
        command = f"pytest {place}"
        if self._addopts_choose:
            variable = "PYTEST_ADDOPTS" if os.environ.get("PYTEST_ADDOPTS") else ""
            why = f"`addopts`{variable and f' or {variable}'} leaves them out"
            command = f"{variable and f'{variable}= '}pytest -o addopts= {place}"
        return f"{number} of {counted(total, 'finding')} {verb} checked: {why}\n  next: {command}"


def _names_paths(config: pytest.Config) -> bool:
    """Whether the user typed what to collect, or a file of arguments."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    return any(
        str(word) in config.args or str(word).startswith("@")
        for word in config.invocation_params.args
    )


def _asks_for_a_list(config: pytest.Config) -> bool:
    """Whether the user typed that nothing is to be run."""
    is_typed = {"--co", "--collect-only"} & set(map(str, config.invocation_params.args))
    return bool(config.getoption("collectonly") and is_typed)
