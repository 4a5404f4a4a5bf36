"""Ledger entries in conflict: both sides, as git lists them, and what becomes of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable, write_atomic
from pytest_aexp.ground.git.listing import Location, Node
from pytest_aexp.ground.git.objects import LOST, Blobs
from pytest_aexp.ground.git.run import git_or_none, run_git
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_bytes, entry_document, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import Version
from pytest_aexp.model.ranking import promoted_after, promoted_at
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.merge.merge import (
    MergeConflict,
    Merged,
    choose_by_hand,
    merge_entries,
    promote_again,
)
from pytest_aexp.work.merge.side import Content

_JOB_ID = re.compile(rb'"job_id": "([0-9a-f]{32})"')
_MARKER = re.compile(rb"^<{7}(?: |\r?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sides:
    """The versions of an entry in conflict; None where there is no such file."""

    base: Content | None
    ours: Content | None
    theirs: Content | None


@dataclass(frozen=True, slots=True)
class ConflictResult:
    """What became of one conflict: Merged is written and staged, MergeConflict left as it was.

    ``fix`` is what to type where it was refused.
    """

    job_id: str
    outcome: Merged | MergeConflict
    fix: str


def resolve(root: Path, written: str | None = None) -> list[ConflictResult]:
    """Resolve the conflict of every entry in the repository at ``root``, or of one.

    ``written`` is that entry's job id, or how it begins. Empty if there is no conflict. Raises
    GitError, RunNotFound, AmbiguousRun, and UsageError if the ledger lies outside the repository.
    """
    view = WorkTree(root)
    if os.path.lexists(root / LEDGER_DIR) and not view.has_folder(LEDGER_DIR):
        raise UsageError(f"{LEDGER_DIR} is a link that leaves the repository: nothing is written")
    with closing(Blobs(root)) as blobs:
        location = Location.of(root)
        unmerged = _unmerged(location, blobs)
        mixed = _unmixed(unmerged, location, blobs)
        unmerged |= mixed
        job_ids, packs = Ledger(view).loose | unmerged.keys(), Packs(view)
        resolutions: list[ConflictResult] = []
        chosen = job_ids if written is None else {full_job_id(written, job_ids)}
        # Of what git took for one entry all is resolved at once: it lists no more of it afterwards.
        for job_id in sorted(chosen | mixed.keys() if chosen & mixed.keys() else chosen):
            if job_id in unmerged:
                outcome = _merge(job_id, unmerged[job_id], packs.version(job_id))
                resolutions.append(ConflictResult(job_id, outcome, choose_by_hand(job_id)))
                continue
            data = view.read(entry_path(job_id), ENTRY_LIMIT)
            if isinstance(data, bytes) and _MARKER.search(data):
                resolutions.append(_too_late(job_id))
        return _write_and_stage(root, location, resolutions)


def _too_late(job_id: str) -> ConflictResult:
    """What can be done about an entry whose conflict markers were added."""
    return ConflictResult(
        job_id,
        MergeConflict("its conflict markers were added, so git no longer lists both versions"),
        f"run `git checkout --merge -- {entry_path(job_id)}` and `aexp ledger resolve {job_id}`; "
        f"if the markers are committed, {promote_again(job_id)}",
    )


def _merge(job_id: str, sides: Sides, packed: Version | None) -> Merged | MergeConflict:
    """What the sides become. ``packed`` is the run's packed entry: one side may have packed it."""
    if LOST in (sides.ours, sides.theirs):
        return MergeConflict("git has lost one of its versions (`git fsck` says more)")
    counted = packed if packed is not None and packed.judged().usable else None
    if sides.ours is not None and sides.theirs is not None:
        outcome = merge_entries(sides.base, sides.ours, sides.theirs, job_id)
    else:
        outcome = _of_one_side(job_id, sides, counted)
    if isinstance(outcome, MergeConflict) or counted is None:
        return outcome
    return _settled(sides.base, outcome, counted)


def _of_one_side(job_id: str, sides: Sides, packed: Version | None) -> Merged | MergeConflict:
    left = sides.theirs if sides.ours is None else sides.ours
    if left is None:
        document = None if packed is None else entry_document(packed.data)
        if document is None:
            return MergeConflict("both sides deleted or renamed it")
        return Merged(entry_bytes(document), "kept, as both sides packed it")
    cause = judge_entry(job_id, entry_path(job_id), left).cause
    if not isinstance(left, bytes) or cause is not None:
        why = f": {cause.message}" if cause else ""
        return MergeConflict(
            f"one side deleted or renamed it, and what the other has cannot be used{why}"
        )
    if packed is None:
        why = "as only one side has it"
        if sides.base is not None:
            why = "though one side deleted it: a merge deletes no evidence"
        return Merged(left, f"kept, {why}")
    if isinstance(sides.base, bytes) and entry_document(sides.base) == entry_document(packed.data):
        return Merged(left, "kept, though one side packed what it was before")
    return merge_entries(sides.base, left, packed.data, job_id)


def _settled(base: Content | None, merged: Merged, packed: Version) -> Merged | MergeConflict:
    """The merged entry made to count: later than the packed one, where they say two things.

    If it is not, the packed one may be as right, and is merged as well: unless both began with it.
    """
    other, outcome = entry_document(packed.data), merged
    if promoted_at(entry_document(merged.data)) > promoted_at(other):
        return merged
    if not isinstance(base, bytes) or entry_document(base) != other:
        again = merge_entries(base, merged.data, packed.data)
        if isinstance(again, MergeConflict):
            return again
        outcome = replace(merged, data=again.data)
    document = entry_document(outcome.data)
    if document is None or document == other:
        return outcome
    return replace(outcome, data=entry_bytes(promoted_after(other, document)))


def _write_and_stage(
    root: Path, location: Location, resolutions: Iterable[ConflictResult]
) -> list[ConflictResult]:
    """The same after the merged entries are written and staged."""
    kept, staged = [], b""
    for resolution in resolutions:
        path = entry_path(resolution.job_id)
        if isinstance(resolution.outcome, Merged):
            try:
                write_atomic(root / path, resolution.outcome.data)
                staged += os.fsencode(f"{location.prefix}{path}\0")
            except OSError as error:
                refused = MergeConflict(f"it cannot be written: {error.strerror}")
                kept.append(replace(resolution, outcome=refused))
                continue
        kept.append(resolution)
    if staged:
        # Not `git add`, which refuses what an ignore rule names, even where git has it.
        run_git(["update-index", "--add", "-z", "--stdin"], location.top, stdin=staged)
    return kept


def _unmerged(location: Location, blobs: Blobs) -> dict[str, Sides]:
    """The sides of each entry in conflict, as git's index has them."""
    folder = f"{location.prefix}{LEDGER_DIR}"
    listing = location.ask("ls-files", "--unmerged", "-z", "--", paths=[folder])
    stages: dict[str, dict[str, Content]] = {}
    for (mode, name, stage), path in location.records(listing):
        job_id = path.removeprefix(f"{LEDGER_DIR}/").removesuffix(".json")
        if is_job_id(job_id) and path == entry_path(job_id):
            is_file = Node(mode, name).is_file
            refused = Unreadable("is not a regular file")
            content = blobs.read(name, ENTRY_LIMIT) if is_file else refused
            stages.setdefault(job_id, {})[stage] = content
    return {
        # Stage 1 is the common version, 2 ours, 3 theirs (git-read-tree(1), "3-Way Merge").
        job_id: Sides(by_stage.get("1"), by_stage.get("2"), by_stage.get("3"))
        for job_id, by_stage in stages.items()
    }


def _unmixed(sides: dict[str, Sides], location: Location, blobs: Blobs) -> dict[str, Sides]:
    """The sides, as the two commits have them, of entries that git took for one, renamed.

    Where one side packed an entry and added another, which looks like it, that is a rename to git.
    """
    mixed = set[str]()
    for job_id, of_one in sides.items():
        contents = (content for content in astuple(of_one) if isinstance(content, bytes))
        named = {name.decode() for content in contents for name in _JOB_ID.findall(content)}
        mixed |= named | {job_id} if named - {job_id} else set()
    theirs = _their_commit(location.top) if mixed else None
    if theirs is None:
        return {}
    base = git_or_none(["merge-base", "HEAD", theirs], location.top) or b""
    commits = (os.fsdecode(base).strip(), "HEAD", theirs)

    def content(commit: str, job_id: str) -> Content | None:
        name = f"{commit}:{location.prefix}{entry_path(job_id)}"
        data = blobs.read(name, ENTRY_LIMIT)
        return None if data is LOST else data

    separate = {j: Sides(*(content(commit, j) for commit in commits)) for j in sorted(mixed)}
    return {j: s for j, s in separate.items() if j in sides or s.ours != s.theirs}


def _their_commit(top: Path) -> str | None:
    """What is being merged, rebased or picked."""
    names = ("MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD")
    ask = ("rev-parse", "--quiet", "--verify")
    return next((name for name in names if git_or_none([*ask, name], top)), None)
