"""What a finding says of itself and of others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tree import ROOT

from pytest_aexp.model.findings.finding import Finding, read_finding
from pytest_aexp.model.findings.premises import Withdrawal
from pytest_aexp.model.problems import SUSPICIOUS_KEY, UNREADABLE


def front(yaml: str) -> Finding:
    return read_finding("F9.md", f"---\n{yaml}\n---\n".encode())


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", []),
        ("[]", []),
        ("F001", ["F001"]),
        ("[f001, F2]", ["F001", "F2"]),
        ("\n  - F001 # why\n  - 'notes'", ["F001", "notes"]),
        ("[E001, 12]", ["E001", "12"]),
    ],
)
def test_premises_are_names(value: str, names: list[str]) -> None:
    finding = front(f"builds_on: {value}")
    assert [premise.name for premise in finding.premises] == names
    assert finding.faults == ()


@pytest.mark.parametrize("value", ["{F001: x}", "[[F001]]", "[{F001: x}]", f"[{'F1, ' * 1001}]"])
def test_other_premises_cannot_be_read(value: str) -> None:
    finding = front(f"builds_on: {value}")
    assert [fault.rule for fault in finding.faults] == [UNREADABLE]
    assert finding.premises == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("~", None),
        ("it leaked", Withdrawal("it leaked")),
        ("{reason: it leaked}", Withdrawal("it leaked")),
        ("{reason: r, replaced_by: f012, on: 2026-01-01}", Withdrawal("r", "F012")),
    ],
)
def test_a_finding_withdraws_itself(value: str, expected: Withdrawal | None) -> None:
    finding = front(f"retracted: {value}")
    assert (finding.withdrawal, finding.faults) == (expected, ())


@pytest.mark.parametrize(
    "value",
    ["true", "false", "5", "''", "'...'", "[x]", "{}", "{on: x}", "{reason: r, replaced_by: x}"],
)
def test_without_a_reason_it_does_not(value: str) -> None:
    finding = front(f"retracted: {value}")
    assert [fault.rule for fault in finding.faults] == [UNREADABLE]
    assert finding.withdrawal is None


RIGHT = [
    *("builds_on: ", "builds_on: F001", "builds_on: [f001, F2]", "retracted: ", "{}", "other: [1]"),
    *("retracted: it leaked", "retracted: 漏れ", "retracted: {reason: r, replaced_by: f12, on: 1}"),
    "supporting_runs: [{type: batch, experiment_id: E005, as: full, count: 5+}]",
]
WRONG = [
    *("builds_on: E001", "builds_on: [12]", "builds_on: {F001: x}", "builds_on: [[F001]]"),
    *("retracted: true", "retracted: 5", "retracted: '...'", "retracted: [x]", "retracted: {}"),
    *("retracted: {on: x}", "retracted: {reason: r, replaced_by: x}", "supporting_runs: 5"),
    "supporting_runs: [{type: batch, experiment_id: E005, as: mean}]",
]


def test_an_editors_schema_allows_what_is_read(tmp_path: Path) -> None:
    """A public validator, given the schema's file, takes and refuses the same front matters."""
    for yaml in [*RIGHT, *WRONG]:
        finding = front(yaml)
        faults = [*finding.faults, *(f for c in finding.citations for f in c.faults)]
        is_named = all(premise.name.startswith("F") for premise in finding.premises)
        assert (is_named and not faults) == (yaml in RIGHT), yaml
    files = {f"{tmp_path}/{number}.yaml": yaml for number, yaml in enumerate([*RIGHT, *WRONG])}
    for path, yaml in files.items():
        Path(path).write_text(yaml, "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--verbose", "--output-format", "json"]
    command += ["--schemafile", f"{ROOT}/schemas/finding.schema.json", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["parse_errors"] == []
    assert {files[path] for path in report["successes"]} == set(RIGHT)
    assert {files[error["filename"]] for error in report["errors"]} == set(WRONG)


@pytest.mark.parametrize("key", ["build_on", "Builds_on", "builds-on", "Retracted", "retracted_"])
def test_a_misspelt_key_is_suspicious(key: str) -> None:
    assert [fault.rule for fault in front(f"{key}: [F001]").faults] == [SUSPICIOUS_KEY]


@pytest.mark.parametrize("key", ["extracted", "related", "builds", "retraction", "rebuilds_on_x"])
def test_other_keys_are_their_owners(key: str) -> None:
    assert front(f"{key}: [F001]").faults == ()
