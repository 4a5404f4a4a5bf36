"""What is typed to say which runs are meant: experiments, and conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.batches import experiments_in, is_experiment_id, meant_experiment
from pytest_aexp.model.query.grammar import FORMS, Condition, condition, split
from pytest_aexp.model.query.match import Run, matcher

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
