"""Every case passes through the command and through pytest, with the same problems."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cases import CASES, NONE_COLLECTED, accepted, by_command, by_hook, by_pytest
from lanes import slow_unless
from repositories import build_case, git

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
    # Where a single outcome is acceptable, the test above shows that the command reports it.
    outcome, *others = case["accept"]
    if others or "*" in {code for _, code in outcome}:
        outcome = by_command(case, repo, capsys)
    reported = [(severity, code) for severity, code in outcome]
    monkeypatch.chdir(repo)
    by_items = by_pytest(case, pytester)
    # Without a finding there is no item that could report anything.
    none = ("finding.not_collected", NONE_COLLECTED)
    if by_items or {code for _, code in reported} - set(none):
        assert Counter(by_items) == Counter(p for p in reported if p[1] != NONE_COLLECTED)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.get("every_face")], ids=lambda case: case["name"]
)
def test_the_index_and_the_hook_report_the_same(
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo = build_case(case, tmp_path)
    git(repo, "add", "--all")
    monkeypatch.chdir(repo)
    assert accepted(case, by_command(case, repo, capsys, "--at", "index"))
    assert accepted(case, by_hook(case, capsys))
