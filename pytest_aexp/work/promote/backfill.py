"""Backfill: every finished run of the store enters the ledger; a bad one never stops the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.files import sync_file_system
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.entry import LEDGER_DIR, TERMINAL_STATUSES
from pytest_aexp.model.run_store import RunFiles, RunStore
from pytest_aexp.model.sharing import Parts, Share, can_share
from pytest_aexp.work.promote.promote import Promoter, open_store

MANY = 1000
"""For so many runs a second process saves more time than it costs."""

_PART = 20


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
    job_ids = sorted(store.job_ids)
    written = False
    try:
        for promotion in _backfilled_by_all(promoter, store, job_ids):
            written = written or promotion.written
            yield promotion
    finally:
        if written:
            sync_file_system(repository.root / LEDGER_DIR)


def _backfilled_by_all(
    promoter: Promoter, store: RunStore, job_ids: list[str]
) -> Iterator[Promotion]:
    if len(job_ids) < MANY or not can_share():
        yield from _each_backfilled(promoter, store, job_ids)
        return
    with closing(Parts(job_ids, _PART)) as parts:
        yield from _both_backfilled(promoter, store, job_ids, parts)


def _both_backfilled(
    promoter: Promoter, store: RunStore, job_ids: list[str], parts: Parts[str]
) -> Iterator[Promotion]:
    ours = set()
    with Share(
        lambda: list(_each_backfilled(promoter, store, chain.from_iterable(parts)))
    ) as share:
        for promotion in _each_backfilled(promoter, store, chain.from_iterable(parts)):
            ours.add(promotion.job_id)
            yield promotion
        theirs = share.result()
    rest = (job_id for job_id in job_ids if job_id not in ours)
    yield from _each_backfilled(promoter, store, rest) if theirs is None else theirs


def _each_backfilled(
    promoter: Promoter, store: RunStore, job_ids: Iterable[str]
) -> Iterator[Promotion]:
    for job_id in job_ids:
        yield _backfilled(promoter, job_id, store.files(job_id))


def _backfilled(promoter: Promoter, job_id: str, files: RunFiles) -> Promotion:
    if not files.faults and files.document.get("status") not in TERMINAL_STATUSES:
        return Promotion(job_id, finished=False)
    try:
        return Promotion(job_id, written=promoter.promote(job_id, files))
    except NotPromotable as refusal:
        return Promotion(job_id, refused=str(refusal))
