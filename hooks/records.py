"""What a commit does to retraction records: it may add some, and must not delete one."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_aexp.model.problems import INVALID_RETRACTION, LEAK, Fault
from pytest_aexp.model.retractions import RECORD_LIMIT, is_record_path, read_record

from .commit import Commit


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
                f"run `git restore --source=HEAD --staged --worktree -- {path}`; to take a "
                f"retraction back, run `aexp retract --lift {record.record_id} --reason …`",
            )
