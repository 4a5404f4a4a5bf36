"""Ledger entries in conflict: both sides, wherever git still has them, and what becomes of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable, write_atomic
from pytest_aexp.ground.git.listing import Location, Node, Tree
from pytest_aexp.ground.git.objects import LOST, Blobs
from pytest_aexp.ground.git.run import git_or_none, run_git
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, entry_path, judge_entry
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.packs import Packs, Version, promotion
from pytest_aexp.model.packs.segment import parsed
from pytest_aexp.model.short_id import full_job_id
from pytest_aexp.work.merge.merge import (
    Merged,
    Refused,
    choose_by_hand,
    merge_entries,
    promote_again,
)
from pytest_aexp.work.merge.side import OUTCOME, Content, read_version
from pytest_aexp.work.promote.project import entry_bytes
from pytest_aexp.work.promote.promote import promoted_after

_MARKER = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?: .*)?\n?")
_STEPS = {
    ("", b"<"): "ours",
    ("ours", b"|"): "base",
    ("ours", b"="): "theirs",
    ("base", b"="): "theirs",
    ("theirs", b">"): "",
}


@dataclass(frozen=True, slots=True)
class Sides:
    """The versions of an entry in conflict; None where there is no such file."""

    base: Content | None
    ours: Content | None
    theirs: Content | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of one conflict: Merged is written and staged, Refused left as it was.

    ``fix`` is what to type where it was refused.
    """

    job_id: str
    outcome: Merged | Refused
    fix: str


def resolve(root: Path, written: str | None = None) -> list[Resolution]:
    """Resolve the conflict of every entry in the repository at ``root``, or of one.

    ``written`` is that entry's job id, or how it begins. Empty if there is no conflict. Raises
    GitError, RunNotFound, AmbiguousRun, and UsageError if the ledger lies outside the repository.
    """
    view = WorkTree(root)
    if os.path.lexists(root / LEDGER_DIR) and not view.has_folder(LEDGER_DIR):
        raise UsageError(f"{LEDGER_DIR} is a link that leaves the repository: nothing is written")
    with closing(Blobs(root)) as blobs:
        history = _History(Location.of(root), blobs)
        unmerged = history.staged("--unmerged")
        known, packs = Ledger(view).loose | unmerged.keys(), Packs(view)
        resolutions: list[Resolution] = []
        for job_id in sorted(known) if written is None else [full_job_id(written, known)]:
            if job_id in unmerged:
                outcome = _merge(job_id, unmerged[job_id], packs.version(job_id))
                resolutions.append(Resolution(job_id, outcome, choose_by_hand(job_id)))
            else:
                data = view.read(entry_path(job_id), ENTRY_LIMIT)
                resolutions += _of_markers(history, job_id, data, packs)
        return _kept(root, history.location, resolutions)


def _merge(job_id: str, sides: Sides, packed: Version | None) -> Merged | Refused:
    """What the sides become. ``packed`` is the run's packed entry: one side may have packed it."""
    if LOST in (sides.ours, sides.theirs):
        return Refused("git has lost one of its versions (`git fsck` tells more)")
    counted = packed if packed is not None and packed.judged().usable else None
    if sides.ours is not None and sides.theirs is not None:
        outcome = merge_entries(sides.base, sides.ours, sides.theirs, job_id)
    else:
        outcome = _of_one_side(job_id, sides, counted)
    if isinstance(outcome, Refused) or counted is None:
        return outcome
    return _settled(sides.base, outcome, counted)


def _of_one_side(job_id: str, sides: Sides, packed: Version | None) -> Merged | Refused:
    left = sides.theirs if sides.ours is None else sides.ours
    if left is None:
        return Refused("both sides deleted or renamed it")
    cause = judge_entry(job_id, entry_path(job_id), left).cause
    if not isinstance(left, bytes) or cause is not None:
        said = f": {cause.message}" if cause else ""
        return Refused(
            f"one side deleted or renamed it, and what the other has cannot be used{said}"
        )
    if packed is None:
        return Merged(left, "kept, though one side deleted it: a merge deletes no evidence")
    if isinstance(sides.base, bytes) and parsed(sides.base) == parsed(packed.data):
        return Merged(left, "kept, though one side packed what it was before")
    return merge_entries(sides.base, left, packed.data, job_id)


def _settled(base: Content | None, merged: Merged, packed: Version) -> Merged | Refused:
    """The merged entry made to count: later than the packed one, where they say two things.

    If it is not, the packed one may be as right, and is merged as well: unless both began with it.
    """
    other, outcome = parsed(packed.data), merged
    if promotion(parsed(merged.data)) > promotion(other):
        return merged
    if not isinstance(base, bytes) or parsed(base) != other:
        again = merge_entries(base, merged.data, packed.data)
        if isinstance(again, Refused):
            return again
        outcome = replace(merged, data=again.data)
    document = parsed(outcome.data)
    if document is None or document == other:
        return outcome
    return replace(outcome, data=entry_bytes(promoted_after(packed, document)))


def _kept(root: Path, location: Location, resolutions: Iterable[Resolution]) -> list[Resolution]:
    """The same after the merged entries are written and staged."""
    kept, staged = [], b""
    for resolution in resolutions:
        path = entry_path(resolution.job_id)
        if isinstance(resolution.outcome, Merged):
            try:
                write_atomic(root / path, resolution.outcome.data)
                staged += os.fsencode(f"{location.prefix}{path}\0")
            except OSError as error:
                refused = Refused(f"it cannot be written: {error.strerror}")
                kept.append(replace(resolution, outcome=refused))
                continue
        kept.append(resolution)
    if staged:
        run_git(["update-index", "--add", "-z", "--stdin"], location.top, stdin=staged)
    return kept


@dataclass(frozen=True, slots=True)
class _History:
    """What git still has of entries in conflict."""

    location: Location
    blobs: Blobs

    def staged(self, option: str) -> dict[str, Sides]:
        """The sides of each entry that ``git ls-files`` lists stages of under ``option``."""
        folder = f"{self.location.prefix}{LEDGER_DIR}"
        listing = self.location.ask("ls-files", option, "-z", "--", paths=[folder])
        stages: dict[str, dict[str, Content]] = {}
        for (mode, name, stage), path in self.location.records(listing):
            job_id = path.removeprefix(f"{LEDGER_DIR}/").removesuffix(".json")
            if is_job_id(job_id) and path == entry_path(job_id):
                stages.setdefault(job_id, {})[stage] = self.content(Node(mode, name))
        return {
            job_id: Sides(found.get("1"), found.get("2"), found.get("3"))
            for job_id, found in stages.items()
        }

    def committed(self, commit: str, job_id: str) -> Content | None:
        """The entry of a run in a commit; None if it has none."""
        node = Tree(self.location, commit).files([entry_path(job_id)]).get(entry_path(job_id))
        return None if node is None else self.content(node)

    def content(self, node: Node) -> Content:
        if not node.is_file:
            return Unreadable("is not a regular file")
        return self.blobs.read(node.name, ENTRY_LIMIT)

    def knows(self, data: Content) -> bool:
        """Whether a file with this content was ever added here."""
        assert isinstance(data, bytes)
        top = self.location.top
        name = run_git(["hash-object", "--stdin"], top, stdin=data).decode().strip()
        return self.blobs.read(name, ENTRY_LIMIT) == data


# Conflict markers that were added, or even committed


def _of_markers(
    history: _History, job_id: str, data: Content, packs: Packs
) -> Iterator[Resolution]:
    """The resolution of an entry whose text holds conflict markers; none if it holds none."""
    if isinstance(data, Unreadable) or b"<<<<<<<" not in data:
        return
    text = data.replace(b"\r\n", b"\n")
    if not any(map(_MARKER.fullmatch, text.splitlines())):
        return
    outcome: Merged | Refused = Refused("its conflict markers do not enclose two whole versions")
    for sides in _sides_behind(history, job_id, text):
        outcome = _merge(job_id, sides, packs.version(job_id))
        if isinstance(outcome, Merged):
            break
    restore = f"restore a version that `git log -p -- {entry_path(job_id)}` shows"
    yield Resolution(job_id, outcome, f"{restore}, or {promote_again(job_id)}")


def _sides_behind(history: _History, job_id: str, text: bytes) -> Iterator[Sides]:
    """Where both sides may be had from, the surest first."""
    before_adding = history.staged("--resolve-undo").get(job_id)
    if before_adding is not None:
        yield before_adding
    yield from _merged_commits(history, job_id, text)
    enclosed = split_markers(text)
    if enclosed is not None and _are_whole(history, job_id, enclosed):
        yield enclosed


def _merged_commits(history: _History, job_id: str, text: bytes) -> Iterator[Sides]:
    """The versions in the two parents of the merge that committed ``text``."""
    top, path = history.location.top, f"{history.location.prefix}{entry_path(job_id)}"
    head = git_or_none(["rev-parse", "--verify", "--quiet", "HEAD"], top)
    if head is None or history.committed("HEAD", job_id) != text:
        return
    commit = history.location.ask("rev-list", "-1", "HEAD", "--", paths=[path]).decode().strip()
    parents = run_git(["rev-list", "-1", "--parents", commit], top).decode().split()[1:]
    if len(parents) == 2:
        base = (git_or_none(["merge-base", *parents], top) or b"").decode().strip()
        ours, theirs = (history.committed(parent, job_id) for parent in parents)
        yield Sides(history.committed(base, job_id) if base else None, ours, theirs)


def split_markers(text: bytes) -> Sides | None:
    """The two versions that conflict markers in ``text`` enclose; None if they are not balanced.

    There is a base only if every conflict shows one (git's ``diff3`` style).
    """
    sides: dict[str, list[bytes]] = {"base": [], "ours": [], "theirs": []}
    where, bases, conflicts = "", 0, 0
    for line in text.splitlines(keepends=True):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            for name in [where] if where else sides:
                sides[name].append(line)
            continue
        step = _STEPS.get((where, marker[1][:1]))
        if step is None:
            return None
        bases += step == "base"
        conflicts += step == "ours"
        where = step
    if where or not conflicts:
        return None
    base, ours, theirs = (b"".join(lines) for lines in sides.values())
    return Sides(base if bases == conflicts else None, ours, theirs)


def _are_whole(history: _History, job_id: str, sides: Sides) -> bool:
    """Whether no side has got part of its outcome from the other.

    What lies outside the markers git may have taken from either. Where the outcome is the same in
    both, or different in all its parts, none of it matters; else each must be a text git knows.
    """
    enclosed = [side for side in (sides.ours, sides.theirs) if side is not None]
    ours, theirs = (read_version(side, job_id).part(OUTCOME) for side in enclosed)
    same = {ours.get(name) == theirs.get(name) for name in ours | theirs}
    return len(same) < 2 or all(map(history.knows, enclosed))
