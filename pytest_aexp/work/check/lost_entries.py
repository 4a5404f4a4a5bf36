"""Entries that a commit has and the ledger no longer does: deleted, edited by hand or damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.text import counted, listed
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.batches import Batches
from pytest_aexp.model.entry import LEDGER_DIR, Entry, entry_document, entry_path, job_id_in
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, is_segment, judge_line, lines_of
from pytest_aexp.model.problems import Fault
from pytest_aexp.work.check.resolve import not_excluded

_MOST_FILES = 500
"""How many files are compared: whoever replaced the whole ledger did not lose an entry."""


class LostEntry(NamedTuple):
    """A sound entry as the commit has it."""

    entry: Entry
    fate: str
    """What became of it: it was ``deleted``, ``edited by hand`` or ``damaged``."""
    current_fault: Fault | None = None
    """The fault of what is there now, if its own fix is better than the commit's version."""

    def __str__(self) -> str:
        return self.entry.job_id[:8]


def lost_entries(root: Path, ledger: Ledger, revision: str) -> tuple[LostEntry, ...]:
    """The entries of the commit ``revision`` that were deleted, edited by hand or damaged since."""
    # Deleted, modified, another type (a link, say) or unmerged.
    changes = changed_since(Location.of(root), ledger.view, revision, LEDGER_DIR, "DMTU")
    if not 0 < len(changes) <= _MOST_FILES:
        return ()
    lost: dict[str, LostEntry] = {}
    try:
        with GitView.at(root, revision) as view:
            for path, data in view.read_many(changes, SEGMENT_LIMIT):
                if isinstance(data, bytes):
                    lost |= {one.entry.job_id: one for one in _lost_of(path, data, ledger)}
    except AexpError:
        # A shallow clone lacks the commit: then there is no advice, and the problem is as it was.
        return ()
    return tuple(lost.values())


def changed_since(
    location: Location, view: View, revision: str, folder: str = "", which: str = ""
) -> list[str]:
    """The files below ``folder`` that differ from that commit's: ``which`` as git says it."""
    # Without renames: a file that lies elsewhere now is lost under its name.
    options = ("--name-only", "--no-renames", f"--diff-filter={which}", "-r", "-z")
    if isinstance(view, WorkTree):
        command = ["diff-index", *options, revision]
    elif view.tree is None:
        command = ["diff-index", "--cached", *options, revision]
    else:
        command = ["diff-tree", *options, revision, view.revision]
    spec = f":(top,literal){location.prefix}{folder}"
    answer = git_or_none([*command, "--", spec], location.top) or b""
    names = answer.decode(errors="replace").split("\0")[:-1]
    return [name.removeprefix(location.prefix) for name in names]


def _lost_of(path: str, data: bytes, ledger: Ledger) -> Iterator[LostEntry]:
    """What was lost with the file at ``path``, whose content was ``data``."""
    if is_segment(path):
        entries = [judge_line(path, n, line) for n, line in enumerate(lines_of(data), start=1)]
    elif path == entry_path(job_id_in(path)):
        entries = [judge_entry(job_id_in(path), path, data)]
    else:
        return
    for entry in entries:
        if entry.usable and not entry.faults:
            current = ledger.get(entry.job_id)
            if fate := _fate(entry, data, current, ledger.view):
                # Of an LFS pointer or a merge git still has what is wanted.
                faults = current.faults if current else ()
                yield LostEntry(entry, fate, next((f for f in faults if f.remedy), None))


def _fate(entry: Entry, data: bytes, current: Entry | None, view: View) -> str | None:
    """What became of the entry, whose file had ``data``; None if it is not lost."""
    if current is None:
        return "deleted"
    if current.path != entry.path:
        return None
    if current.path == entry_path(entry.job_id):
        before = entry_document(data) or {}
        now = entry_document(view.read(entry.path, SEGMENT_LIMIT))
        # A promotion would have renewed the time.
        if now is not None and now.get("promoted_at") == before.get("promoted_at"):
            return None if now == before else "edited by hand"
    return None if current.usable else "damaged"


def cited_by(citations: Sequence[Citation], lost: Sequence[LostEntry]) -> list[LostEntry]:
    """Those of ``lost`` that one of the citations is of."""
    by_id = {one.entry.job_id: one for one in lost}
    batches = Batches([one.entry for one in lost])
    job_ids = set[str]()
    for citation in citations:
        if isinstance(citation, JobCitation):
            job_ids.add(citation.job_id)
        elif isinstance(citation, BatchCitation):
            for selector in citation.selectors:
                fitting = batches.select(citation.experiment_id, selector)
                job_ids.update(e.job_id for e in not_excluded(citation, fitting))
    return [by_id[job_id] for job_id in sorted(job_ids & by_id.keys())]


def describe(lost: Sequence[LostEntry]) -> str:
    """``the ledger entry of run 4076a08a was deleted``."""
    fates = {one.fate for one in lost}
    fate = " or ".join(word for word in ("deleted", "edited by hand", "damaged") if word in fates)
    if len(lost) == 1:
        return f"the ledger entry of run {lost[0]} was {fate}"
    runs = f"{counted(len(lost), 'run')} ({listed(list(map(str, lost)), 3)})"
    return f"the ledger entries of {runs} were {fate}"
