"""The ledger for Python: a read-only mapping of job id to entry, and the runs that fit a query."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.metric_names import WALLCLOCK
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model import ledger as model
from pytest_aexp.model.batches import experiments_in
from pytest_aexp.model.query.documents import Document, Documents
from pytest_aexp.model.query.match import Query, query

if TYPE_CHECKING:
    import pandas
    import polars

LedgerEntry = Mapping[str, Any]


class Ledger(Mapping[str, LedgerEntry]):
    """The usable entries by job id, each as its file or its line in a segment has it."""

    def __init__(self, view: View, where: Query | None = None) -> None:
        self._view = view
        self._ledger = model.Ledger(view)
        self._query = where or Query()
        self._fits = self._query.matcher()

    @classmethod
    def open(cls, root: str | Path | None = None) -> Ledger:
        """The ledger of the repository at ``root``; without one, of the current folder's.

        Raises RepositoryNotFound, ConfigurationError.
        """
        return cls.of(Repository.open(root).root)

    @classmethod
    def of(cls, root: Path) -> Ledger:
        """The ledger in the working tree of the repository at ``root``."""
        return cls(WorkTree(root))

    def where(self, *words: str) -> Ledger:
        """The runs that fit the conditions of `aexp ledger list`: ``where("E003 seed!=1")``.

        Raises UsageError.
        """
        narrowed = self._query
        for word in words:
            narrowed &= query(word)
        return Ledger(self._view, narrowed)

    def __getitem__(self, job_id: str) -> LedgerEntry:
        document = self._documents.of_run(job_id)
        if document is None or not self._fits(document):
            raise KeyError(job_id)
        return MappingProxyType(document)

    def __iter__(self) -> Iterator[str]:
        return (document["job_id"] for document in self._all())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @cached_property
    def _documents(self) -> Documents:
        return Documents(self._ledger)

    def _all(self) -> Iterator[Document]:
        return self._documents.fitting(self._query)

    @staticmethod
    def experiments(entry: LedgerEntry) -> tuple[str, ...]:
        """The experiments that the run of an entry belongs to."""
        return experiments_in(entry)

    def batch(
        self, experiment_id: str, /, *, where: str | Iterable[str] = (), **selector: Any
    ) -> list[LedgerEntry]:
        """The entries of an experiment whose statepoints have each of the selector's values.

        ``where`` takes conditions as they are typed: ``"seed!=3 status=complete"``.
        """
        fits = query(where).matcher()
        entries = self._ledger.select(experiment_id, selector)
        documents = (self._documents.of_run(entry.job_id) for entry in entries if entry.usable)
        meant = (d for d in documents if d is not None and self._fits(d) and fits(d))
        return [MappingProxyType(document) for document in meant]

    def metric(self, job_id: str, name: str) -> int | float | None:
        """A number of a run, ``wallclock_s`` among them; None for a NaN or an infinity.

        Raises KeyError if there is no such run, or it does not have the metric.
        """
        entry = self[job_id]
        number: int | float | None = entry[name] if name == WALLCLOCK else entry["metrics"][name]
        return number

    @cached_property
    def retracted(self) -> Mapping[str, tuple[str, ...]]:
        """Why runs are retracted, by job id; also of runs that are not in the ledger."""
        retractions = self._ledger.retractions
        entries = ((job_id, retractions.get(job_id)) for job_id in sorted(retractions.job_ids))
        return MappingProxyType({job_id: one.reasons for job_id, one in entries if one is not None})

    def records(self) -> list[dict[str, Any]]:
        """Every entry as a plain dict, which json, pickle and pandas.json_normalize take.

        A retracted run has the ids of the records that retract it under ``retracted``.
        """
        return list(self._all())

    def rows(self) -> list[dict[str, Any]]:
        """One row for each run: parameters by dotted name, metrics, and the fields of the entry."""
        # Here, since the mapping itself needs no tables.
        from pytest_aexp.model.query.table import rows

        return rows(self.records())

    def to_pandas(self) -> pandas.DataFrame:
        """`rows` as a data frame. Raises ImportError without pandas."""
        # Here, since it is installed only where it is wanted.
        import pandas

        return pandas.DataFrame(self.rows())

    def to_polars(self) -> polars.DataFrame:
        """`rows` as a data frame; a column of several types becomes text. Raises ImportError."""
        # Here, since it is installed only where it is wanted.
        import polars

        rows = self.rows()
        columns = {name: _of_one_type([row[name] for row in rows]) for name in (rows or [{}])[0]}
        return polars.DataFrame(columns, strict=False)


def _of_one_type(values: list[Any]) -> list[Any]:
    """The values if they are numbers, of one type, or lists of such; else all of them as text."""
    kinds = {float if isinstance(v, float) else type(v) for v in values if v is not None}
    if kinds == {list}:
        kinds = {type(item) for value in values if value is not None for item in value}
    if kinds <= {int, float} or (len(kinds) == 1 and kinds <= {str, bool}):
        return values
    return [v if v is None or isinstance(v, str) else json.dumps(v) for v in values]
