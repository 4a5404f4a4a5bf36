"""What brings a missing or damaged file of the ledger back: a commit, or this machine's run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property

from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.citation import Citation
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, is_segment
from pytest_aexp.model.packs.segment_check import survey_segment
from pytest_aexp.model.problems import (
    BROKEN,
    CHANGED_EVIDENCE,
    CONTRADICTION,
    EMPTY_BATCH,
    IDENTITY_MISMATCH,
    INVALID_ENTRY,
    INVALID_RETRACTION,
    INVALID_SEGMENT,
    SUSPICIOUS_KEY,
    UNCHECKED_NUMBER,
    WRONG_NUMBER,
    Fault,
    Remedy,
)
from pytest_aexp.model.retractions import is_record_path, read_record, record_path
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.check.lost_entries import (
    LostEntry,
    changed_since,
    cited_by,
    describe,
    lost_entries,
)

_DAMAGE = (BROKEN, INVALID_ENTRY, INVALID_SEGMENT, IDENTITY_MISMATCH, INVALID_RETRACTION)
_OF_LOSS = (BROKEN, EMPTY_BATCH, CHANGED_EVIDENCE, WRONG_NUMBER, UNCHECKED_NUMBER)
"""What may come of an entry that is gone, or is not what was promoted."""
_MOST_FILES = 20
"""How many files are looked into: of many problems of one kind a few are shown."""
_MOST_HISTORIES = 3
"""Of how many of these the history is searched, which may be long."""
_MOST_VERSIONS = 5
_MOST_COMMITS = 200
"""In how many of the last commits a deletion is searched: a large ledger takes long."""


class Restoration:
    """Advises on what is missing or damaged in the ledger that a view of the repository has."""

    def __init__(self, repository: Repository, view: View, store: RunStore | None) -> None:
        self._root = repository.root
        self._view = view
        self._revision = view.revision
        self._is_after_head = "HEAD" in view.earlier
        self._store = store
        self._sound: dict[str, str | None] = {}
        self._lost: dict[str, tuple[LostEntry, ...]] = {}
        self._changed: dict[str, frozenset[str]] = {}
        self._histories_searched = 0

    def advise(self, fault: Fault, path: str | None = None) -> Fault:
        """The fault, with the command that brings the file back where there is one.

        ``path`` is where the file lies, if the fault lies elsewhere: in what cites it.
        """
        path = path or fault.path
        is_in_conflict = fault.remedy is Remedy.RESOLVE
        if (
            fault.rule not in _DAMAGE
            or fault.remedy is Remedy.LFS_PULL
            or os.path.isdir(self._root / path)
            # It is to be resolved, and git still lists both versions.
            or (is_in_conflict and self._lists(path, "--unmerged"))
        ):
            return fault
        if is_in_conflict and self._lists(path, "--resolve-undo"):
            both = f"git checkout --merge -- {path} && aexp ledger resolve {fault.job_id}"
            return fault._replace(fix=f"run `{both}`: git still has both versions")
        # By identity: the rule is equal to that of an invalid entry.
        source = None if fault.rule is CONTRADICTION else self._last_sound_commit(path)
        if source is not None:
            return _restored(fault, fault.message, path, source)
        job_id = fault.job_id
        is_packed = is_segment(path) and fault.rule is not CONTRADICTION
        if job_id is None or self._store is None or is_packed:
            return fault
        run = self._store.get(job_id)
        if run is not None and run.usable and run.finished:
            fix = f"run `aexp ledger promote {job_id}`: this machine has the run"
            return fault._replace(fix=fix)
        return fault

    def advise_citing(self, fault: Fault, citations: Sequence[Citation], ledger: Ledger) -> Fault:
        """The fault of what is cited, with what brings back the entries that these have lost."""
        for record_id in fault.retractions if fault.rule is SUSPICIOUS_KEY else ():
            path = record_path(record_id)
            if path in self._committed and not self._view.has_file(path):
                message = f"the retraction record {record_id}, which is accepted here, was deleted"
                return _restored(fault, message, path, "HEAD")
        if fault.rule not in _OF_LOSS or fault.remedy is Remedy.RESTORE:
            return fault
        for source in self._earlier_commits(fault, citations):
            if source not in self._lost:
                self._lost[source] = lost_entries(self._root, ledger, source)
            if lost := cited_by(citations, self._lost[source]):
                paths = dict.fromkeys(one.entry.path for one in lost)
                message = f"{fault.message}; {describe(lost)}"
                restored = _restored(fault, message, " ".join([*paths][:_MOST_FILES]), source)
                current = [one.current_fault for one in lost if one.current_fault]
                return restored._replace(fix=self.advise(current[0]).fix) if current else restored
        return fault

    def _earlier_commits(self, fault: Fault, citations: Sequence[Citation]) -> Iterator[str]:
        """The commits that may have had what the citations lead to: the last, and one before."""
        if self._is_after_head:
            yield "HEAD"
        self._histories_searched += 1
        if self._histories_searched > _MOST_HISTORIES:
            # What was the commit for one finding is it for others that did not change since.
            commits = [commit for commit in self._lost if commit != "HEAD"]
            yield from (c for c in commits if fault.path not in self._changed_since(c))
            return
        if fault.rule is BROKEN and fault.job_id:
            yield from self._before_deletion(entry_path(fault.job_id))
            return
        # The commit that pinned the citation, or else the last one that changed the finding.
        pins = {citation.pin_text for citation in citations}
        # -S finds the commits that add or remove a text: the last of them wrote the pin.
        changing = ("-S", *pins) if len(pins) == 1 and all(pins) else ()
        command = ("log", "-n1", "--format=%h", *changing, self._revision)
        yield from self._git(*command, path=fault.path).split()

    def _changed_since(self, commit: str) -> frozenset[str]:
        if commit not in self._changed:
            changed = changed_since(self._location, self._view, commit)
            self._changed[commit] = frozenset(changed)
        return self._changed[commit]

    def _before_deletion(self, path: str) -> Iterator[str]:
        commits = self._git("rev-list", "-n", str(_MOST_COMMITS), self._revision)
        # With -m merges are compared as well: else git shows nothing for them.
        command = ("diff-tree", "--stdin", "-r", "-m", "--diff-filter=D", "--name-only")
        deleting = self._git(*command, path=path, stdin=commits)
        yield from (f"{line[:12]}~1" for line in deleting.split()[:1])

    def _git(self, *command: str, path: str = "", stdin: str = "") -> str:
        """What git says, of one file if there is a path; nothing where it refuses."""
        spec = ("--", f":(top,literal){self._location.prefix}{path}") if path else ()
        answer = git_or_none((*command, *spec), self._location.top, stdin=stdin.encode())
        return (answer or b"").decode(errors="replace")

    def _last_sound_commit(self, path: str) -> str | None:
        """The last commit in which the file is sound; None if it is not there."""
        if path in self._sound:  # one file may have many faults
            return self._sound[path]
        if path not in self._committed or len(self._sound) >= _MOST_FILES:
            return None
        commits = self._commits_with(path)
        self._sound[path] = next((rev for rev in commits if self._is_sound(path, rev)), None)
        return self._sound[path]

    def _commits_with(self, path: str) -> Iterator[str]:
        """The commits that may have a sound version, the last first."""
        if self._is_after_head:
            yield "HEAD"
        if len(self._sound) < _MOST_HISTORIES:
            command = ("log", f"-n{_MOST_VERSIONS}", "--format=%h", self._revision)
            yield from self._git(*command, path=path).split()

    @cached_property
    def _location(self) -> Location:
        return Location.of(self._root)

    @cached_property
    def _committed(self) -> frozenset[str]:
        """The files of the ledger that the last commit has."""
        prefix, options = self._location.prefix, ("-r", "--full-tree", "--name-only", "-z")
        folder = f"{prefix}{LEDGER_DIR}/"
        names = self._git("ls-tree", *options, self._revision, "--", folder).split("\0")
        return frozenset(name.removeprefix(prefix) for name in names)

    def _lists(self, path: str, which: str) -> bool:
        """Whether git lists the file among those."""
        return bool(self._git("ls-files", which, "-z", path=path))

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


def _restored(fault: Fault, message: str, paths: str, source: str) -> Fault:
    """The fault with the command that brings the files back from the commit ``source``."""
    if fault.rule is BROKEN:
        message = f"run {fault.job_id} was not found: its ledger entry was deleted"
    fix = f"run `git restore --source={source} --staged --worktree -- {paths}`, and commit"
    if source == "HEAD":
        what = "them" if " " in paths else "it"
        fix = f"run `git restore --staged --worktree -- {paths}`: the last commit has {what}"
    return fault._replace(message=message, fix=fix, remedy=Remedy.RESTORE)
