"""Every case passes through the command and through pytest, with the same verdicts."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from cases import accepted, by_command, by_pytest
from repositories import build_case
from tree import DATA

CASES = [
    case
    for name in ("cases.json", "more_cases.json")
    for case in json.loads((DATA / name).read_text(encoding="utf-8"))["cases"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_command_and_pytest_agree(
    case: dict[str, Any],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    repo = build_case(case, pytester.path)
    where = repo / case.get("cwd", ".")
    monkeypatch.chdir(where)
    told = by_command(case, repo, capsys)
    assert accepted(case, told), told
    monkeypatch.chdir(repo)
    assert Counter(by_pytest(case, pytester)) == Counter(told)
