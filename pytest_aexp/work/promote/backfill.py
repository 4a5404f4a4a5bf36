"""Backfill: every finished run of the store enters the ledger; a bad one never stops the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.files import sync_file_system
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.entry import LEDGER_DIR, TERMINAL_STATUSES
from pytest_aexp.model.run_store import RunFiles
from pytest_aexp.work.promote.promote import Promoter, open_store


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of one run; ``refused`` is why it could not enter the ledger."""

    job_id: str
    finished: bool = True
    written: bool = False
    refused: str | None = None


def backfill(
    repository: Repository, machine_label: str | None = None, *, overwrite: bool = False
) -> Iterator[Promotion]:
    """Promote each finished run of the store, one by one; one bad run does not stop the rest.

    Raises RunStoreNotInitialized, UsageError, OSError (for example: no space left).
    """
    store = open_store(repository)
    promoter = Promoter(repository, store, machine_label, overwrite=overwrite, many=True)
    written = False
    try:
        for job_id in sorted(store.job_ids):
            promotion = _backfilled(promoter, job_id, store.files(job_id))
            written = written or promotion.written
            yield promotion
    finally:
        if written:
            sync_file_system(repository.root / LEDGER_DIR)


def _backfilled(promoter: Promoter, job_id: str, files: RunFiles) -> Promotion:
    if not files.faults and files.document.get("status") not in TERMINAL_STATUSES:
        return Promotion(job_id, finished=False)
    try:
        return Promotion(job_id, written=promoter.promote(job_id, files))
    except NotPromotable as refusal:
        return Promotion(job_id, refused=str(refusal))
