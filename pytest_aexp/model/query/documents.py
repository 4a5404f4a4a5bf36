"""The runs of a ledger as their entries have them, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pytest_aexp.ground.files import Unreadable
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
        """The runs of the experiments, or all: loose, packed, and with several entries."""
        repeated = self.ledger.repeated
        for job_id, path, data in chain(self._loose(), self._packed()):
            document: Document | None
            if job_id in repeated or not _may_be_of(data, experiments):
                continue
            if isinstance(data, Unreadable):  # it may have been packed since it was listed
                document = self.ledger.document(job_id)
            else:
                document = usable_document(job_id, path, data)
            yield from self._wanted(job_id, document, experiments)
        for job_id in sorted(repeated):
            yield from self._wanted(job_id, self.ledger.document(job_id), experiments)

    def fitting(self, wanted: Query) -> Iterator[Document]:
        """The runs that fit a query."""
        return filter(wanted.matcher(), self.of(wanted.experiments))

    def _loose(self) -> Iterator[tuple[str, str, bytes | Unreadable]]:
        paths = {entry_path(job_id): job_id for job_id in sorted(self.ledger.loose)}
        for path, data in self.ledger.view.read_many(paths, ENTRY_LIMIT):
            yield paths[path], path, data

    def _packed(self) -> Iterator[tuple[str, str, bytes]]:
        for path in self.ledger.packs.paths:
            data = self.ledger.view.read(path, SEGMENT_LIMIT)
            for line in lines_of(data) if isinstance(data, bytes) else ():
                yield run_of(line), path, line

    def _wanted(
        self, job_id: str, document: Document | None, experiments: Experiments
    ) -> Iterator[Document]:
        if document is None:
            self.unusable.append(job_id)
        elif experiments is None or not experiments.isdisjoint(experiments_in(document)):
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


def _may_be_of(data: bytes | Unreadable, experiments: Experiments) -> bool:
    """Whether an entry may be of one of the experiments; False only if it certainly is not."""
    if experiments is None or isinstance(data, Unreadable) or b"\\" in data:
        return True  # an escape spells a name in another way
    return any(name.encode("utf-8", "surrogatepass") in data for name in experiments)
