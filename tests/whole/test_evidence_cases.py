"""What a citation promises over time: every case, by the command, at the index and by pytest."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cases import accepted, by_command, by_hook, by_pytest
from evidence import CASES, VALIDATED, Built, has_finding
from lanes import slow_unless

from pytest_aexp.cli import main

# Each of the three ways to judge costs; one case of each outcome and area is tried in every way.
ONE_OF_EACH = {(case["area"], str(case["accept"])): case for case in reversed(VALIDATED)}.values()


def parametrize(cases: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


@parametrize(VALIDATED)
def test_a_case_on_the_command_line(
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    built = Built(case, tmp_path)
    monkeypatch.chdir(built.root)
    reported = by_command(case, built.root, capsys)
    assert accepted(case, reported), reported
    for job_id, expected in case.get("expect_entries", {}).items():
        path = built.root / f".aexp/ledger/{job_id}.json"
        entry = json.loads(path.read_text()) if path.exists() else {}
        for pointer, value in expected.items():
            assert entry.get(pointer[1:], {"absent": True}) == value


@parametrize(slow_unless(VALIDATED, ONE_OF_EACH))
def test_a_case_in_the_index(
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    built = Built(case, tmp_path)
    if case["signac_jobs"] is not None:
        # What is only in the run store is promoted, or else it is not in the index.
        shutil.rmtree(built.root / ".runs", ignore_errors=True)
        case = {**case, "accept": [*case["accept"], *without_local(case["accept"])]}
    built.stage()
    monkeypatch.chdir(built.root)
    reported = by_command(case, built.root, capsys, "--at", "index")
    assert accepted(case, reported), reported


def without_local(outcomes: list[list[list[str]]]) -> list[list[list[str]]]:
    """The outcomes where the run store is not there."""
    local, missing = "finding.unpromoted_run_citation", ["error", "finding.broken_run_citation"]
    return [
        [missing if code == local else [severity, code] for severity, code in outcome]
        for outcome in outcomes
    ]


WITH_ITEMS = [case for case in VALIDATED if has_finding(case)]


@parametrize(slow_unless(WITH_ITEMS, ONE_OF_EACH))
def test_a_case_in_pytest(
    case: dict[str, Any],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    built = Built(case, pytester.path)
    monkeypatch.chdir(built.root)
    reported = by_command(case, built.root, capsys)
    assert Counter(by_pytest(case, pytester)) == Counter(reported)


@parametrize([case for case in CASES if "hook" in case])
def test_a_case_in_the_hook(
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    built = Built(case, tmp_path)
    built.stage()
    monkeypatch.chdir(built.root)
    reported = by_hook(case, capsys)
    assert accepted(case, reported), reported


@parametrize([case for case in CASES if "exit" in case])
def test_a_case_of_wrong_configuration(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = Built(case, tmp_path)
    monkeypatch.chdir(built.root)
    assert main(["validate"]) == case["exit"]
