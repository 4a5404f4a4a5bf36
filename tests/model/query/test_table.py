"""Which columns tell runs apart, in which order they come, and what they are in a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.query.table import Differing, flat, ordered, rows, summary, table


def run(number: int = 0, /, status: str = "complete", **statepoint: Any) -> dict[str, Any]:
    point = {"experiment_id": "E001", **statepoint}
    return {"job_id": f"{number:032x}", "statepoint": point, "status": status}


def test_columns_are_what_differs() -> None:
    runs = [
        run(seed=1, model={"C": 1, "kernel": "rbf"}, same=[1]),
        run(seed=2, model={"C": 1.0, "kernel": "linear"}, same=[1], code_commit="a" * 40),
        {**run(seed=2, model={"C": 1, "kernel": "rbf"}, same=[1]), "metrics": {"f1": 1}},
    ]
    columns = Differing(runs).columns
    assert columns == ["id", "model.kernel", "seed", "f1", "status", "code_commit"]
    assert next(table(runs[1:], columns))[1:] == ["linear", 2, None, "complete", "a" * 40]


def test_what_only_some_runs_have_differs() -> None:
    assert "lr" in Differing([run(seed=1), run(seed=1, lr=None)]).columns
    assert "lr" in Differing([run(seed=1, lr=None), run(seed=1)]).columns


def test_of_one_run_every_parameter_is_a_column() -> None:
    assert Differing([run(seed=1, lr=0.1)]).columns == ["id", "lr", "seed", "status", "code_commit"]


def test_names_that_mean_two_things_are_told_apart() -> None:
    runs = [
        {**run(status="complete", acc=1, machine="a"), "metrics": {"acc": 0.5}},
        {**run(status="complete", acc=2, machine="b"), "metrics": {"acc": 0.6}},
    ]
    columns = Differing(runs).columns
    assert columns[1:4] == ["acc", "statepoint.machine", "metrics.acc"]
    assert next(table(runs, columns))[1:4] == [1, "a", 0.5]
    assert rows(runs)[1]["metrics.acc"] == 0.6


def test_experiments_are_a_column_where_there_are_several() -> None:
    linked = {**run(), "run_link": {"experiment_id": "E002"}}
    assert "experiment" in Differing([run(), linked]).columns


def test_without_runs_the_table_is_empty() -> None:
    assert Differing().columns == ["id", "status", "code_commit"]
    assert rows([]) == []
    assert summary([]) == "0 runs"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("x", [1, 2, 10, "a", "b", True, None]),
        ("-x", [10, 2, 1, "b", "a", True, None]),
        ("-x,id", [10, 2, 1, "b", "a", True, None]),
    ],
)
def test_values_of_several_kinds_are_sorted(sort: str, expected: list[Any]) -> None:
    runs = [run(n, x=x) for n, x in enumerate(["b", 2, None, 10, "a", 1, True])]
    assert [r["statepoint"]["x"] for r in ordered(runs, sort)] == expected
    assert ordered(runs, sort, top=3) == ordered(runs, sort)[:3]


def test_times_are_sorted_as_instants() -> None:
    early = {**run(2), "ended_at": "2026-05-01T10:00:00+02:00"}
    late = {**run(1), "ended_at": "2026-05-01T09:00:00Z"}
    never = run(0)
    assert ordered([never, late, early]) == [early, late, never]
    assert ordered([never, early, late], "-ended") == [late, early, never]


def test_the_second_name_decides_between_equals() -> None:
    runs = [run(1, a=1, b=1), run(2, a=1, b=2), run(3, a=2, b=0)]
    assert ordered(runs, "a,-b") == [runs[1], runs[0], runs[2]]


@given(st.lists(st.integers() | st.none() | st.text() | st.booleans()), st.integers(0, 5))
def test_the_top_is_the_beginning(values: list[Any], top: int) -> None:
    runs = [run(n, x=x) for n, x in enumerate(values)]
    for sort in ("x", "-x", "id"):
        assert ordered(runs, sort, top) == ordered(runs, sort)[:top]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run(seed=3)], "1 run: complete; seed 3"),
        ([run(seed=s) for s in range(5)], "5 runs, all complete; seeds 0 to 4"),
        ([run(seed=s) for s in (0, 2, 7)], "3 runs, all complete; seeds 0, 2 and 7"),
        ([run(seed=1), run(seed=1)], "2 runs, all complete; seed 1"),
        ([run(seed="a"), run(seed=1)], "2 runs, all complete"),
        ([run(seed=True)], "1 run: complete"),
        (
            [run(), run(status="abandoned"), run(status="failed")],
            "3 runs: 1 complete, 1 failed, 1 abandoned",
        ),
        (
            [
                {**run(), "code_commit": "a" * 40, "code_dirty": True, "retracted": ["1" * 16]},
                {**run(), "code_commit": "b" * 40},
            ],
            "2 runs, all complete; 2 commits; 1 on uncommitted code; 1 retracted",
        ),
    ],
)
def test_what_runs_are_in_a_line(runs: list[dict[str, Any]], expected: str) -> None:
    assert summary(runs) == expected


def test_nested_values_by_dotted_name() -> None:
    assert flat({"a": {"b": {"c": 1}, "d": {}}, "e": [1]}) == {
        "a.b.c": 1,
        "a.d": {},
        "e": [1],
    }
