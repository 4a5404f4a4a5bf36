"""Why nothing fits a query, and which name was probably meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pytest_aexp.ground.text import SHOWN, clean, closest, counted, listed, quoted
from pytest_aexp.model.query.grammar import Condition, written
from pytest_aexp.model.query.match import FIELDS, MISSING, Query, Run, matcher, value_of
from pytest_aexp.model.query.table import Differing

_MOST_VALUES = 1000


def unknown_name(name: str, differing: Differing) -> str | None:
    """What is wrong with a name that no run has a value of; None if there is nothing."""
    names = {*differing.names, *FIELDS}
    if name in names or name.startswith(("statepoint.", "metrics.", "run_link.", "tracker.")):
        return None
    if any(other.startswith(f"{name}.") for other in names):
        return None
    near = closest(name, names)
    if near is not None:
        return f"no run here has {quoted(name)}; did you mean {quoted(near, 200)}?"
    return f"no run here has {quoted(name)}; there is {listed(map(clean, sorted(names)), 20)}"


def why_nothing(wanted: Query, runs: Iterable[Run]) -> str:
    """Why none of the runs, which are those of the query's experiments, fits it."""
    tests = [(condition, matcher([condition])) for condition in wanted.conditions]
    fitting = [0] * len(tests)
    values: list[Counter[str]] = [Counter() for _ in tests]
    differing, count = Differing(), 0
    for run in runs:
        differing.add(run)
        count += 1
        for index, (condition, fits) in enumerate(tests):
            fitting[index] += fits(run)
            value = value_of(run, condition.name)
            if value is not MISSING and len(values[index]) < _MOST_VALUES:
                values[index][written(condition.name, "=", value)] += 1
    if not count:
        names = sorted(wanted.experiments or ())
        return f"no run of {listed(names)} was found" if names else "no runs were found"
    for (condition, _), number, there in zip(tests, fitting, values, strict=True):
        if not number:
            return unknown_name(condition.name, differing) or _no_value(condition, there)
    return "some runs fit each of the conditions, but no run fits all of them"


def _no_value(condition: Condition, values: Counter[str]) -> str:
    # A value that was cut could not be copied.
    short = [text for text, _ in values.most_common(5) if len(text) <= SHOWN]
    nothing = f"no run has {clean(str(condition))}"
    if not short:
        return f"{nothing}; there are {counted(len(values), 'value')}" if values else nothing
    return f"{nothing}; there is {listed(map(clean, short), total=len(values))}"
