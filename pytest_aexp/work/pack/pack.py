"""Packing: runs that no finding cites move from files of their own into segments, and back.

A segment is on the disk, whole, under its name, before the first file is removed whose entry it
holds. Whenever that is interrupted each run is still in one place, or in two that say the same,
and the next pack removes the second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_aexp.ground.errors import AexpError, UsageError
from pytest_aexp.ground.files import MISSING, Unreadable, read_bounded, sync_path, write_new
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.machine_label import safe_label
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_bytes, entry_document, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.ledger_survey import contradictions
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import (
    PACKS_DIR,
    SEGMENT_LIMIT,
    SEGMENT_LINES,
    segment_name,
)
from pytest_aexp.model.problems import MALFORMED, UNREADABLE, Policy
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.pack.files import line_of, refuse_unshared, remove, tidy


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs that can be packed, by job id; of those that findings cite, which stay as they are,
    how many are loose, and which are packed already.
    """

    job_ids: tuple[str, ...]
    cited: int
    cited_packed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnpackableEntry:
    """An entry that stays loose though no finding cites it, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Packed:
    """What was done for some runs.

    ``path`` is the segment that was written, None where none was; ``written`` counts its lines,
    and ``removed`` the files whose entries are in this segment or were in an earlier one.
    """

    path: str | None
    written: int
    removed: int
    left: tuple[UnpackableEntry, ...]


class NotUnpackable(AexpError):
    """A packed entry that cannot become a file of its own; the text says why."""


def plan_pack(repository: Repository) -> Plan:
    """What there is to pack. Raises UsageError where it is not clear what a finding cites."""
    view = WorkTree(repository.root)
    ledger = Ledger(view)
    checker = Checker(repository, view, Policy())
    findings = checker.findings()
    cited = _cited(findings, ledger) & ledger.job_ids
    loose, packed = cited & ledger.loose, cited - ledger.loose
    return Plan(tuple(sorted(ledger.loose - loose)), len(loose), tuple(sorted(packed)))


def _cited(findings: Sequence[Finding], ledger: Ledger) -> set[str]:
    citations = [citation for finding in findings for citation in finding.citations]
    faults = [fault for finding in findings for fault in finding.faults]
    faults += [fault for citation in citations for fault in citation.faults]
    for fault in faults:
        if fault.rule in (UNREADABLE, MALFORMED):
            place = f"{fault.path}:{fault.position.line}:{fault.position.column}"
            raise UsageError(
                f"it is not clear which runs {place} cites, so nothing is packed: "
                f"{fault.message}; {fault.fix}"
            )
    cited = {c.job_id for c in citations if isinstance(c, JobCitation)}
    batches = [c for c in citations if isinstance(c, BatchCitation)]
    ledger.load(experiments=(batch.experiment_id for batch in batches))
    for batch in batches:
        for selector in batch.selectors:
            cited.update(e.job_id for e in ledger.select(batch.experiment_id, selector))
    return cited


def pack(repository: Repository, plan: Plan, *, dry_run: bool = False) -> Iterator[Packed]:
    """Pack the runs of ``plan``, a segment's worth at a time; a dry run changes nothing.

    Only what is sound is packed: an entry without any fault, that no other place contradicts.
    Raises UsageError, OSError.
    """
    packer = _Packer(repository, dry_run=dry_run)
    pending: list[_PackableEntry] = []
    left: list[UnpackableEntry] = []
    size = 0
    for job_id in plan.job_ids:
        taken = packer.take(job_id)
        if isinstance(taken, UnpackableEntry):
            left.append(taken)
        elif taken is not None:
            if len(pending) == SEGMENT_LINES or size + len(taken.line) > SEGMENT_LIMIT:
                yield packer.seal(pending)
                pending, size = [], 0
            pending.append(taken)
            size += len(taken.line)
    if pending or left:
        yield packer.seal(pending, left)


@dataclass(frozen=True, slots=True)
class _PackableEntry:
    """A loose entry: what its file holds, and its line; ``segment`` is where that is already."""

    job_id: str
    data: bytes
    line: bytes
    segment: str | None


class _Packer:
    """Writes the segments of one machine."""

    def __init__(self, repository: Repository, *, dry_run: bool) -> None:
        self._root = repository.root
        self._folder = f"{PACKS_DIR}/{safe_label(repository.machine_label)}"
        self._dry_run = dry_run
        # Of an empty segment, since git's rules go by folder and suffix, and not by the rest of a
        # name.
        refuse_unshared(self._root, f"{self._folder}/{segment_name(b'')}")
        if not dry_run:
            tidy(self._root)
        ledger = Ledger(WorkTree(self._root))
        self._packs = ledger.packs
        unclear = contradictions(ledger, ledger.repeated)
        self._contradictions = {fault.job_id: fault for fault in unclear}

    def take(self, job_id: str) -> _PackableEntry | UnpackableEntry | None:
        """The entry, if it is sound; why it has to stay; None if it is gone."""
        path = entry_path(job_id)
        data = read_bounded(self._root / path, ENTRY_LIMIT, follow=False)
        if isinstance(data, Unreadable) and data.missing:
            return None
        faults = [*judge_entry(job_id, path, data).faults, self._contradictions.get(job_id)]
        fault = next(filter(None, faults), None)
        if fault is not None or isinstance(data, Unreadable):
            return UnpackableEntry(
                path, fault.message if fault else "the ledger entry cannot be read"
            )
        line = line_of(data)
        if line is None:
            return UnpackableEntry(
                path, "the ledger entry would not come out of a segment as it was"
            )
        versions = self._packs.versions(job_id) if job_id in self._packs.job_ids else []
        return _PackableEntry(
            job_id, data, line, next((v.path for v in versions if v.data == line), None)
        )

    def seal(
        self, pending: Sequence[_PackableEntry], left: Sequence[UnpackableEntry] = ()
    ) -> Packed:
        """Write the segment, then remove the files whose entries it holds."""
        new = [taken.line for taken in pending if taken.segment is None]
        path = self._write(b"".join(line + b"\n" for line in new)) if new else None
        removed = len(pending)
        if not self._dry_run:
            # What a pack wrote that was killed need not be on the disk yet.
            for segment in {taken.segment for taken in pending if taken.segment}:
                sync_path(self._root / segment)
                sync_path((self._root / segment).parent)
            removed = sum(remove(self._root, taken.job_id, taken.data) for taken in pending)
        return Packed(path, len(new), removed, tuple(left))

    def _write(self, data: bytes) -> str:
        path = f"{self._folder}/{segment_name(data)}"
        if self._dry_run:
            return path
        try:
            write_new(self._root / path, data)
        except FileExistsError:
            # Another pack wrote the same since; or a file stands where a folder must.
            if read_bounded(self._root / path, SEGMENT_LIMIT) != data:
                raise
        sync_path(self._root / PACKS_DIR)
        sync_path(self._root / LEDGER_DIR)
        return path


def unpack(root: Path, packs: Packs, job_id: str) -> bool:
    """Write a packed entry as a file of its own again; whether it was. Its segment stays as it is.

    A file that is there already is left alone, and so is a run that is not packed. Raises
    NotUnpackable, OSError.
    """
    version, path = packs.version(job_id), entry_path(job_id)
    if version is None:
        return False
    # Looked at once: a pack may take the file away at any moment.
    loose = WorkTree(root).read(path, ENTRY_LIMIT)
    if loose is not MISSING:
        cause = judge_entry(job_id, path, loose).cause
        if cause is None:
            return False
        folder = "-r " if os.path.isdir(root / path) and not os.path.islink(root / path) else ""
        raise NotUnpackable(f"{path}: {cause.message}; run `rm {folder}{path}`, then unpack it")
    cause = version.judged().cause
    document = entry_document(version.data)
    if cause is not None or document is None:
        reason = cause.message if cause else "it cannot be read"
        raise NotUnpackable(f"{version.place}: {reason}")
    data = entry_bytes(document)
    if len(data) > ENTRY_LIMIT:
        raise NotUnpackable(f"{version.place}: it would be larger than an entry may be")
    try:
        write_new(root / path, data)
    except FileExistsError:
        return False
    return True
