"""Finding the runs of a batch among many, without looking at each of them every time."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from sys import intern
from typing import Any, Generic, Protocol, TypeVar

from pytest_aexp.model.job_id import value_key

is_experiment_id = re.compile(r"E[0-9]{3,}").fullmatch
"""Whether text has the form of an experiment's id."""


def meant_experiment(written: object) -> str | None:
    """The experiment id that one in other letters or with too few digits is meant to be."""
    match = re.fullmatch(r"\s*[eE](\d{1,9})\s*", written) if isinstance(written, str) else None
    meant = f"E{match[1].zfill(3)}" if match else None
    return meant if meant != written else None


def experiments_of(statepoint: Any, run_link: Any) -> tuple[str, ...]:
    """The experiments a run belongs to: what its statepoint says, and what its run link says."""
    own = statepoint.get("experiment_id") if isinstance(statepoint, dict) else None
    linked = run_link.get("experiment_id") if isinstance(run_link, dict) else None
    if isinstance(own, str):
        # Interned, since all runs of an experiment have the same.
        return (own, linked) if isinstance(linked, str) and linked != own else (intern(own),)
    return (linked,) if isinstance(linked, str) else ()


def experiments_in(run: Mapping[str, Any]) -> tuple[str, ...]:
    """The experiments that a run belongs to, given its ledger entry."""
    return experiments_of(run.get("statepoint"), run.get("run_link"))


_decode = json.JSONDecoder().raw_decode


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

    ``source`` has further runs; those of an experiment are loaded when it is asked for.
    """

    def __init__(self, runs: Iterable[R], source: Source[R] | None = None) -> None:
        self._source = source
        self._loaded: set[str] = set()
        self._runs: dict[str, list[R]] = {}
        self._by_value: dict[tuple[str, str], dict[str, set[int]]] = {}
        self._counts: dict[tuple[str, str], Counter[str]] = {}
        self._keys: dict[str, frozenset[str]] = {}
        for run in runs:
            for experiment in run.experiments if run.statepoint is not None else ():
                self._runs.setdefault(experiment, []).append(run)

    @property
    def experiments(self) -> tuple[str, ...]:
        """The experiments that have runs, sorted."""
        names = {name for name, runs in self._runs.items() if runs}
        if self._source is not None:
            names.update(name for name in self._source.experiments if name not in self._loaded)
        return tuple(sorted(names))

    def select(self, experiment: str, selector: Mapping[str, Any]) -> list[R]:
        """The experiment's runs whose statepoint has each of the selector's values."""
        runs = self.of_experiment(experiment)
        if not selector or not runs:
            return list(runs)
        fitting: set[int] | None = None
        for key, value in selector.items():
            of_key = self._values(experiment, key).get(value_key(value), set())
            fitting = of_key if fitting is None else fitting & of_key
            if not fitting:
                return []
        return [runs[index] for index in sorted(fitting or ())]

    def counts(self, experiment: str, key: str) -> Counter[str]:
        """The values of ``key`` in the experiment's runs, as ``value_key``, and how often."""
        number_of = self._counts.get((experiment, key))
        if number_of is None:
            values = self._values(experiment, key)
            number_of = Counter({value: len(runs) for value, runs in values.items()})
            self._counts[experiment, key] = number_of
        return number_of

    def keys(self, experiment: str) -> frozenset[str]:
        """Every statepoint key that one of the experiment's runs has."""
        if experiment not in self._keys:
            texts = self._texts(experiment)
            self._keys[experiment] = frozenset(key for text in texts for key in _decode(text)[0])
        return self._keys[experiment]

    def of_experiment(self, experiment: str) -> list[R]:
        """The experiment's runs."""
        if self._source is not None and experiment not in self._loaded:
            self._loaded.add(experiment)
            more = [r for r in self._source.of_experiment(experiment) if r.statepoint is not None]
            self._runs[experiment] = [*self._runs.get(experiment, ()), *more]
        return self._runs.get(experiment, [])

    def _values(self, experiment: str, key: str) -> dict[str, set[int]]:
        if key not in self._keys.get(experiment, {key}):
            return {}
        indices = self._by_value.get((experiment, key))
        if indices is None:
            indices = self._by_value[experiment, key] = {}
            for index, text in enumerate(self._texts(experiment)):
                for value in _values_at(key, text):
                    indices.setdefault(value_key(value), set()).add(index)
            if not indices:
                self.keys(experiment)  # so that the next unknown key is known for one at once
        return indices

    def _texts(self, experiment: str) -> Iterator[str]:
        runs = self.of_experiment(experiment)
        return (run.statepoint for run in runs if run.statepoint is not None)


def _values_at(key: str, text: str) -> list[Any]:
    """The value of ``key`` in a statepoint's canonical JSON; none if it has no such key."""
    if key.isascii() and key.isidentifier():
        # As it is written: to parse all of it takes ten times as long.
        at = text.find(f'"{key}": ')
        if at < 0:
            return []
        # Within text the quote stands behind a backslash, within another object behind a brace.
        if text[at - 1] != "\\" and text.find("{", 1, at) < 0:
            return [_decode(text, at + len(key) + 4)[0]]
    point = _decode(text)[0]
    return [point[key]] if key in point else []
