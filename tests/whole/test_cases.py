"""Every case passes through the command and through pytest, with the same problems."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cases import CASES, accepted, by_command, by_pytest
from lanes import slow_unless
from repositories import build_case

ONE_OF_EACH_OUTCOME = {
    (case["strict_runs"], str(case["accept"])): case for case in reversed(CASES)
}.values()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_command_reports_what_the_case_accepts(
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo = build_case(case, tmp_path)
    monkeypatch.chdir(repo / case.get("cwd", "."))
    reported = by_command(case, repo, capsys)
    assert accepted(case, reported), reported


@pytest.mark.parametrize(
    "case", slow_unless(CASES, ONE_OF_EACH_OUTCOME), ids=lambda case: case["name"]
)
def test_pytest_reports_what_the_command_does(
    case: dict[str, Any],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    repo = build_case(case, pytester.path)
    monkeypatch.chdir(repo / case.get("cwd", "."))
    reported = by_command(case, repo, capsys)
    monkeypatch.chdir(repo)
    assert Counter(by_pytest(case, pytester)) == Counter(reported)
