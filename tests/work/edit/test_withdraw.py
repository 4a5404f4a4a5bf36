"""A finding is withdrawn by one key more, every other byte kept."""

from __future__ import annotations

import pytest

from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.front_matter import read_front_matter
from pytest_aexp.work.edit.withdraw import with_withdrawal

JOB = "a" * 32
NEW = "9c1e55d0a7b34f21"


def front(yaml: str):
    return read_front_matter("F001-x.md", f"---\n{yaml}---\n\nText.\n".encode())


def test_a_withdrawal_is_the_last_key() -> None:
    text = with_withdrawal(front("id: F001\n"), "it leaked: all of it", "", "2026-10-06")
    assert text == (
        '---\nid: F001\nretracted: {reason: "it leaked: all of it", on: "2026-10-06"}\n'
        "---\n\nText.\n"
    )
    withdrawal = read_finding("F001-x.md", text.encode()).withdrawal
    assert withdrawal is not None
    assert withdrawal.reason == "it leaked: all of it"


@pytest.mark.parametrize("reason", ["yes", "5", "[a", "#x", "a\nb", '"x"', "it's", "é: ü", "- x"])
def test_any_reason_reads_back(reason: str) -> None:
    text = with_withdrawal(front("id: F001\n"), reason, "F012", "2026-10-06")
    assert text is not None
    withdrawal = read_finding("F001-x.md", text.encode()).withdrawal
    assert withdrawal is not None
    assert (withdrawal.reason, withdrawal.replaced_by) == (reason, "F012")


def test_a_front_matter_in_brackets_is_left_alone() -> None:
    assert with_withdrawal(front("{id: F001}\n"), "x", "", "2026-10-06") is None
