"""Finding the runs of a batch among many, without looking at each of them every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from pytest_aexp.identity import value_key
from pytest_aexp.jsontext import load_exactly


class Selectable(Protocol):
    """What a batch can select: a ledger entry, a run of the store."""

    @property
    def experiments(self) -> tuple[str, ...]:
        """The experiments it belongs to."""

    @property
    def statepoint(self) -> str | None:
        """Its statepoint as canonical JSON."""


R = TypeVar("R", bound=Selectable)
R_co = TypeVar("R_co", bound=Selectable, covariant=True)


class Source(Protocol[R_co]):
    """Runs that are too many to look at each of them."""

    @property
    def experiments(self) -> Iterable[str]:
        """The experiments that it may have runs of."""

    def of_experiment(self, experiment: str) -> Iterable[R_co]:
        """The runs of an experiment."""


class Batches(Generic[R]):
    """Runs by experiment and, for each key that was asked for, by the key's value.

    ``source`` has further runs, of which those of an experiment are asked for with it.
    """

    def __init__(self, runs: Iterable[R], source: Source[R] | None = None) -> None:
        self._source = source
        self._asked: set[str] = set()
        self._runs: dict[str, list[R]] = {}
        self._by_value: dict[tuple[str, str], dict[str, set[int]]] = {}
        for run in runs:
            for experiment in run.experiments if run.statepoint is not None else ():
                self._runs.setdefault(experiment, []).append(run)

    @property
    def experiments(self) -> tuple[str, ...]:
        """The experiments that have runs, sorted."""
        known = {name for name, runs in self._runs.items() if runs}
        if self._source is not None:
            known.update(name for name in self._source.experiments if name not in self._asked)
        return tuple(sorted(known))

    def select(self, experiment: str, selector: Mapping[str, Any]) -> list[R]:
        """The experiment's runs whose statepoint has each of the selector's values."""
        runs = self._of(experiment)
        if not selector or not runs:
            return list(runs)
        fitting = [
            self._values(experiment, key).get(value_key(value), set())
            for key, value in selector.items()
        ]
        return [runs[index] for index in sorted(set.intersection(*fitting))]

    def values(self, experiment: str, key: str) -> list[Any]:
        """The value of ``key`` in each of the experiment's runs that has the key."""
        return [point[key] for point in self._points(experiment) if key in point]

    def keys(self, experiment: str) -> set[str]:
        """Every statepoint key that one of the experiment's runs has."""
        return {key for point in self._points(experiment) for key in point}

    def _of(self, experiment: str) -> list[R]:
        if self._source is not None and experiment not in self._asked:
            self._asked.add(experiment)
            more = [r for r in self._source.of_experiment(experiment) if r.statepoint is not None]
            self._runs[experiment] = [*self._runs.get(experiment, ()), *more]
        return self._runs.get(experiment, [])

    def _values(self, experiment: str, key: str) -> dict[str, set[int]]:
        known = self._by_value.get((experiment, key))
        if known is None:
            known = self._by_value[experiment, key] = {}
            for index, point in enumerate(self._points(experiment)):
                if key in point:
                    known.setdefault(value_key(point[key]), set()).add(index)
        return known

    def _points(self, experiment: str) -> list[dict[str, Any]]:
        runs = self._of(experiment)
        return [load_exactly(run.statepoint or "{}") for run in runs]
