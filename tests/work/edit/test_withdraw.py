"""Marks in findings: the one key that is meant, every other byte kept."""

from __future__ import annotations

import pytest

from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.front_matter import read_front_matter
from pytest_aexp.work.edit.withdraw import with_accepted, with_withdrawal

JOB = "a" * 32
NEW = "9c1e55d0a7b34f21"


def front(yaml: str):
    return read_front_matter("F001-x.md", f"---\n{yaml}---\n\nText.\n".encode())


@pytest.mark.parametrize(
    ("yaml", "after"),
    [
        (
            f"supporting_runs:\n  - {{type: job, id: {JOB}}}  # why\n",
            f"supporting_runs:\n  - {{type: job, id: {JOB}, accept: [{NEW}]}}  # why\n",
        ),
        (
            f"supporting_runs:\n  - type: job\n    id: {JOB}\n  - x\n",
            f"supporting_runs:\n  - type: job\n    id: {JOB}\n    accept: [{NEW}]\n  - x\n",
        ),
        (
            f"supporting_runs: {{type: job, id: {JOB}}}\r\nid: F001\r\n",
            f"supporting_runs: {{type: job, id: {JOB}, accept: [{NEW}]}}\r\nid: F001\r\n",
        ),
        (
            f"supporting_runs: [{{type: job, id: {JOB}, accept: failed_run}}]\n",
            f"supporting_runs: [{{type: job, id: {JOB}, accept: [failed_run, {NEW}]}}]\n",
        ),
        (
            f"supporting_runs: [{{accept: [failed_run], type: job, id: {JOB}}}]\n",
            f"supporting_runs: [{{accept: [failed_run, {NEW}], type: job, id: {JOB}}}]\n",
        ),
        (
            f"supporting_runs:\n - type: job\n   accept:\n     - failed_run\n   id: {JOB}\n",
            f"supporting_runs:\n - type: job\n   accept:\n     [failed_run, {NEW}]\n   id: {JOB}\n",
        ),
    ],
)
def test_a_record_is_accepted(yaml: str, after: str) -> None:
    text = with_accepted(front(yaml), {0: [NEW]})
    assert text == f"---\n{after}---\n\nText.\n"
    assert NEW in read_finding("F001-x.md", text.encode()).citations[0].accept


def test_an_id_that_looks_like_a_number_is_quoted() -> None:
    text = with_accepted(front(f"supporting_runs: [{{type: job, id: {JOB}}}]\n"), {0: ["1" * 16]})
    assert text is not None
    assert f'accept: ["{"1" * 16}"]' in text


def test_what_comes_by_an_alias_is_left_alone() -> None:
    yaml = f"a: &a {{type: job, id: {JOB}}}\nsupporting_runs: [*a]\n"
    assert with_accepted(front(yaml), {0: [NEW]}) is None


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
