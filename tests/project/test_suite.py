"""Which passes ``make test`` and ``make test-all`` are made of."""

from __future__ import annotations

import pytest

from environments import minimums
from interpreters import Interpreter
from suite import Lane, all_passes

pytestmark = pytest.mark.tree


def passes(lane: Lane, *versions: tuple[int, int, int]) -> list[tuple[str, str | None]]:
    made = all_passes([Interpreter(version, "/python3") for version in versions])
    return [
        (this.name, this.interpreter and str(this.interpreter))
        for this in made
        if this.lane == lane
    ]


def test_the_quick_lane_is_the_tree_and_the_wheel_tried_once() -> None:
    assert passes("quick", (3, 11, 7), (3, 13, 0)) == [("tree", None), ("wheel", "CPython 3.13.0")]


def test_in_the_full_lane_every_python_has_one_pass_and_the_extremes_the_extremes() -> None:
    assert passes("full", (3, 11, 7), (3, 12, 1), (3, 13, 0)) == [
        ("slow", None),
        ("wheel-3.12", "CPython 3.12.1"),
        ("lowest", "CPython 3.11.7"),
        ("pure", "CPython 3.13.0"),
    ]


def test_one_python_is_enough() -> None:
    assert [name for name, _ in passes("full", (3, 12, 1))] == ["slow", "lowest", "pure"]


def test_the_oldest_dependencies_are_not_tried_on_a_python_that_came_after_them() -> None:
    newer = passes("full", (3, 14, 0), (3, 15, 0))
    assert [name for name, _ in newer] == ["slow", "wheel-3.14", "pure"]


def test_every_dependency_states_the_oldest_version_it_works_with() -> None:
    names = {constraint.partition("==")[0] for constraint in minimums()}
    assert names == {
        "pytest", "ruamel.yaml", "ruamel.yaml.clib", "jsonschema", "jsonschema-rs",
        "signac", "jinja2", "shtab",
    }  # fmt: skip
