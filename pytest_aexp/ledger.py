"""Promotion: a finished run becomes an entry on disk. The public functions of the ledger."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, timedelta
from pathlib import Path
from typing import Any

from pytest_aexp import jsontext, schema
from pytest_aexp.catalogue import Ledger
from pytest_aexp.entries import (
    DEPTH_LIMIT,
    ENTRY_LIMIT,
    LEDGER_DIR,
    SCHEMA_VERSION,
    TERMINAL_STATUSES,
    entry_path,
)
from pytest_aexp.errors import NotPromotable, RunNotFound, RunStoreNotInitialized, UsageError
from pytest_aexp.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.identity import is_job_id, value_key
from pytest_aexp.packs import Packs, Version, promotion
from pytest_aexp.packsearch import packed_version
from pytest_aexp.projection import NOT_OF_THE_RUN, project, projected_bytes, utc
from pytest_aexp.repository import Repository
from pytest_aexp.runstore import Job, repository_of
from pytest_aexp.sharing import Share, can_share
from pytest_aexp.store import RunFiles, RunStore
from pytest_aexp.text import quoted
from pytest_aexp.views import WorkTree

__all__ = [
    "LEDGER_DIR_REL",
    "SCHEMA_VERSION",
    "Promoter",
    "Promotion",
    "backfill",
    "backfill_ledger",
]
__all__ += ["ledger_path", "list_ledger_job_ids", "load_ledger_entry", "project_to_ledger_entry"]
__all__ += ["promote_to_ledger"]

LEDGER_DIR_REL = Path(".aexp") / "ledger"
MANY = 1000
"""For so many runs a second process saves more time than it costs."""

_MOST_ROUNDS = 5
_TOLD_OF_THE_PROMOTION = tuple(
    re.compile(rf'\n  "{name}": "([^"\\]*)"'.encode()) for name in NOT_OF_THE_RUN
)


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
        return _parsed(data)
    packed = packed_version(Path(repo_root), job_id) if data.missing else None
    return None if packed is None else _parsed(packed.data)


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


class Promoter:
    """Writes entries of one store's runs into one repository's ledger.

    ``overwrite`` writes an entry that is right again. For ``many`` runs packed ones are looked up
    at less cost, and the caller sees to it that the disk has what was written. Raises UsageError
    if the ledger lies outside the repository.
    """

    def __init__(
        self,
        repository: Repository,
        store: RunStore,
        machine_label: str | None = None,
        *,
        overwrite: bool = False,
        many: bool = False,
    ) -> None:
        self._root = repository.root
        self._packs = Packs(WorkTree(repository.root)) if many else None
        self._sync = not many
        self._store = store
        self._named = machine_label is not None
        self._machine = machine_label or repository.machine_label
        self._overwrite = overwrite
        _refuse_outside(repository)

    def promote(self, job_id: str, files: RunFiles | None = None) -> bool:
        """Write the entry of a run unless it says the same already; whether it was written.

        ``files`` saves reading them. Raises NotPromotable, OSError.
        """
        path = f"{self._root}/{entry_path(job_id)}"
        files = files or self._store.files(job_id)
        entry = project(job_id, files, self._machine)
        data = read_bounded(path, ENTRY_LIMIT, follow=False)
        if self._says_the_same(data, entry, files):
            return False
        packed = self._packed(job_id)
        is_loose = not isinstance(data, Unreadable) or not data.missing
        if packed is not None and not is_loose and self._says_the_same(packed.data, entry, files):
            return False
        # An entry that is replaced must outlive a power cut, so the new one is on the disk first.
        sync = self._sync or is_loose
        for _ in range(_MOST_ROUNDS):
            data = projected_bytes(_promoted_after(packed, entry), files)
            write_atomic(path, data, sync=sync)
            # Somebody may have changed the run meanwhile (a link, a status): theirs is the last
            # word, and theirs must be in the entry.
            if self._store.raw(job_id) == files.raw:
                break
            files = self._store.files(job_id)
            entry = project(job_id, files, self._machine)
        return True

    def place(self, job_id: str) -> str:
        """Where the entry of a run stands, relative to the repository."""
        path = entry_path(job_id)
        packed = None if os.path.lexists(self._root / path) else self._packed(job_id)
        return path if packed is None else packed.path

    def _packed(self, job_id: str) -> Version | None:
        if self._packs is not None:
            return self._packs.version(job_id)
        return packed_version(self._root, job_id)

    def _says_the_same(
        self, data: bytes | Unreadable, entry: dict[str, Any], files: RunFiles
    ) -> bool:
        """Whether the entry in ``data`` is whole and says of the run what ``entry`` does."""
        if self._overwrite or isinstance(data, Unreadable):
            return False
        known = _promoted_as(data, entry)
        if known is None or projected_bytes(known, files) != data:
            # Not to the byte what would be written: another program's, or out of date.
            known = _parsed(data)
            if known is None or _of_the_run(known) != _of_the_run(entry):
                return False
        if not schema.is_valid("ledger-entry", known):
            return False
        return not self._named or known["registered_machine"] == entry["registered_machine"]


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
        half = len(job_ids) // 2
        with Share(lambda: list(_each_backfilled(promoter, store, job_ids[:half]))) as share:
            yield from _each_backfilled(promoter, store, job_ids[half:])
            yield from share.result() or _each_backfilled(promoter, store, job_ids[:half])
    finally:
        if hasattr(os, "sync"):
            os.sync()


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
    """The repository's run store; raises RunStoreNotInitialized."""
    store = RunStore.of(repository)
    if store is None:
        raise RunStoreNotInitialized(
            f"no run store (a signac project) at {repository.run_store}; run `aexp install`"
        )
    return store


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        document = jsontext.parse(data, DEPTH_LIMIT)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _promoted_as(data: bytes, entry: dict[str, Any]) -> dict[str, Any] | None:
    """``entry`` with what the one in ``data`` says of its promotion; None if that is not found."""
    told = [pattern.search(data) for pattern in _TOLD_OF_THE_PROMOTION]
    known = [found[1].decode(errors="replace") for found in told if found]
    if len(known) < len(NOT_OF_THE_RUN):
        return None
    return {**entry, **dict(zip(NOT_OF_THE_RUN, known, strict=True))}


def _of_the_run(entry: dict[str, Any]) -> str:
    return value_key({key: v for key, v in entry.items() if key not in NOT_OF_THE_RUN})


def _promoted_after(packed: Version | None, entry: dict[str, Any]) -> dict[str, Any]:
    """``entry``, promoted later than the packed one, which counts no more then."""
    before = None if packed is None else promotion(_parsed(packed.data))
    if before is None or promotion(entry) > before or before.year == MAXYEAR:
        return entry
    return {**entry, "promoted_at": utc(before + timedelta(seconds=1))}


def _refuse_outside(repository: Repository) -> None:
    real = os.path.realpath(repository.root / LEDGER_DIR_REL)
    if not real.startswith(os.path.realpath(repository.root).rstrip(os.sep) + os.sep):
        raise UsageError(f"{LEDGER_DIR} is a link that leaves the repository: nothing is written")


def _store_of(job: Job) -> RunStore:
    project_path = Path(job.path).parent.parent
    return RunStore(project_path, str(project_path))
