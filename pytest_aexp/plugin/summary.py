"""What pytest shows besides the items themselves: a line of header, and one for each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable

import pytest

from pytest_aexp.ground.text import clean, counted, listed, shown
from pytest_aexp.model.entry import count_entries
from pytest_aexp.plugin.items import PROBLEMS, FindingItem
from pytest_aexp.work.check.checker import Checker

STANDS, FALLS, UNJUDGED = "stands", "falls", "unjudged"


class Summary:
    """Tells what is judged, and gathers what was found for the terminal's summary."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._told: dict[str, list[tuple[str, str]]] = {}
        self._verdicts: dict[str, str] = {}

    def pytest_report_header(self) -> str:
        """Entries, machines and strictness."""
        ledger = self._checker.sources.ledger
        try:
            machines = listed([shown(name, 40) for name in ledger.machines], 8)
        except OSError as error:
            return f"aexp: the ledger cannot be read: {clean(str(error))}"
        of = f" from {machines}" if machines else ""
        strict = self._checker.policy.strict_runs
        return f"aexp: {count_entries(len(ledger.job_ids))}{of}; strict-runs: {strict}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report carry what was found, also from an xdist worker to the terminal."""
        report = yield
        if isinstance(item, FindingItem) and call.when == "call":
            problems = item.stash.get(PROBLEMS, ())
            told = [[clean(p.path), p.severity, p.code] for p in problems]
            report.aexp = told  # type: ignore[attr-defined]
            report.aexp_finding = clean(item.finding.path)  # type: ignore[attr-defined]
            if report.skipped and isinstance(report.longrepr, tuple):
                path, line, _ = item.reportinfo()
                report.longrepr = (str(path), line + 1, report.longrepr[2])
        return report

    def pytest_unconfigure(self) -> None:
        """Let go of what was read, as the collector does."""
        del self._checker

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what was found for the summary."""
        told = getattr(report, "aexp", ())
        for path, severity, code in told:
            self._told.setdefault(path, []).append((severity, code))
        finding = getattr(report, "aexp_finding", None)
        if finding is None:
            return
        known = self._verdicts.setdefault(finding, STANDS)
        # What an item tells of another file, an entry say, does not tell against its finding.
        is_own = not told or any(path == finding for path, _, _ in told)
        if report.failed and is_own:
            self._verdicts[finding] = FALLS
        elif report.skipped and known is STANDS:
            self._verdicts[finding] = UNJUDGED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each finding, or other file, with problems, and one that counts."""
        if self._told:
            self._list_problems(terminalreporter)
        if self._verdicts and (self._told or terminalreporter.verbosity >= 0):
            terminalreporter.write_line(f"aexp: {_counts(self._verdicts.values())}")

    def _list_problems(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("citations")
        for path, told in sorted(self._told.items()):
            counts = Counter(severity for severity, _ in told)
            said = [counted(counts[name], name) for name in ("error", "warning") if counts[name]]
            codes = ", ".join(dict.fromkeys(code for _, code in told))
            markup = {"red": True} if counts["error"] else {"yellow": True}
            terminalreporter.write_line(f"{path}: {' and '.join(said)} ({codes})", **markup)


def _counts(verdicts: Iterable[str]) -> str:
    """``12 findings stand, 2 do not``."""
    counts = Counter(verdicts)
    said = [f"{counted(counts[STANDS], 'finding')} {'stands' if counts[STANDS] == 1 else 'stand'}"]
    if counts[FALLS]:
        said.append(f"{counts[FALLS]:,} {'does' if counts[FALLS] == 1 else 'do'} not")
    if counts[UNJUDGED]:
        said.append(f"{counts[UNJUDGED]:,} {'is' if counts[UNJUDGED] == 1 else 'are'} not judged")
    return ", ".join(said)
