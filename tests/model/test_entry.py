"""Where an entry lies, which fields it may have, and its numbers."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from repositories import entry_of, entry_text, job_id_of
from tree import ROOT

from pytest_aexp.model.entry import (
    ENTRY_LIMIT,
    FIELDS,
    entry_bytes,
    entry_document,
    entry_path,
    job_id_in,
    metrics_of,
    unknown_fields,
)
from pytest_aexp.model.entry_check import judge_entry

POINT = {"experiment_id": "E001", "seed": 1}
JOB_ID = job_id_of(POINT)


def test_it_lies_in_the_ledger_under_the_name_of_its_run() -> None:
    assert entry_path(JOB_ID) == f".aexp/ledger/{JOB_ID}.json"


def test_every_field_of_the_schema_is_a_field() -> None:
    schema = json.loads((ROOT / "schemas/ledger-entry.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]) <= FIELDS


def test_fields_that_are_unknown_are_named_at_two_depths() -> None:
    document = {**entry_of(POINT), "mood": 1, "run_link": {"experiment_id": "E001", "a": 1}}
    assert unknown_fields(document) == ["mood", "run_link.a"]


@pytest.mark.parametrize("name", ['"metrics"', r'"\u006detrics"'])
@pytest.mark.parametrize("more", [{}, {"note": "unknown"}], ids=["usual", "with a fault"])
def test_numbers_are_kept_as_they_are_written(name: str, more: dict[str, str]) -> None:
    entry = entry_of(POINT, **more) | {"metrics": {"a": 0.1, "b": None}}
    text = entry_text(entry).replace("0.1", "0.10000000000000000001").replace('"metrics"', name)
    judged = judge_entry(JOB_ID, entry_path(JOB_ID), text.encode())
    assert bool(judged.faults) == bool(more)
    assert metrics_of(judged) == {"a": Decimal("0.10000000000000000001"), "b": None}


def test_numbers_of_a_parameter_that_is_called_metrics_are_not_the_runs() -> None:
    point = {**POINT, "metrics": {"a": 0.2}}
    job_id = job_id_of(point)
    text = entry_text(entry_of(point) | {"metrics": {"a": 0.1}})
    assert metrics_of(judge_entry(job_id, entry_path(job_id), text.encode())) == {
        "a": Decimal("0.1")
    }


def test_an_entry_over_its_limit_is_not_read() -> None:
    text = '{"job_id": "a"}'
    assert entry_document(text.encode()) == {"job_id": "a"}
    assert entry_document(text.ljust(ENTRY_LIMIT + 1).encode()) is None


def test_the_path_of_an_entry_names_its_job_id() -> None:
    assert job_id_in(entry_path("a" * 32)) == "a" * 32
    assert job_id_in("note.txt") == "note.txt"


def test_an_entry_is_indented_sorted_utf_8_with_a_final_newline() -> None:
    assert entry_bytes({"b": "ü", "a": 1}) == '{\n  "a": 1,\n  "b": "ü"\n}\n'.encode()
    assert entry_bytes({"a": "\ud800"}) == b'{\n  "a": "\\ud800"\n}\n'
