"""Changes of runs, as the verbs print them."""

from __future__ import annotations

from repositories import entry_of

from pytest_aexp.cli.change_table import change_record, render_changes
from pytest_aexp.work.evidence.changes import RunChange

CHANGES = [
    RunChange("new", entry_of({"experiment_id": "E001", "seed": 1})),
    RunChange(
        "changed", entry_of({"experiment_id": "E001", "seed": 2}), ("a: 1 -> 2", "b: 3 -> 4")
    ),
]


def test_a_row_a_change_with_what_differs() -> None:
    header, _, new, changed = render_changes("markdown", CHANGES).splitlines()
    assert header == "| change | id | seed | details |"
    assert new.startswith("| new | ")
    assert new.endswith("| 1 |  |")
    assert changed.startswith("| changed | ")
    assert "a: 1 -" in changed
    assert "; b: 3 -" in changed


def test_a_record_has_the_run_and_the_details() -> None:
    record = change_record(CHANGES[1])
    assert record["change"] == "changed"
    assert record["job_id"] == CHANGES[1].run["job_id"]
    assert record["details"] == ["a: 1 -> 2", "b: 3 -> 4"]
