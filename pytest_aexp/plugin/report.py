"""The page of HTML that a pytest session writes: ``--aexp-report=FILE``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.text import clean
from pytest_aexp.plugin.discovery import was_typed
from pytest_aexp.report.page import page_template, write_report
from pytest_aexp.work.check.checker import Checker


class ReportWriter:
    """Writes the page when the session ends, whatever became of its tests."""

    def __init__(self, path: Path, checker: Checker) -> None:
        self._path = path
        self._checker = checker
        self._failure = ""

    @classmethod
    def of(cls, config: pytest.Config, checker: Checker) -> ReportWriter | None:
        """The writer that the option, or else the ini file, asks for; raises pytest.UsageError.

        An xdist worker has none: the page is the whole session's.
        """
        path = _path(config)
        if path is None or hasattr(config, "workerinput"):
            return None
        try:
            page_template()
        except AexpError as error:
            raise pytest.UsageError(f"aexp: {error}") from error
        return cls(path, checker)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write it; a session that cannot leave what was asked for does not pass."""
        try:
            write_report(self._checker, self._path)
        except (AexpError, OSError) as error:
            self._failure = str(error)
            session.exitstatus = session.exitstatus or pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where it is."""
        path = clean(str(self._path))
        if self._failure:
            line = f"aexp: no report at {path}: {clean(self._failure)}"
            terminalreporter.write_line(line, red=True)
        else:
            terminalreporter.write_line(f"aexp: the report is at {path}")


def _path(config: pytest.Config) -> Path | None:
    """As pytest's own reports: an option is relative to where pytest was started."""
    given = config.getoption("aexp_report")
    if given and was_typed(config, "--aexp-report"):
        return Path(os.path.abspath(config.invocation_params.dir / given))
    configured = str(given or config.getini("aexp_report") or "")
    if not configured:
        return None
    # What a file says, addopts among it, may be anybody's.
    parts = Path(configured).parts
    if os.path.isabs(configured) or ".." in parts or ".git" in parts:
        raise pytest.UsageError(
            f"aexp_report = {clean(configured)}: a configuration file may name a file below "
            "pytest's rootdir only; give --aexp-report on the command line"
        )
    return config.rootpath / configured
