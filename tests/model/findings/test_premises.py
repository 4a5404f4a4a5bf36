"""What a finding says of itself and of others."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("key", ["build_on", "Builds_on", "builds-on", "Retracted", "retracted_"])
def test_a_misspelt_key_is_suspicious(key: str) -> None:
    assert [fault.rule for fault in front(f"{key}: [F001]").faults] == [SUSPICIOUS_KEY]


@pytest.mark.parametrize("key", ["extracted", "related", "builds", "retraction", "rebuilds_on_x"])
def test_other_keys_are_their_owners(key: str) -> None:
    assert front(f"{key}: [F001]").faults == ()
