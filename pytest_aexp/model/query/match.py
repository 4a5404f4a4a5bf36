"""Whether a run fits conditions; and the values of a run by name, for columns and sorting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import parse_time, quoted
from pytest_aexp.model.batches import (
    experiments_in,
    experiments_of,
    is_experiment_id,
    meant_experiment,
)
from pytest_aexp.model.job_id import is_number, value_key
from pytest_aexp.model.query.grammar import FORMS, Condition, condition, split

Run = Mapping[str, Any]
"""A run as its ledger entry has it."""

MISSING = object()
"""What a run has for a name that it has no value of; it is not null."""

FIELDS = {
    "id": "job_id",
    "status": "status",
    "machine": "registered_machine",
    "code_commit": "code_commit",
    "code_dirty": "code_dirty",
    "started": "started_at",
    "ended": "ended_at",
    "wallclock_s": "wallclock_s",
    "attempt": "attempt",
    "experiment": "experiment_id",
    "hypothesis": "hypothesis_id",
    "retracted": "retracted",
}
"""The names that mean a field of the entry, and not a parameter; `statepoint.NAME` means that."""

_NOT_IN_CITATIONS = FIELDS.keys() - {"code_commit", "code_dirty"}
_TEXTS = ("status", "machine")
_PREFIXES = ("id", "code_commit")
TIMES = ("started", "ended")
_LINKS = ("experiment", "hypothesis")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def matcher(conditions: Iterable[Condition]) -> Callable[[Run], bool]:
    """Whether a run fits all of the conditions; raises UsageError for one that cannot be."""
    tests = [_test(condition) for condition in conditions]
    return lambda run: all(test(run) for test in tests)


def value_of(run: Run, name: str) -> Any:
    """The value of a run that ``name`` means, or MISSING.

    A field of the entry, else a parameter, else a metric; dots lead into nested values.
    """
    return getter(name)(run)


@lru_cache(100)  # each run is asked for the same few names
def getter(name: str) -> Callable[[Run], Any]:
    """What reads the value that ``name`` means."""
    field = FIELDS.get(name)
    if field is not None:
        return _field_getter(name, field)

    def get(run: Run) -> Any:
        statepoint = run.get("statepoint")
        if isinstance(statepoint, dict) and name in statepoint:
            return statepoint[name]
        value = nested(statepoint, name)
        if value is MISSING:
            value = nested(run.get("metrics"), name)
        return nested(dict(run), name) if value is MISSING and "." in name else value

    return get


def _field_getter(name: str, field: str) -> Callable[[Run], Any]:
    if name == "retracted":
        return lambda run: bool(run.get(field))
    if name in _LINKS:
        return lambda run: next(iter(_links(run, field)), MISSING)
    if not name.startswith("code_"):
        return lambda run: run.get(field, MISSING)

    def code(run: Run) -> Any:
        value = run.get(field, MISSING)
        return nested(run.get("statepoint"), name) if value is MISSING else value

    return code


def nested(value: Any, name: str) -> Any:
    """The value that a dotted name leads to; a key that has the dots itself comes first."""
    if not isinstance(value, dict):
        return MISSING
    if name in value:
        return value[name]
    for at, character in enumerate(name):
        if character == "." and name[:at] in value:
            inner = nested(value[name[:at]], name[at + 1 :])
            if inner is not MISSING:
                return inner
    return MISSING


def _links(run: Run, field: str) -> tuple[str, ...]:
    statepoint, link = run.get("statepoint"), run.get("run_link")
    if field == "experiment_id":
        return experiments_of(statepoint, link)
    names = (part.get(field) for part in (statepoint, link) if isinstance(part, Mapping))
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _test(condition: Condition) -> Callable[[Run], bool]:
    if condition.operator == "!=":
        equal = _equal(condition)
        return lambda run: not equal(run)
    if condition.operator == "=":
        return _equal(condition)
    return _ordered(condition)


def _equal(condition: Condition) -> Callable[[Run], bool]:
    name, get = condition.name, getter(condition.name)
    words = [word.text for word in condition.words]
    if name in TIMES:
        spans = [_Span.of(condition, text) for text in words]
        return lambda run: any(span.holds(get(run)) for span in spans)
    if name in _PREFIXES:
        prefixes = tuple(text.lower() for text in words if text)
        # `code_commit=null` fits a run without one.
        return lambda run: _text(get(run)).lower().startswith(prefixes)
    if name in _LINKS:
        return lambda run: not set(words).isdisjoint(_links(run, FIELDS[name]))
    if name in _TEXTS:
        return lambda run: get(run) in words
    keys = {value_key(word.value) for word in (*condition.words, condition.typed)}
    return lambda run: _key(get(run)) in keys


def _text(value: Any) -> str:
    return "null" if value is MISSING or value is None else str(value)


def _key(value: Any) -> str | None:
    return None if value is MISSING else value_key(value)


def _ordered(condition: Condition) -> Callable[[Run], bool]:
    name, value = condition.name, condition.typed.value
    get, order = getter(name), _ORDERS[condition.operator]
    if name in TIMES:
        span = _Span.of(condition, condition.typed.text)
        return lambda run: span.ordered(condition.operator, get(run))
    kind = kind_of_order(value)
    if kind is None:
        raise UsageError(
            f"{quoted(str(condition))}: only a number or text can be less or greater than another"
        )
    return lambda run: kind_of_order(actual := get(run)) == kind and order(actual, value)


def kind_of_order(value: Any) -> str | None:
    """What a value can be compared with: other numbers, other texts, or nothing (None)."""
    if isinstance(value, str):
        return "text"
    return "number" if is_number(value) else None


@dataclass(frozen=True, slots=True)
class _Span:
    """A day, or a second: what a date or a time that was typed can mean."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, condition: Condition, text: str) -> _Span:
        start = parse_time(text)
        width = timedelta(days=1) if _DATE.fullmatch(text) else timedelta(seconds=1)
        with suppress(OverflowError):
            if start is not None:
                return cls(start, start + width)
        raise UsageError(
            f"{quoted(str(condition))}: {quoted(text)} is not a time; write 2026-05-01 or "
            "2026-05-01T14:30"
        )

    def holds(self, value: Any) -> bool:
        moment = parse_time(value)
        return moment is not None and self.start <= moment < self.end

    def ordered(self, operator: str, value: Any) -> bool:
        moment = parse_time(value)
        if moment is None:
            return False
        if operator in ("<", ">="):
            return (moment < self.start) == (operator == "<")
        return (moment >= self.end) == (operator == ">")


def selector_of(conditions: Sequence[Condition]) -> dict[str, Any]:
    """The selector of a citation that says the same; raises UsageError if none does.

    A citation's selector has parameters and the value that each must be equal to.
    """
    selector: dict[str, Any] = {}
    for wanted in conditions:
        name = wanted.name.removeprefix("statepoint.")
        if wanted.operator != "=":
            raise UsageError(
                f"{quoted(str(wanted))}: a citation selects by key=value; "
                "list the runs with `aexp ledger list` and cite them by id"
            )
        if wanted.name in _NOT_IN_CITATIONS:
            instead = ", and by status with --status" if name == "status" else ""
            raise UsageError(
                f"{quoted(str(wanted))}: a citation selects by parameters{instead}; if {name} "
                f"is one, write statepoint.{wanted}"
            )
        if name in selector:
            raise UsageError(f"{quoted(name)} is given twice; a selector has one value for a key")
        selector[name] = wanted.typed.value
    return selector


_HAS_OPERATOR = re.compile(r"[=<>]")


@dataclass(frozen=True, slots=True)
class Query:
    """Runs that are of one of the experiments, if any are named, and fit every condition."""

    experiments: frozenset[str] | None = None
    conditions: tuple[Condition, ...] = ()

    def __and__(self, other: Query) -> Query:
        named = [q.experiments for q in (self, other) if q.experiments is not None]
        experiments = frozenset.intersection(*named) if named else None
        return Query(experiments, (*self.conditions, *other.conditions))

    def matcher(self) -> Callable[[Run], bool]:
        """Whether a run is meant; raises UsageError for a condition that cannot be decided."""
        fits, experiments = matcher(self.conditions), self.experiments
        if experiments is None:
            return fits
        return lambda run: not experiments.isdisjoint(experiments_in(run)) and fits(run)


def query(where: str | Iterable[str] = ()) -> Query:
    """The query in ``where``: a word each, or a text that is split as a shell splits it.

    Raises UsageError.
    """
    words = split(where)
    for word in words:
        if not _HAS_OPERATOR.search(word) and not is_experiment_id(word):
            if meant := meant_experiment(word):
                raise UsageError(f"{quoted(word)} is not an experiment id: write {meant}")
            raise UsageError(
                f"{quoted(word)} is neither an experiment id such as E003 nor a condition: write "
                f"{FORMS}"
            )
    experiments = frozenset(word for word in words if is_experiment_id(word))
    conditions = tuple(condition(word) for word in words if word not in experiments)
    return Query(experiments or None, conditions)
