"""A batch finds its runs by exact JSON equality, without looking at each run every time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.batches import Batches
from pytest_aexp.model.job_id import value_key


@dataclass(frozen=True)
class Run:
    experiments: tuple[str, ...]
    statepoint: str | None


def run(*experiments: str, **statepoint: Any) -> Run:
    return Run(experiments, json.dumps(statepoint, sort_keys=True))


A1, A2, B1 = run("E001", c="a", s=1), run("E001", c="a", s=2), run("E001", c="b", s=1)
OTHER, BOTH, USELESS = run("E002", c="a"), run("E001", "E002", c="z"), Run(("E001",), None)
BATCHES = Batches([A1, A2, B1, OTHER, BOTH, USELESS])


@pytest.mark.parametrize(
    ("experiment", "selector", "expected"),
    [
        ("E001", {}, [A1, A2, B1, BOTH]),
        ("E002", {}, [OTHER, BOTH]),
        ("E003", {}, []),
        ("E003", {"c": "a"}, []),
        ("E001", {"c": "a"}, [A1, A2]),
        ("E001", {"c": "a", "s": 2}, [A2]),
        ("E001", {"s": 2, "c": "a"}, [A2]),
        ("E001", {"c": "b", "s": 2}, []),
        ("E001", {"c": "z", "s": 1}, []),
        ("E001", {"c": "a", "nowhere": 1}, []),
        ("E001", {"nowhere": None}, []),
        ("E002", {"c": "z"}, [BOTH]),
    ],
)
def test_the_runs_of_a_batch(
    experiment: str, selector: dict[str, Any], expected: list[Run]
) -> None:
    assert BATCHES.select(experiment, selector) == expected
    assert BATCHES.select(experiment, selector) == expected


@pytest.mark.parametrize(
    "statepoint",
    [
        {"s": 1},
        {"r": {"s": 2}, "s": 1},
        {"r": {"s": 2}},
        {"r": [{"s": 2}], "s": 1},
        {"r": ', "s": 2, ', "s": 1},
        {"r": '"s": 2'},
        {"r": "\\", "s": 1},
        {"r": "{", "s": 1},
        {'"s': 2, "s": 1},
        {'r"s': 2},
        {"s": {"s": 2}},
        {"s": [1, 2]},
        {"s": 2.0},
        {"r": "s", "ss": 2},
    ],
    ids=json.dumps,
)
def test_a_value_is_that_of_the_statepoint_itself(statepoint: dict[str, Any]) -> None:
    batches = Batches([run("E001", **statepoint)])
    for value in (1, 2, [1, 2], {"s": 2}):
        fits = value_key(value) == value_key(statepoint.get("s"))
        assert bool(batches.select("E001", {"s": value})) == fits


def test_what_the_runs_of_an_experiment_have() -> None:
    for batches in (Batches([A1, A2, B1, OTHER, BOTH]), BATCHES):
        assert batches.keys("E001") == {"c", "s"}
        assert batches.keys("E002") == {"c"}
        assert batches.keys("E003") == frozenset()
        assert batches.counts("E001", "c") == {'"a"': 2, '"b"': 1, '"z"': 1}
        assert batches.counts("E001", "s") == {"1": 2, "2": 1}
        assert batches.counts("E001", "nowhere") == {}
        assert batches.counts("E003", "c") == {}
        assert batches.experiments == ("E001", "E002")


class Far:
    """Runs that are too many to look at each."""

    experiments = ("E002", "E009")

    def __init__(self) -> None:
        self.asked: list[str] = []

    def of_experiment(self, experiment: str) -> Iterable[Run]:
        self.asked.append(experiment)
        return [run(experiment, c="far"), USELESS] if experiment in self.experiments else []


def test_further_runs_are_asked_for_by_experiment_and_once() -> None:
    far = Far()
    batches = Batches([A1, OTHER], far)
    assert batches.experiments == ("E001", "E002", "E009")
    assert far.asked == []
    assert batches.select("E002", {"c": "far"}) == [run("E002", c="far")]
    assert batches.select("E002", {}) == [OTHER, run("E002", c="far")]
    assert batches.counts("E009", "c") == {'"far"': 1}
    assert batches.select("E003", {}) == []
    assert far.asked == ["E002", "E009", "E003"]
    assert batches.experiments == ("E001", "E002", "E009")


def test_thousands_of_keys_that_no_run_has_cost_one_look() -> None:
    batches = Batches([run("E001", s=i, c=i % 7) for i in range(5_000)])
    selector = {"c": 3, **{f"k{i}": i for i in range(3_000)}}
    start = time.process_time()
    for _ in range(50):
        assert batches.select("E001", selector) == []
        assert batches.select("E001", dict(reversed(selector.items()))) == []
    assert time.process_time() - start < 1


def test_many_batches_that_each_ask_for_another_key_cost_one_look() -> None:
    batches = Batches([run("E001", s=i, c=i % 7) for i in range(5_000)])
    start = time.process_time()
    for number in range(900):
        assert batches.select("E001", {"c": 3, f"k{number}": 1}) == []
        assert batches.counts("E001", f"k{number}") == {}
    assert time.process_time() - start < 1


VALUES = st.sampled_from(
    [0, 1, 1.0, 0.0, True, False, None, "1", "", "true", [], [1], [1.0], {}, {"a": 1}]
)
POINTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(st.lists(POINTS, max_size=8), POINTS)
def test_a_batch_is_what_looking_at_each_run_finds(
    points: list[dict[str, Any]], selector: dict[str, Any]
) -> None:
    runs = [run("E001", **point) for point in points]
    expected = [
        runs[i]
        for i, point in enumerate(points)
        if all(
            key in point and value_key(point[key]) == value_key(v) for key, v in selector.items()
        )
    ]
    assert Batches(runs).select("E001", selector) == expected
