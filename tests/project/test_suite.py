"""Which runs ``make test`` is made of."""

from __future__ import annotations

import pytest

from environments import minimums
from interpreters import Interpreter
from suite import planned

pytestmark = pytest.mark.tree


def on(*versions: tuple[int, int, int]) -> list[tuple[str, str | None]]:
    runs = planned([Interpreter(version, "/python3") for version in versions])
    return [(run.name, run.interpreter and str(run.interpreter)) for run in runs]


def test_every_python_has_its_run_and_the_extremes_one_more() -> None:
    assert on((3, 11, 7), (3, 13, 0)) == [
        ("tree", None),
        ("wheel-3.11", "CPython 3.11.7"),
        ("wheel-3.13", "CPython 3.13.0"),
        ("lowest", "CPython 3.11.7"),
        ("pure", "CPython 3.13.0"),
    ]


def test_one_python_is_enough() -> None:
    assert [name for name, _ in on((3, 12, 1))] == ["tree", "wheel-3.12", "lowest", "pure"]


def test_the_oldest_dependencies_are_not_tried_on_a_python_that_came_after_them() -> None:
    assert [name for name, _ in on((3, 14, 0))] == ["tree", "wheel-3.14", "pure"]


def test_every_dependency_states_the_oldest_version_it_works_with() -> None:
    names = {constraint.partition("==")[0] for constraint in minimums()}
    assert names == {
        "pytest", "ruamel.yaml", "ruamel.yaml.clib", "jsonschema", "jsonschema-rs", "orjson",
        "signac", "jinja2", "shtab",
    }  # fmt: skip
