"""What brings a missing or damaged ledger entry back: the last commit, or this machine's run."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.problems import BROKEN, IDENTITY_MISMATCH, INVALID_ENTRY, Fault
from pytest_aexp.model.runs.run_store import RunStore

_MOST = 20
"""How many entries are looked into: of many problems of one kind a few are shown."""


class Restoration:
    """Advises on entries that are missing or damaged in a view of the repository."""

    def __init__(self, repository: Repository, view: View, store: RunStore | None) -> None:
        self._root = repository.root
        self._is_after_head = "HEAD" in view.earlier
        self._store = store
        self._asked = 0

    def advise(self, fault: Fault) -> Fault:
        """The fault, with the command that brings the entry back where there is one."""
        job_id = fault.job_id
        if fault.rule not in (BROKEN, INVALID_ENTRY, IDENTITY_MISMATCH) or job_id is None:
            return fault
        path = entry_path(job_id)
        if "`git lfs pull`" in fault.fix or self._is_in_conflict(path, fault):
            return fault
        if path in self._committed and self._asked < _MOST:
            self._asked += 1
            if self._is_sound(job_id, path):
                fix = f"run `git restore --staged --worktree -- {path}`: the last commit has it"
                if fault.rule is BROKEN:
                    message = f"run {job_id} was not found: its ledger entry was deleted"
                    return replace(fault, message=message, fix=fix)
                return replace(fault, fix=fix)
        run = self._store.get(job_id) if self._store is not None else None
        if run is not None and run.usable and run.finished:
            fix = f"run `aexp ledger promote {job_id}`: this machine has the run"
            return replace(fault, fix=fix)
        return fault

    @cached_property
    def _location(self) -> Location:
        return Location.of(self._root)

    @cached_property
    def _committed(self) -> frozenset[str]:
        """The entries that the last commit has."""
        if not self._is_after_head:
            return frozenset()
        folder = f"{self._location.prefix}{LEDGER_DIR}/"
        listed = git_or_none(
            ("ls-tree", "--full-tree", "--name-only", "-z", "HEAD", "--", folder),
            self._location.top,
        )
        names = (listed or b"").decode(errors="replace").split("\0")
        return frozenset(name.removeprefix(self._location.prefix) for name in names)

    def _is_in_conflict(self, path: str, fault: Fault) -> bool:
        """Whether git has both versions, which `aexp ledger resolve` can then merge."""
        if "`aexp ledger resolve" not in fault.fix:
            return False
        versions = ("ls-files", "-u", "-z", "--", f":(top){self._location.prefix}{path}")
        return bool(git_or_none(versions, self._location.top))

    def _is_sound(self, job_id: str, path: str) -> bool:
        spec = f"HEAD:{self._location.prefix}{path}"
        data = git_or_none(("cat-file", "blob", spec), self._location.top)
        if data is None or len(data) > ENTRY_LIMIT:
            return False
        entry = judge_entry(job_id, path, data)
        return entry.usable and not entry.faults
