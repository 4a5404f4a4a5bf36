"""What brings a missing or damaged file of the ledger back: a commit, or this machine's run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, is_segment
from pytest_aexp.model.packs.segment_check import survey_segment
from pytest_aexp.model.problems import (
    BROKEN,
    CONTRADICTION,
    IDENTITY_MISMATCH,
    INVALID_ENTRY,
    INVALID_RETRACTION,
    INVALID_SEGMENT,
    Fault,
)
from pytest_aexp.model.retractions import is_record_path, read_record
from pytest_aexp.model.runs.run_store import RunStore

_DAMAGE = (BROKEN, INVALID_ENTRY, INVALID_SEGMENT, IDENTITY_MISMATCH, INVALID_RETRACTION)
_MOST = 20
"""How many files are looked into: of many problems of one kind a few are shown."""
_SEARCHED = 3
"""Of how many of these the history is searched, which may be long."""
_VERSIONS = 5


class Restoration:
    """Advises on what is missing or damaged in the ledger that a view of the repository has."""

    def __init__(self, repository: Repository, view: View, store: RunStore | None) -> None:
        self._root = repository.root
        self._revision = view.revision
        self._is_after_head = "HEAD" in view.earlier
        self._store = store
        self._asked = 0

    def advise(self, fault: Fault, path: str | None = None) -> Fault:
        """The fault, with the command that brings the file back where there is one.

        ``path`` is where the file lies, if the fault lies elsewhere: in what cites it.
        """
        path = path or fault.path
        if fault.rule not in _DAMAGE or self._is_left_alone(fault, path):
            return fault
        if "`aexp ledger resolve" in fault.fix and self._lists(path, "--resolve-undo"):
            both = f"git checkout --merge -- {path} && aexp ledger resolve {fault.job_id}"
            return replace(fault, fix=f"run `{both}`: git still has both versions")
        # By identity: the rule is equal to that of an invalid entry.
        source = None if fault.rule is CONTRADICTION else self._source(path)
        if source is not None:
            message = fault.message
            if fault.rule is BROKEN:
                message = f"run {fault.job_id} was not found: its ledger entry was deleted"
            return replace(fault, message=message, fix=self._restoring(path, source))
        job_id = fault.job_id
        is_packed = is_segment(path) and fault.rule is not CONTRADICTION
        if job_id is None or self._store is None or is_packed:
            return fault
        run = self._store.get(job_id)
        if run is not None and run.usable and run.finished:
            fix = f"run `aexp ledger promote {job_id}`: this machine has the run"
            return replace(fault, fix=fix)
        return fault

    def _restoring(self, path: str, source: str) -> str:
        if source == "HEAD":
            return f"run `git restore --staged --worktree -- {path}`: the last commit has it"
        commit = "" if self._is_after_head else ", and commit"
        return f"run `git restore --source={source} --staged --worktree -- {path}`{commit}"

    def _is_left_alone(self, fault: Fault, path: str) -> bool:
        """Whether the fault has better advice already."""
        return (
            "`git lfs pull`" in fault.fix
            or "`git restore " in fault.fix
            or os.path.isdir(self._root / path)
            # git has both versions, which can then be merged.
            or ("`aexp ledger resolve" in fault.fix and self._lists(path, "--unmerged"))
        )

    def _source(self, path: str) -> str | None:
        """The last commit in which the file is sound; None if it is not there."""
        if path not in self._committed or self._asked >= _MOST:
            return None
        self._asked += 1
        return next((rev for rev in self._sources(path) if self._is_sound(path, rev)), None)

    def _sources(self, path: str) -> Iterator[str]:
        """The commits that may have a sound version, the last first."""
        if self._is_after_head:
            yield "HEAD"
        if self._asked <= _SEARCHED:
            spec = f":(top,literal){self._location.prefix}{path}"
            command = ("log", f"-n{_VERSIONS}", "--format=%h", self._revision, "--", spec)
            yield from (git_or_none(command, self._location.top) or b"").decode().split()

    @cached_property
    def _location(self) -> Location:
        return Location.of(self._root)

    @cached_property
    def _committed(self) -> frozenset[str]:
        """The files of the ledger that the last commit has."""
        folder = f"{self._location.prefix}{LEDGER_DIR}/"
        options = ("-r", "--full-tree", "--name-only", "-z")
        command = ("ls-tree", *options, self._revision, "--", folder)
        listed = git_or_none(command, self._location.top)
        names = (listed or b"").decode(errors="replace").split("\0")
        return frozenset(name.removeprefix(self._location.prefix) for name in names)

    def _lists(self, path: str, which: str) -> bool:
        """Whether git lists the file among those."""
        spec = f":(top,literal){self._location.prefix}{path}"
        return bool(git_or_none(("ls-files", which, "-z", "--", spec), self._location.top))

    def _is_sound(self, path: str, commit: str) -> bool:
        spec = f"{commit}:{self._location.prefix}{path}"
        data = git_or_none(("cat-file", "blob", spec), self._location.top)
        if data is None or len(data) > SEGMENT_LIMIT:
            return False
        if is_record_path(path):
            record, faults = read_record(path, data)
            return record is not None and not faults
        if is_segment(path):
            survey = survey_segment((path, data))
            return not survey.faults and not any(entry.faults for entry in survey.notable)
        job_id = path.rpartition("/")[2].removesuffix(".json")
        if path != entry_path(job_id) or len(data) > ENTRY_LIMIT:
            return False
        entry = judge_entry(job_id, path, data)
        return entry.usable and not entry.faults
