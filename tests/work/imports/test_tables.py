"""Runs from JSON lines and csv files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.source import Columns, SkippedRun, SourceRun
from pytest_aexp.work.imports.tables import csv_runs, jsonl_runs

BOTH = Columns(("C", "seed"), {"accuracy": "accuracy"})


@pytest.fixture
def jsonl(tmp_path: Path):
    def read(text: str, columns: Columns = BOTH) -> list[SourceRun | SkippedRun]:
        path = tmp_path / "runs.jsonl"
        path.write_text(text, encoding="utf-8")
        return list(jsonl_runs(path, columns))

    return read


@pytest.fixture
def table(tmp_path: Path):
    def read(text: str, columns: Columns = BOTH) -> list[SourceRun | SkippedRun]:
        path = tmp_path / "all.csv"
        path.write_text(text, encoding="utf-8")
        return list(csv_runs(path, columns))

    return read


def test_a_line_of_json_is_a_run(jsonl) -> None:
    line = (
        '{"C": 1.0, "seed": 0, "accuracy": 0.9, "status": "FINISHED", "run_id": 7, '
        '"ended_at": "2026-05-01 10:00:00", "code_commit": "abc", "code_dirty": false}'
    )
    assert jsonl(f"{line}\n\n") == [
        SourceRun(
            "line 1",
            {"C": 1.0, "seed": 0},
            {"accuracy": 0.9},
            {
                "status": "complete",
                "ended_at": "2026-05-01T10:00:00Z",
                "code_commit": "abc",
                "code_dirty": False,
            },
            "7",
        )
    ]


def test_nested_values_and_other_names(jsonl) -> None:
    columns = Columns(("opt.lr",), {"loss": "eval.loss"})
    (run,) = jsonl('{"opt": {"lr": 0.1}, "eval": {"loss": 2}}', columns)
    assert (run.parameters, run.metrics) == ({"opt.lr": 0.1}, {"loss": 2})


def test_whole_objects_where_no_name_is_given(jsonl) -> None:
    text = '{"statepoint": {"a": {"b": 1}}, "metrics": {"f1": 1}}\n{"params": {"a": 2}}'
    one, two = jsonl(text, Columns((), {}))
    assert (one.parameters, one.metrics) == ({"a": {"b": 1}}, {"f1": 1})
    assert (two.parameters, two.metrics) == ({"a": 2}, {})


def test_where_no_metric_is_named_all_numbers_are_metrics(jsonl) -> None:
    metrics = '{"f1": 1, "diverged": true, "note": "good", "loss": "NaN", "tags": ["a"]}'
    (run,) = jsonl(f'{{"params": {{"a": 1}}, "metrics": {metrics}}}', Columns((), {}))
    assert run.metrics == {"f1": 1, "loss": None}


@pytest.mark.parametrize(
    ("line", "reason", "damaged"),
    [
        ("{", "is not JSON: ", True),
        ("[1]", "is not a JSON object", True),
        ("[" * 100_000, "is nested more than 100 deep", True),
        ('{"C": 1, "seed":', "is not JSON: it ends too early (column 17)", True),
        ('{"C": 1, "C": 2}', 'has the key "C" twice', True),
        ('{"C": ' + "9" * 5000 + "}", "cannot be read: ", True),
        ('{"C": 1, "ended_at": "yesterday"}', "has a time that cannot be read: 'yesterday'", True),
        ('{"accuracy": 1}', "has none of the parameters C and seed", True),
        ('{"C": 1, "accuracy": "high"}', "has a metric that is not a number: 'high'", True),
        ('{"C": 1, "status": "running"}', "has not finished", False),
    ],
)
def test_a_bad_line_is_named_and_stops_nothing(
    jsonl, line: str, reason: str, damaged: bool
) -> None:
    skipped, run = jsonl(f'{line}\n{{"C": 1}}')
    assert isinstance(run, SourceRun)
    assert skipped.name == "line 1"
    assert skipped.reason.startswith(reason)
    assert skipped.damaged is damaged


def test_cells_are_typed_and_an_empty_one_is_no_value(table) -> None:
    text = "C,seed,accuracy,status,code_commit\n1.0,0,0.9,,0012345\n,true,nan,failed,\n"
    one, two = table(text)
    assert one.parameters == {"C": 1.0, "seed": 0}
    assert one.document == {"status": "complete", "code_commit": "0012345"}
    assert (two.parameters, two.metrics) == ({"seed": True}, {"accuracy": None})
    assert two.document == {"status": "failed"}


def test_a_row_of_another_length_is_named(table) -> None:
    skipped, run = table("C,seed,accuracy\n1,2\n1,2,3\n")
    assert (skipped.name, skipped.reason) == ("line 2", "has 2 cells, and the heading 3")
    assert isinstance(run, SourceRun)


def test_a_column_that_is_not_there_is_wrong_usage(table) -> None:
    with pytest.raises(UsageError, match=r'no column "seed"; did you mean "seeds"\?'):
        table("C,seeds,accuracy\n")


def test_a_row_that_is_not_utf8_is_named_and_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_bytes(b"C,seed,accuracy\n1,2,3\n\xfcb,2,3\n4,5,6\n")
    first, skipped, last = csv_runs(path, BOTH)
    assert skipped == SkippedRun("line 3", "is not UTF-8", damaged=True)
    assert (first.name, last.name) == ("line 2", "line 4")
    path.write_bytes("C,seed,accuracy\n1,2,3\n".encode("utf-16"))
    with pytest.raises(UsageError, match=r"all\.csv is not UTF-8 text"):
        list(csv_runs(path, BOTH))


def test_a_heading_that_does_not_say_which_column_is_meant_is_wrong_usage(table) -> None:
    with pytest.raises(UsageError, match='has 2 columns "accuracy"'):
        table("C,seed,accuracy,accuracy\n1,2,3,4\n")
    with pytest.raises(UsageError, match="has no heading"):
        table("")
    assert len(table("C,seed,accuracy,x,x\n1,2,3,4,5\n")) == 1


def test_blanks_around_names_and_blank_lines_say_nothing(table) -> None:
    (run,) = table('C , seed, accuracy\n1, "2", 3\n   \n\n')
    assert (run.parameters, run.metrics) == ({"C": 1, "seed": 2}, {"accuracy": 3})


def test_nested_metrics_have_a_name_each(jsonl) -> None:
    (run,) = jsonl('{"params": {"C": 1}, "metrics": {"val": {"loss": 2}}}', Columns((), {}))
    assert run.metrics == {"val.loss": 2}
