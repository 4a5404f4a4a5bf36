"""What pytest shows besides the items themselves: a line of header, and one for each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest

from pytest_aexp.ground.text import clean, counted, listed, shown
from pytest_aexp.items import PROBLEMS, FindingItem
from pytest_aexp.model.entries import count_entries
from pytest_aexp.work.judgement import Judgement


class Summary:
    """Tells what is judged, and gathers what was found for the terminal's summary."""

    def __init__(self, judgement: Judgement) -> None:
        self._judgement = judgement
        self._told: dict[str, list[tuple[str, str]]] = {}

    def pytest_report_header(self) -> str:
        """Entries, machines and strictness."""
        ledger = self._judgement.sources.ledger
        try:
            machines = listed([shown(name, 40) for name in ledger.machines], 8)
        except OSError as error:
            return f"aexp: the ledger cannot be read: {clean(str(error))}"
        of = f" from {machines}" if machines else ""
        strict = self._judgement.policy.strict_runs
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
            if report.skipped and isinstance(report.longrepr, tuple):
                path, line, _ = item.reportinfo()
                report.longrepr = (str(path), line + 1, report.longrepr[2])
        return report

    def pytest_unconfigure(self) -> None:
        """Let go of what was read, as the collector does."""
        del self._judgement

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what was found for the summary."""
        for path, severity, code in getattr(report, "aexp", ()):
            self._told.setdefault(path, []).append((severity, code))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each finding, or other file, with problems."""
        if not self._told:
            return
        terminalreporter.section("citations")
        for path, told in sorted(self._told.items()):
            counts = Counter(severity for severity, _ in told)
            said = [counted(counts[name], name) for name in ("error", "warning") if counts[name]]
            codes = ", ".join(dict.fromkeys(code for _, code in told))
            markup = {"red": True} if counts["error"] else {"yellow": True}
            terminalreporter.write_line(f"{path}: {' and '.join(said)} ({codes})", **markup)
