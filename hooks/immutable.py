"""What a commit may add and must never change: segments of packed entries, retraction records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_aexp.model.ledger_survey import contradictions
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, is_segment, lines_of, run_of
from pytest_aexp.model.packs.segment_check import check_segments, form_faults
from pytest_aexp.model.problems import (
    INVALID_ENTRY,
    INVALID_RETRACTION,
    INVALID_SEGMENT,
    LEAK,
    Fault,
)
from pytest_aexp.model.retractions import RECORD_LIMIT, is_record_path, read_record

from .commit import Commit
from .early_exit import FileChange

if TYPE_CHECKING:
    from pytest_aexp.model.ledger import Ledger


def changed_segments(commit: Commit) -> dict[str, FileChange]:
    """The changes of segments, by path below the repository's root."""
    return {change.path: change for change in commit.changes or () if is_segment(change.path)}


def segment_faults(commit: Commit, ledger: Ledger) -> Iterator[Fault]:
    """The faults of the segments that the commit adds or changes, and of their lines."""
    changes = changed_segments(commit).items()
    survey = check_segments(ledger.view, sorted(p for p, c in changes if c.status != "D"))
    for entry in survey.notable:
        yield from entry.faults
    yield from survey.faults


def rewritten_segments(commit: Commit) -> Iterator[Fault]:
    """The faults of the segments that the commit changes."""
    for path, change in changed_segments(commit).items():
        if change.status not in ("A", "D"):
            yield Fault(
                INVALID_ENTRY,
                path,
                "the segment is not as it was packed: the commit would change it, and a segment "
                "never changes",
                f"run `git restore --source=HEAD --staged --worktree -- {path}`",
            )


def altered_segments(commit: Commit) -> Iterator[Fault]:
    """The faults of segments that are not as they were packed: those it changes, or all."""
    packs = Packs(commit.view)
    changed = [path for path, c in changed_segments(commit).items() if c.status != "D"]
    for path in packs.paths if commit.changes is None else sorted(changed):
        data = commit.view.read(path, SEGMENT_LIMIT)
        if isinstance(data, bytes):
            faults = form_faults(path, data, [run_of(line) for line in lines_of(data)])
            yield from (fault for fault in faults if fault.rule is INVALID_SEGMENT)


def unclear_runs(commit: Commit, ledger: Ledger) -> Iterator[Fault]:
    """The faults of runs that the commit changes, of whose entries it is unclear which counts.

    Who deletes a file may lay bare two packed entries that differ.
    """
    job_ids = set(commit.entries())
    changes = changed_segments(commit)
    there = [path for path, change in changes.items() if change.status != "D"]
    if there:
        job_ids |= ledger.packs.ids_in(there) & ledger.repeated
    return contradictions(ledger, job_ids)


def deleted_records(commit: Commit) -> Iterator[Fault]:
    """The faults of the records that the commit deletes.

    One that is changed has another content than it is named for, which is reported when it is read.
    """
    for change in commit.changes or ():
        path = change.path
        if change.status != "D" or not is_record_path(path):
            continue
        record, faults = read_record(path, commit.view.content(change.old_name, RECORD_LIMIT))
        # Who removes what was never a record, or must not be read, repairs something.
        if record is not None and not any(fault.rule is LEAK for fault in faults):
            yield Fault(
                INVALID_RETRACTION,
                path,
                "the commit would delete a retraction record, and a record is never deleted",
                f"run `git restore --source=HEAD --staged --worktree -- {path}`; to take the "
                f"retraction back, then run `aexp retract --lift {record.record_id} --reason …`",
            )
