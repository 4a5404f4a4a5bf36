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
class BackfillResult:
    """What became of one run.

    ``refused`` is why it could not enter the ledger, ``kept`` which entry was kept instead.
    """

    job_id: str
    finished: bool = True
    written: bool = False
    kept: str = ""
    refused: str | None = None


def backfill(
    repository: Repository, machine_label: str | None = None, *, overwrite: bool = False
) -> Iterator[BackfillResult]:
    """Promote each finished run of the store, one by one; one bad run does not stop the rest.

    Raises RunStoreNotInitialized, UsageError, OSError (for example: no space left).
    """
    store = open_store(repository)
    promoter = Promoter(repository, store, machine_label, overwrite=overwrite, many=True)
    written = False
    try:
        for job_id in sorted(store.job_ids):
            result = _backfilled(promoter, job_id, store.files(job_id))
            written = written or result.written
            yield result
    finally:
        if written:
            sync_file_system(repository.root / LEDGER_DIR)


def _backfilled(promoter: Promoter, job_id: str, files: RunFiles) -> BackfillResult:
    if not files.faults and files.document.get("status") not in TERMINAL_STATUSES:
        return BackfillResult(job_id, finished=False)
    try:
        promoted = promoter.promote(job_id, files)
        return BackfillResult(job_id, written=promoted.written, kept=promoted.kept)
    except NotPromotable as refusal:
        return BackfillResult(job_id, refused=str(refusal))
