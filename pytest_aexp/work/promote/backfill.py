"""Backfill: every finished run of the store enters the ledger; a bad one never stops the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pytest_aexp.ground.errors import GitError, NotPromotable
from pytest_aexp.ground.git.run import run_git
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import counted, listed
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import LEDGER_DIR, entry_path, job_id_in
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.runs.run_attempt import attempt_of, has_ended
from pytest_aexp.model.runs.run_files import RunFiles
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.promote.promote import Promoter, open_store

_ADDED = ("log", "--all", "--not", "HEAD", "--diff-filter=A", "--name-only", "--format=", "-z")


class BackfillResult(NamedTuple):
    """What became of one run.

    ``refused`` is why it could not enter the ledger, ``kept`` which entry was kept instead;
    ``elsewhere`` says that another branch has the entry; ``replaced`` is the run that this one was
    before it got another statepoint, whose entry nobody has seen and which was removed.
    """

    job_id: str
    finished: bool = True
    written: bool = False
    kept: str = ""
    elsewhere: bool = False
    replaced: str = ""
    refused: str | None = None


def backfill(
    repository: Repository,
    machine_label: str | None = None,
    *,
    overwrite: bool = False,
    store: RunStore | None = None,
) -> Iterator[BackfillResult]:
    """Promote each finished run of the store, one by one; one bad run does not stop the rest.

    ``store`` saves opening it. Raises RunStoreNotInitialized, UsageError, OSError (for example: no
    space left).
    """
    store = store or open_store(repository)
    promoter = Promoter(repository, store, machine_label, overwrite=overwrite, many=True)
    elsewhere = cache(lambda: runs_of_other_branches(repository.root))
    try:
        for job_id in sorted(store.job_ids):
            files = store.files(job_id)
            is_new = promoter.is_new(job_id)
            if is_new and job_id in elsewhere() and not promoter.has_entry(job_id):
                result = BackfillResult(job_id, elsewhere=True)
            else:
                result = _backfilled(promoter, job_id, files)
            if result.written and (before := _earlier_entry(repository, store, job_id, files)):
                (repository.root / entry_path(before)).unlink()
                result = result._replace(replaced=before)
            yield result
    finally:
        promoter.finish()


def _earlier_entry(
    repository: Repository, store: RunStore, job_id: str, files: RunFiles
) -> str | None:
    """The run that this one was before its statepoint changed, if only this machine knows it."""
    before = attempt_of(files.document).get("job_id")
    if not isinstance(before, str) or before == job_id or not is_job_id(before):
        return None
    entry = Ledger(WorkTree(repository.root)).get(before)
    is_ours = entry is not None and entry.machine == repository.machine_label
    is_loose = entry is not None and entry.path == entry_path(before)
    if not (is_ours and is_loose) or store.has(before):
        return None
    return None if was_ever_added(repository.root, before) else before


def _backfilled(promoter: Promoter, job_id: str, files: RunFiles) -> BackfillResult:
    if not files.faults and not has_ended(files.document):
        return BackfillResult(job_id, finished=False)
    try:
        promoted = promoter.promote(job_id, files)
        return BackfillResult(job_id, written=promoted.written, kept=promoted.kept)
    except NotPromotable as refusal:
        return BackfillResult(job_id, refused=str(refusal))


def runs_of_other_branches(root: Path) -> frozenset[str]:
    """The runs whose entries were added in commits that are not part of what is checked out."""
    try:
        listing = os.fsdecode(run_git((*_ADDED, "--", LEDGER_DIR), root))
    except GitError:  # no git, or no commit yet
        return frozenset()
    names = {job_id_in(path.strip()) for path in listing.split("\0")}
    return frozenset(filter(is_job_id, names))


def was_ever_added(root: Path, job_id: str) -> bool:
    """Whether git has, or had, the entry of a run; also where git cannot say."""
    path = entry_path(job_id)
    try:
        staged = run_git(("ls-files", "-z", "--", path), root)
        return bool(staged or run_git(("log", "--all", "-1", "--format=%H", "--", path), root))
    except GitError:
        return True


def gone_runs(repository: Repository, store: RunStore) -> list[str]:
    """The runs of this machine that the ledger has and the store lacks; not the retracted ones."""
    ledger, machine = Ledger(WorkTree(repository.root)), repository.machine_label
    missing = sorted(ledger.job_ids - store.job_ids - ledger.retractions.job_ids)
    entries = ((job_id, ledger.get(job_id)) for job_id in missing)
    return [job_id for job_id, entry in entries if entry is not None and entry.machine == machine]


def gone_line(gone: list[str]) -> str:
    """These runs in one line of text; empty if there are none."""
    if not gone:
        return ""
    entries = counted(len(gone), "entry", "entries")
    its = "its run is" if len(gone) == 1 else "their runs are"
    return (
        f"{entries} of this machine: {its} no longer in its run store "
        f"({listed([job_id[:8] for job_id in gone], 3)}); where a run became another one, such as "
        f"by a new parameter, run `aexp retract {gone[0]} --reason '…'`; where its files were "
        "cleared away, leave it"
    )
