"""Where a run ends: its status, and the entry that follows from it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.stderr import notice, reason
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.work.promote.project import utc_now
from pytest_aexp.work.promote.promote import promote_to_ledger
from pytest_aexp.work.runs.job_document import Change, RunDocument
from pytest_aexp.work.signac_store import Job, repository_of

STATUSES = ("created", "queued", "running", *TERMINAL_STATUSES)
"""Every status a run can have, in the order of its life."""

FAILURES = (AexpError, OSError, ValueError, TypeError, LookupError, RuntimeError)
"""What may go wrong with a run's files, which hold whatever a user put there. None of it may harm
the run: RuntimeError is signac's (a job it finds corrupted, its buffer) and deep nesting's, the
other three are of values nobody foresaw."""

_PAUSES = (0.05, 0.2)
"""Seconds between tries: another process may be half way in writing the run's document."""


def checked_status(status: str) -> str:
    """``status`` itself; raises ValueError naming those that exist."""
    if status not in STATUSES:
        raise ValueError(f"unknown status {quoted(str(status))}: choose one of {_named()}")
    return status


def _named() -> str:
    return f"{', '.join(STATUSES[:-1])} or {STATUSES[-1]}"


def mark_status(job: Job, status: str, *, set_ended_at: bool = True) -> None:
    """Set a run's status and, if the run has ended with that, write its ledger entry.

    ``ended_at`` is set to now where the run has none, unless ``set_ended_at`` is False. A status
    that is not an ending takes away the times of an earlier end. A ledger entry that cannot be
    written is told on standard error, in one line, and changes nothing else. Raises ValueError
    for an unknown status, AexpError or OSError if the run's document cannot be changed.
    """
    marked(job, status, set_ended_at=set_ended_at)


def marked(job: Job, status: str, *, set_ended_at: bool = True) -> bool:
    """The same; whether the run's entry could be written, if it has ended."""
    checked_status(status)
    return settle(
        RunDocument(job), job, lambda document: _mark(document, status, ended=set_ended_at)
    )


def settle(document: RunDocument, job: Job, change: Change, root: Path | None = None) -> bool:
    """Change a run's document; if it has ended then, promote it. False if that failed.

    ``root`` is the repository, if it is known already.
    """
    after = document.edit(change)
    return after.get("status") not in TERMINAL_STATUSES or promoted(job, root)


def _mark(document: dict[str, Any], status: str, *, ended: bool) -> None:
    if status not in TERMINAL_STATUSES:
        begin_again(document)
        if status == "running":
            set_missing(document, "started_at")
    elif ended:
        set_missing(document, "ended_at")
    document["status"] = status


def begin_again(document: dict[str, Any]) -> None:
    """Take the times of an earlier end out of a document; after an end, of its beginning too."""
    earlier = ["ended_at", "wallclock_s"]
    if document.get("status") in TERMINAL_STATUSES:
        earlier += ["started_at", "heartbeat_at"]
    for key in earlier:
        document.pop(key, None)


def set_missing(document: dict[str, Any], key: str) -> None:
    """Set a time to now where there is none."""
    if document.get(key) is None:
        document[key] = utc_now()


def promoted(job: Job, root: Path | None = None) -> bool:
    """Write a finished run's ledger entry; if that fails, say so in one line and return False."""
    for pause in (*_PAUSES, None):
        try:
            promote_to_ledger(job, repo_root=root or repository_of(job))
        except FAILURES as error:
            failure: BaseException = error
        else:
            return True
        if pause is not None:
            time.sleep(pause)
    notice(
        f"run {job.id} has ended, but its ledger entry could not be written: {reason(failure)}; "
        f"next: `aexp ledger promote {job.id}`"
    )
    return False
