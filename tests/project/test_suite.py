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


def test_in_the_full_lane_every_python_has_its_pass_and_the_extremes_one_more() -> None:
    assert passes("full", (3, 11, 7), (3, 13, 0)) == [
        ("slow", None),
        ("wheel-3.11", "CPython 3.11.7"),
        ("wheel-3.13", "CPython 3.13.0"),
        ("lowest", "CPython 3.11.7"),
        ("pure", "CPython 3.13.0"),
    ]


def test_one_python_is_enough() -> None:
    names = [name for name, _ in passes("full", (3, 12, 1))]
    assert names == ["slow", "wheel-3.12", "lowest", "pure"]


def test_the_oldest_dependencies_are_not_tried_on_a_python_that_came_after_them() -> None:
    assert [name for name, _ in passes("full", (3, 14, 0))] == ["slow", "wheel-3.14", "pure"]


def test_every_dependency_states_the_oldest_version_it_works_with() -> None:
    names = {constraint.partition("==")[0] for constraint in minimums()}
    assert names == {
        "pytest", "ruamel.yaml", "ruamel.yaml.clib", "jsonschema", "jsonschema-rs",
        "signac", "jinja2", "shtab",
    }  # fmt: skip
