"""The runs of a ledger as their entries have them, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_aexp.model.batches import experiments_in
from pytest_aexp.model.entry import ENTRY_LIMIT, entry_path
from pytest_aexp.model.entry_check import usable_document
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, lines_of, run_of
from pytest_aexp.model.query.match import Query

Document = dict[str, Any]
Experiments = frozenset[str] | None
"""Those whose runs are wanted; None for all."""


@dataclass
class Documents:
    """Reads the usable entries of a ledger, each once; of a run with several the one that counts.

    A retracted run has the ids of the records that retract it under ``retracted``.
    """

    ledger: Ledger
    unusable: list[str] = field(default_factory=list)
    """The runs whose entries were passed over, since they cannot be used."""

    def __post_init__(self) -> None:
        self.retractions = self.ledger.retractions

    def of(self, experiments: Experiments = None) -> Iterator[Document]:
        """The runs of the experiments, or all: the loose ones by id, then the packed ones."""
        yield from self._loose(experiments)
        yield from self._packed(experiments)

    def fitting(self, wanted: Query) -> Iterator[Document]:
        """The runs that fit a query, in the same order."""
        return filter(wanted.matcher(), self.of(wanted.experiments))

    def _loose(self, experiments: Experiments) -> Iterator[Document]:
        paths = {entry_path(job_id): job_id for job_id in sorted(self.ledger.loose)}
        for path, data in self.ledger.view.read_many(paths, ENTRY_LIMIT):
            job_id = paths[path]
            if job_id in self.ledger.repeated:
                yield from self._from_ledger(job_id, experiments)
                continue
            if isinstance(data, bytes) and not _may_be_of(data, experiments):
                continue
            document = usable_document(job_id, path, data)
            if document is None:
                yield from self._from_ledger(job_id, experiments)
            elif _is_of(document, experiments):
                yield self._with_retractions(document)

    def _packed(self, experiments: Experiments) -> Iterator[Document]:
        repeated = self.ledger.repeated
        for path in self.ledger.packs.paths:
            data = self.ledger.view.read(path, SEGMENT_LIMIT)
            for line in lines_of(data) if isinstance(data, bytes) else ():
                if not _may_be_of(line, experiments):
                    continue
                job_id = run_of(line)
                if job_id in repeated:
                    continue
                document = usable_document(job_id, path, line)
                if document is None:
                    self.unusable.append(job_id)
                elif _is_of(document, experiments):
                    yield self._with_retractions(document)
        for job_id in sorted(repeated - self.ledger.loose):
            yield from self._from_ledger(job_id, experiments)

    def _from_ledger(self, job_id: str, experiments: Experiments) -> Iterator[Document]:
        """The entry of a run that has several, or whose own file cannot be used."""
        document = self.ledger.document(job_id)
        if document is None:
            self.unusable.append(job_id)
        elif _is_of(document, experiments):
            yield self._with_retractions(document)

    def of_run(self, job_id: str) -> Document | None:
        """One run; None if it has no entry that can be used."""
        document = self.ledger.document(job_id)
        return None if document is None else self._with_retractions(document)

    def _with_retractions(self, document: Document) -> Document:
        retraction = self.retractions.get(document["job_id"])
        if retraction is not None:
            document["retracted"] = list(retraction.record_ids)
        return document


def _may_be_of(data: bytes, experiments: Experiments) -> bool:
    """Whether an entry may be of one of the experiments; False only if it certainly is not."""
    if experiments is None or b"\\" in data:
        return True  # an escape spells a name in another way
    return any(name.encode("utf-8", "surrogatepass") in data for name in experiments)


def _is_of(run: Document, experiments: Experiments) -> bool:
    return experiments is None or not experiments.isdisjoint(experiments_in(run))
