"""Runs as rows: their columns, their order, and what they are in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from pytest_aexp.ground.text import counted, listed, parse_time, shown_json
from pytest_aexp.model.batches import experiments_in
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.job_id import value_key
from pytest_aexp.model.query.match import (
    FIELDS,
    MISSING,
    TIMES,
    Run,
    getter,
    kind_of_order,
    nested,
    value_of,
)

DEFAULT_SORT = "ended,id"

_PROVENANCE = frozenset(("experiment_id", "code_commit", "code_dirty"))
"""Keys of a statepoint that have columns of their own."""
_FIELDS_LAST = tuple(name for name in FIELDS if name not in ("id", "experiment"))


def flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values in nested dicts by dotted name, which begins with ``prefix``."""
    values: dict[str, Any] = {}
    for key, inner in value.items():
        if inner.__class__ is dict and inner:
            values |= flat(inner, f"{prefix}{key}.")
        else:
            values[prefix + key] = inner
    return values


class Differing:
    """Collects which parameters and metrics runs have, and which parameters differ among them."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._count = 0
        self._retracted = False
        self._first: dict[str, Any] = {}
        self._alike: dict[str, str] = {}
        self._shapes: set[tuple[str, ...]] = set()
        self._metrics: dict[str, Any] = {}
        self._experiments: set[tuple[str, ...]] = set()
        for run in runs:
            self.add(run)

    def add(self, run: Run) -> None:
        """Take another run into account."""
        self._count += 1
        self._retracted |= bool(run.get("retracted"))
        self._metrics.update(run.get("metrics") or {})
        statepoint = run.get("statepoint") or {}
        self._experiments.add(experiments_in(run))
        values = flat(statepoint)
        shape = tuple(values)
        if shape not in self._shapes:
            self._shapes.add(shape)
            self._alike |= {n: repr(values[n]) for n in values.keys() - self._first}
            self._first = {**values, **self._first}
        # What differs is soon found out, and then not looked at any more.
        differ = [
            name
            for name, text in self._alike.items()
            if name in values and repr(value := values[name]) != text
            if value_key(value) != value_key(self._first[name])
        ]
        for name in differ:
            del self._alike[name]

    @property
    def names(self) -> list[str]:
        """Every parameter and metric that a run has."""
        return sorted({*self._first, *self._metrics})

    @property
    def parameters(self) -> list[str]:
        """The parameters that differ, or that only some runs have; of a single run all it has."""
        names = sorted(self._first.keys() - _PROVENANCE)
        if self._count < 2:
            return names
        everywhere = set(self._first).intersection(*self._shapes)
        return [name for name in names if name not in self._alike or name not in everywhere]

    @property
    def columns(self) -> list[str]:
        """The columns in which the runs differ: parameters, metrics, status, commit."""
        experiment = ["experiment"] if len(self._experiments) > 1 else []
        measured = self._measured(self.parameters)
        retracted = ["retracted"] if self._retracted else []
        return ["id", *experiment, *measured, "status", "code_commit", *retracted]

    @property
    def every_column(self) -> list[str]:
        """Whatever the runs have: the fields, every parameter, every metric."""
        parameters = sorted(self._first.keys() - _PROVENANCE)
        return ["id", "experiment", *self._measured(parameters), *_FIELDS_LAST]

    def _measured(self, parameters: Iterable[str]) -> list[str]:
        metrics = sorted(self._metrics)
        return [
            *(f"statepoint.{name}" if name in FIELDS else name for name in parameters),
            *(f"metrics.{n}" if n in self._first or n in FIELDS else n for n in metrics),
        ]


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Every run with a value, or None, for each column that one of them has a value for."""
    columns = Differing(runs).every_column
    return [dict(zip(columns, row, strict=True)) for row in table(runs, columns)]


def table(runs: Iterable[Run], columns: Sequence[str]) -> Iterator[list[Any]]:
    """Each run's values for the columns; None where it has none."""
    getters = [getter(name) for name in columns]
    for run in runs:
        values = [get(run) for get in getters]
        yield [None if value is MISSING else value for value in values]


R = TypeVar("R", bound=Run)
_AT_ONCE = 10_000


def ordered(runs: Iterable[R], sort: str = DEFAULT_SORT, top: int | None = None) -> list[R]:
    """The runs by the names in ``sort``, ``-name`` from the largest on; of them the first ``top``.

    Numbers come before text, and runs without a value at the end. Runs that are equal in all of
    that come by time and id. Where only the first are wanted, few more are held in memory.
    """
    # Each once: a second time it decides nothing.
    names = [n for n in dict.fromkeys(f"{sort},{DEFAULT_SORT}".split(",")) if n.strip("-")]
    if top is None:
        return _sorted(list(runs), names)
    first: list[R] = []
    rest = iter(runs)
    while more := list(islice(rest, top + _AT_ONCE)):
        first = _sorted(first + more, names)[:top]
    return first


def _sorted(runs: list[R], names: Iterable[str]) -> list[R]:
    # Sorting is stable, so that the first name decides if it sorts last.
    for name in reversed(list(names)):
        descending = name.startswith("-")
        runs.sort(key=_place(name.removeprefix("-"), 1 - 2 * descending), reverse=descending)
    return runs


def _place(name: str, sign: int) -> Callable[[Run], tuple[int, Any]]:
    """Where a run sorts: by number, time or text, then other values, and none at the end."""

    get = getter(name)

    def place(run: Run) -> tuple[int, Any]:
        value = get(run)
        if value is MISSING or value is None:
            return sign * 3, 0
        if name in TIMES:
            moment = parse_time(value)
            return (sign * 3, 0) if moment is None else (0, moment)
        kind = kind_of_order(value)
        if kind == "number":
            return 0, value
        return sign * (1 if kind else 2), value if kind else shown_json(value)

    return place


def summary(runs: Sequence[Run]) -> str:
    """What runs are, as in ``16 runs: 11 complete, 5 abandoned; 3 commits; seeds 0 to 4``."""
    parts = [f"{counted(len(runs), 'run')}{_statuses(runs)}"]
    commits = {value_of(run, "code_commit") for run in runs} - {MISSING, None}
    if commits:
        parts.append(counted(len(commits), "commit"))
    dirty = sum(value_of(run, "code_dirty") is True for run in runs)
    if dirty:
        parts.append(f"{dirty:,} on uncommitted code")
    retracted = sum(value_of(run, "retracted") is True for run in runs)
    if retracted:
        parts.append(f"{retracted:,} retracted")
    seeds = _seeds(runs)
    return "; ".join([*parts, seeds] if seeds else parts)


def _statuses(runs: Sequence[Run]) -> str:
    counts = Counter(str(run.get("status", "")) for run in runs)
    if len(counts) == 1:
        return f"{', all' if len(runs) > 1 else ':'} {next(iter(counts))}"
    statuses = [s for s in TERMINAL_STATUSES if s in counts]
    text = ", ".join(f"{counts[status]:,} {status}" for status in statuses)
    return f": {text}" if text else ""


def _seeds(runs: Sequence[Run]) -> str:
    seeds = (nested(run.get("statepoint"), "seed") for run in runs)
    values = [seed for seed in seeds if seed is not MISSING]
    if not values or any(seed.__class__ is not int for seed in values):
        return ""
    every = sorted(set(values))
    if len(every) > 2 and every[-1] - every[0] == len(every) - 1:
        return f"seeds {every[0]} to {every[-1]}"
    return f"{'seed' if len(every) == 1 else 'seeds'} {listed(map(str, every))}"
