"""Promotion: a finished run becomes an entry on disk, and stays as it is while the run does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_aexp.ground import schema
from pytest_aexp.ground.containment import require_no_link
from pytest_aexp.ground.errors import NotPromotable, RunNotFound
from pytest_aexp.ground.files import Unreadable, read_bounded, write_unnamed
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.machine_label import checked_label
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import quoted, shown
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_bytes, entry_document, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import statepoint_json
from pytest_aexp.model.packs.duplicates import choose
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import Version
from pytest_aexp.model.ranking import (
    PROMOTION_FIELDS,
    EntryDocument,
    is_complete,
    outranks,
    promoted_after,
    same_run,
)
from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.runs.run_files import RunFiles
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.merge.side import read_side
from pytest_aexp.work.promote.entry_file import DiskSync, refuse_too_large, write_entry
from pytest_aexp.work.promote.project import (
    Projection,
    describe,
    project,
    sanitise,
)
from pytest_aexp.work.signac_store import Job, no_run_store, repository_of

_MOST_ROUNDS = 5


class Promoted(NamedTuple):
    """What became of the entry of one run.

    ``kept`` says which entry was kept instead, and the command that overrules that.
    """

    written: bool
    kept: str = ""


def _promote_anyway(job_id: str) -> str:
    return f"run `aexp ledger promote {job_id} --replace`"


class Promoter:
    """Writes entries of one store's runs into one repository's ledger.

    ``overwrite`` writes an entry that is right again, ``replace`` one in place of an entry that
    outranks it. For ``many`` runs the ledger is listed once, and the disk need not have a new entry
    before `finish`. ``metrics`` are paths of numbers in a document by name, as
    in ``[tool.aexp.metrics]``, which is the default. ``how_to_replace`` says what overrules the
    entry of a run that is kept. Raises UsageError for a label that cannot name a file,
    and if the ledger lies outside the repository.
    """

    def __init__(  # noqa: PLR0913 - three independent options
        self,
        repository: Repository,
        store: RunStore,
        machine_label: str | None = None,
        *,
        overwrite: bool = False,
        replace: bool = False,
        many: bool = False,
        metrics: Mapping[str, str] | None = None,
        how_to_replace: Callable[[str], str] = _promote_anyway,
    ) -> None:
        self._how_to_replace = how_to_replace
        self._root = repository.root
        folder = WorkTree(repository.root)
        self._packs = Packs(folder) if many else None
        self._listed = frozenset(folder.names(LEDGER_DIR)) if many else None
        self._disk = DiskSync(repository.root / LEDGER_DIR)
        self._store = store
        self._metrics = repository.configuration.metrics if metrics is None else metrics
        self._label_is_given = machine_label is not None
        self._machine = (
            repository.machine_label if machine_label is None else checked_label(machine_label)
        )
        self._overwrite = overwrite
        self._replace = replace
        require_no_link(repository.root, repository.root / LEDGER_DIR)

    def promote(self, job_id: str, files: RunFiles | None = None) -> Promoted:
        """Write the entry of a run, unless one that says the same or outranks it is there.

        ``files`` saves reading them. Raises NotPromotable, OSError.
        """
        files = files or self._store.files(job_id)
        entry = describe(job_id, files, self._machine, self._metrics)
        if self.is_new(job_id) and self._packed(job_id) is None and self._create(job_id, entry):
            return Promoted(written=True)
        data = read_bounded(f"{self._root}/{entry_path(job_id)}", ENTRY_LIMIT, follow=False)
        packed = self._packed(job_id)
        if packed is None and self._is_unchanged(data, entry, files.canonical):
            return Promoted(written=False)
        projection = sanitise(entry)
        is_loose = not isinstance(data, Unreadable) or not data.missing
        is_right = self._says_the_same(data, projection.entry)
        if is_right and (packed is None or _counts(data, packed)):
            return Promoted(written=False)
        standing = packed.data if packed is not None and (is_right or not is_loose) else data
        if not is_right and not is_loose and self._says_the_same(standing, projection.entry):
            return Promoted(written=False)
        if kept := self._why_kept(standing, projection.entry):
            return Promoted(written=False, kept=kept)
        self._write(job_id, files, projection, packed, replaces=is_loose)
        return Promoted(written=True)

    def is_new(self, job_id: str) -> bool:
        """Whether the ledger had no file for the run when it was listed for many runs."""
        return self._listed is not None and f"{job_id}.json" not in self._listed

    def finish(self) -> None:
        """Wait until the disk has what was written for many runs."""
        self._disk.finish()

    def _create(self, job_id: str, entry: dict[str, Any]) -> bool:
        """Write an entry where none is; False if that cannot be done in one step.

        Nobody need look whether the run was changed meanwhile: who does so promotes it afterwards,
        and then either finds this entry, or is before it, and this one is not created.
        """
        projection = sanitise(entry)
        refuse_too_large(job_id, *projection)
        if not write_unnamed(f"{self._root}/{entry_path(job_id)}", projection.data):
            return False
        self._disk.count()
        return True

    def _write(
        self,
        job_id: str,
        files: RunFiles,
        projection: Projection,
        packed: Version | None,
        *,
        replaces: bool,
    ) -> None:
        # An entry that is replaced must outlive a power cut, so the new one is on the disk first.
        sync = self._listed is None or replaces
        # Bounded: a run may be changed again and again.
        for _ in range(_MOST_ROUNDS):
            entry, data = projection
            if packed is not None:
                data = entry_bytes(promoted_after(entry_document(packed.data), entry))
            refuse_too_large(job_id, entry, data)
            write_entry(job_id, f"{self._root}/{entry_path(job_id)}", data, sync=sync)
            # Somebody may have changed the run meanwhile (a link, a status): theirs is the last
            # word, and theirs must be in the entry.
            if files.raw is None or self._store.raw_document(job_id) == files.raw:
                break
            files = self._store.files(job_id)
            projection = project(job_id, files, self._machine, self._metrics)
        self._disk.count()

    def _why_kept(self, data: bytes | Unreadable, entry: dict[str, Any]) -> str:
        """Why the entry in ``data`` is kept; empty if it gives way to ``entry``."""
        job_id = entry["job_id"]
        if self._replace or isinstance(data, Unreadable):
            return ""
        cause = judge_entry(job_id, entry_path(job_id), data).cause
        if cause is not None and cause.remedy is not None:
            # It is in conflict, or elsewhere: what it says is not known.
            less = "what this machine has may count less"
            raise NotPromotable(f"run {job_id}: {cause.message}, and {less}: {cause.fix}")
        standing = entry_document(data)
        if standing is None or same_run(standing, entry):
            return ""
        if cause is not None and (
            is_complete(entry)
            or standing.get("registered_machine") == self._machine
            or not read_side(data, job_id).proves_complete
        ):
            return ""
        if outranks(entry, standing, self._machine):
            return ""
        return (
            f"run {job_id}: kept its ledger entry ({_summary(standing)}) over what this machine "
            f"has ({_summary(entry)}); to replace it, {self._how_to_replace(job_id)}"
        )

    def has_entry(self, job_id: str) -> bool:
        """Whether the ledger has an entry of the run, usable or not."""
        exists = os.path.lexists(self._root / entry_path(job_id))
        return exists or self._packed(job_id) is not None

    def place(self, job_id: str) -> str:
        """Where the entry of a run stands, relative to the repository."""
        path = entry_path(job_id)
        packed = None if os.path.lexists(self._root / path) else self._packed(job_id)
        return path if packed is None else packed.path

    def _packed(self, job_id: str) -> Version | None:
        if self._packs is None:
            return Packs(WorkTree(self._root)).version(job_id)
        return self._packs.version(job_id) if job_id in self._packs.job_ids else None

    def _is_unchanged(
        self, data: bytes | Unreadable, entry: dict[str, Any], statepoint: str
    ) -> bool:
        """Whether ``data`` says what ``entry`` does, in which nothing needs to be redacted.

        For most it is so, and then no entry need be laid out. ``statepoint`` is its canonical JSON.
        """
        if isinstance(data, Unreadable) or may_leak(data.decode(errors="replace")):
            return False
        standing = self._standing(data, entry)
        if standing is None or standing != entry | {n: standing[n] for n in PROMOTION_FIELDS}:
            return False
        # To Python true is 1, which the schema tells apart elsewhere.
        return statepoint_json(standing["statepoint"]) == statepoint

    def _says_the_same(self, data: bytes | Unreadable, entry: dict[str, Any]) -> bool:
        """Whether the entry in ``data`` is whole and says of the run what ``entry`` does."""
        standing = self._standing(data, entry)
        return standing is not None and same_run(standing, entry)

    def _standing(self, data: bytes | Unreadable, entry: EntryDocument) -> EntryDocument | None:
        """The entry in ``data``, if it is whole and may stay in place of one that says the same."""
        if self._overwrite or isinstance(data, Unreadable):
            return None
        document = entry_document(data)
        if document is None or not schema.is_valid("ledger-entry", document):
            return None
        is_ours = document["registered_machine"] == entry["registered_machine"]
        return document if is_ours or not self._label_is_given else None


def _summary(entry: EntryDocument) -> str:
    names = ("status", "ended_at", "registered_machine")
    return ", ".join(shown(str(entry[name]), 40) for name in names if name in entry)


def _counts(data: bytes | Unreadable, packed: Version) -> bool:
    """Whether the entry in a file counts, or says the same as the packed one, and clearly so."""
    if isinstance(data, Unreadable):
        return False
    loose, other = Version("", 1, data), entry_document(packed.data)
    choice = choose([loose, packed])
    if choice.contradicted is not None:
        return False
    return choice.version is loose or same_run(entry_document(data) or {}, other or {})


def promote_to_ledger(
    job: Job | str,
    *,
    repo_root: str | Path | None = None,
    machine_label: str | None = None,
    replace: bool = False,
) -> Path:
    """Write the entry of a finished run, a signac job or a job id, and return its path.

    An entry that says the same already is left as it is, to the byte, and where it is: that may
    be a segment of packed entries. So is one that outranks it, such as another machine's complete
    attempt, unless ``replace``: a line on standard error says so. Raises NotPromotable,
    RunNotFound, RunStoreNotInitialized, UsageError, OSError.
    """
    if isinstance(job, str):
        repository = Repository.open(repo_root)
        store = open_store(repository)
        if job not in store.job_ids:
            raise RunNotFound(f"no run {quoted(job)} in the run store {store.shown}")
        job_id = job
    else:
        store = store_of(job)
        repository = Repository.open(repo_root or repository_of(job))
        job_id = job.id
    promoter = Promoter(repository, store, machine_label, replace=replace)
    if kept := promoter.promote(job_id).kept:
        notice(kept)
    return repository.root / promoter.place(job_id)


def open_store(repository: Repository) -> RunStore:
    """The repository's run store; raises RunStoreNotInitialized, OSError if it cannot be listed."""
    store = RunStore.of(repository)
    if store is None:
        raise no_run_store(repository.run_store)
    store.require_listing()
    return store


def store_of(job: Job) -> RunStore:
    """The run store that a signac job lies in."""
    project_path = Path(job.path).parent.parent
    return RunStore(project_path, str(project_path))
