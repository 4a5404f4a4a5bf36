"""The public functions of the ledger: promote one run or every run, read an entry."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pytest_aexp.catalogue import Ledger
from pytest_aexp.entries import (
    ENTRY_LIMIT,
    SCHEMA_VERSION,
    TERMINAL_STATUSES,
    entry_path,
)
from pytest_aexp.errors import NotPromotable, RunNotFound, RunStoreNotInitialized
from pytest_aexp.files import Unreadable
from pytest_aexp.identity import is_job_id
from pytest_aexp.packsearch import packed_version
from pytest_aexp.projection import project
from pytest_aexp.promoter import Promoter, parsed
from pytest_aexp.repository import Repository
from pytest_aexp.runstore import Job, repository_of
from pytest_aexp.sharing import Parts, Share, can_share
from pytest_aexp.store import RunFiles, RunStore
from pytest_aexp.text import quoted
from pytest_aexp.views import WorkTree

__all__ = [
    "LEDGER_DIR_REL",
    "SCHEMA_VERSION",
    "Promotion",
    "backfill",
    "backfill_ledger",
]
__all__ += ["ledger_path", "list_ledger_job_ids", "load_ledger_entry", "project_to_ledger_entry"]
__all__ += ["promote_to_ledger"]

LEDGER_DIR_REL = Path(".aexp") / "ledger"
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


def ledger_path(repo_root: str | Path, job_id: str) -> Path:
    """Where the entry of a run lies; raises ValueError if ``job_id`` is not a job id."""
    if not is_job_id(job_id):
        raise ValueError(f"not a job id (32 lower-case hex digits): {quoted(job_id)}")
    return Path(repo_root) / entry_path(job_id)


def load_ledger_entry(repo_root: str | Path, job_id: str) -> dict[str, Any] | None:
    """The entry of a run as the ledger says it; None if there is none that can be read."""
    if not is_job_id(job_id):
        return None
    data = WorkTree(Path(repo_root)).read(entry_path(job_id), ENTRY_LIMIT)
    if not isinstance(data, Unreadable):
        return parsed(data)
    packed = packed_version(Path(repo_root), job_id) if data.missing else None
    return None if packed is None else parsed(packed.data)


def list_ledger_job_ids(repo_root: str | Path) -> set[str]:
    """The job ids that the ledger has an entry for."""
    return set(Ledger(WorkTree(Path(repo_root))).job_ids)


def project_to_ledger_entry(job: Job, *, machine_label: str | None = None) -> dict[str, Any]:
    """The sanitised entry of a finished run; raises NotPromotable (a ValueError)."""
    store = _store_of(job)
    machine = machine_label or Repository.open(repository_of(job)).machine_label
    return project(job.id, store.files(job.id), machine)


def promote_to_ledger(
    job: Job | str, *, repo_root: str | Path | None = None, machine_label: str | None = None
) -> Path:
    """Write the entry of a finished run, a signac job or a job id; where it lies.

    An entry that says the same already is left as it is, to the byte, and where it is: that may
    be a segment of packed entries. Raises NotPromotable, RunNotFound, RunStoreNotInitialized,
    UsageError, OSError.
    """
    if isinstance(job, str):
        repository = Repository.open(repo_root)
        store = open_store(repository)
        if job not in store.job_ids:
            raise RunNotFound(f"no run {quoted(job)} in the run store {store.shown}")
        job_id = job
    else:
        store = _store_of(job)
        repository = Repository.open(repo_root or repository_of(job))
        job_id = job.id
    promoter = Promoter(repository, store, machine_label)
    promoter.promote(job_id)
    return repository.root / promoter.place(job_id)


def backfill(
    repository: Repository, machine_label: str | None = None, *, overwrite: bool = False
) -> Iterator[Promotion]:
    """Promote each finished run of the store, one by one; one bad run does not stop the rest.

    Raises RunStoreNotInitialized, UsageError, OSError (for example: no space left).
    """
    store = open_store(repository)
    promoter = Promoter(repository, store, machine_label, overwrite=overwrite, many=True)
    job_ids = sorted(store.job_ids)
    try:
        if len(job_ids) < MANY or not can_share():
            yield from _each_backfilled(promoter, store, job_ids)
            return
        with closing(Parts(job_ids, _PART)) as parts:
            yield from _both_backfilled(promoter, store, job_ids, parts)
    finally:
        if hasattr(os, "sync"):
            os.sync()


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


def backfill_ledger(
    repo_root: str | Path | None = None,
    *,
    machine_label: str | None = None,
    overwrite: bool = False,
) -> tuple[int, int]:
    """Promote each finished run of the store; how many were written, and how many were right.

    ``overwrite`` writes entries that were right again. A repository without a run store has
    nothing to promote.
    """
    repository = Repository.open(repo_root)
    if RunStore.of(repository) is None:
        return 0, 0
    every = list(backfill(repository, machine_label, overwrite=overwrite))
    right = [p for p in every if p.finished and not p.written and not p.refused]
    return sum(p.written for p in every), len(right)


def open_store(repository: Repository) -> RunStore:
    """The repository's run store; raises RunStoreNotInitialized, OSError if it cannot be listed."""
    store = RunStore.of(repository)
    if store is None:
        raise RunStoreNotInitialized(
            f"no run store (a signac project) at {repository.run_store}; run `aexp install`"
        )
    store.require_listing()
    return store


def _store_of(job: Job) -> RunStore:
    project_path = Path(job.path).parent.parent
    return RunStore(project_path, str(project_path))
