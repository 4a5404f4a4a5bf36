"""Rows of runs, as people and programs read them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from repositories import entry_of

from pytest_aexp.cli.run_table import (
    FORMATS,
    change_record,
    render_changes,
    render_records,
    render_rows,
)
from pytest_aexp.work.evidence.changes import RunChange

COLUMNS = ["id", "lr", "code_commit"]
ROWS = [["a" * 32, 0.1, "c" * 40], ["b" * 32, None, "x|y\x1b[31m"]]


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_control_character_leaves_it(format_name: str) -> None:
    assert "\x1b" not in render_rows(format_name, COLUMNS, ROWS)


def test_programs_get_every_value_whole() -> None:
    records = json.loads(render_rows("json", COLUMNS, ROWS))
    assert records == [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    lines = render_rows("jsonl", COLUMNS, ROWS).splitlines()
    assert [json.loads(line) for line in lines] == records
    header, first, _ = csv.reader(io.StringIO(render_rows("csv", COLUMNS, ROWS)))
    assert (header, first) == (COLUMNS, ["a" * 32, "0.1", "c" * 40])


def test_people_get_the_beginning_of_a_commit() -> None:
    text = render_rows("table", COLUMNS, ROWS)
    assert f" {'c' * 10}\n" in text
    assert "c" * 11 not in text


def test_markup_in_a_value_stays_text_in_markdown() -> None:
    text = render_rows("markdown", COLUMNS, ROWS)
    assert text.splitlines()[1] == "| --- | --- | --- |"
    assert r"x\|y" in text


def test_records_are_a_list_or_a_line_each() -> None:
    assert render_records("jsonl", [{"a": 1}, {"a": 2}]) == '{"a":1}\n{"a":2}\n'
    assert json.loads(render_records("json", [])) == []


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
