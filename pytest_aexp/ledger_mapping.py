"""The ledger for tests: a read-only mapping of job id to entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.batches import experiments_of
from pytest_aexp.model.ledger import Ledger

LedgerEntry = Mapping[str, Any]


class LedgerMapping(Mapping[str, LedgerEntry]):
    """Each usable entry, as its file or its line in a segment says it, by job id."""

    def __init__(self, view: View) -> None:
        self._ledger = Ledger(view)

    @classmethod
    def of(cls, root: Path) -> LedgerMapping:
        """The ledger in the working tree of the repository at ``root``."""
        return cls(WorkTree(root))

    def __getitem__(self, job_id: str) -> LedgerEntry:
        document = self._ledger.document(job_id)
        if document is None:
            raise KeyError(job_id)
        return MappingProxyType(document)

    def __iter__(self) -> Iterator[str]:
        return (entry.job_id for entry in self._ledger if entry.usable)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def named(self) -> frozenset[str]:
        """The job ids that there are entries of, usable or not."""
        return self._ledger.job_ids

    @staticmethod
    def experiments(entry: LedgerEntry) -> tuple[str, ...]:
        """The experiments the run of an entry belongs to."""
        return experiments_of(entry.get("statepoint"), entry.get("run_link"))

    def batch(self, experiment_id: str, /, **selector: Any) -> list[LedgerEntry]:
        """The entries of an experiment whose statepoints have each of the selector's values."""
        found = self._ledger.select(experiment_id, selector)
        return [self[entry.job_id] for entry in found if entry.usable]
