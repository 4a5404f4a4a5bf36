"""Where a run ends: its status, and the entry that follows from it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import AexpError, InvalidValue, NotPromotable
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import read_configuration
from pytest_aexp.ground.stderr import notice, reason
from pytest_aexp.ground.text import one_of, quoted, utc
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.packs.packs import standing_document
from pytest_aexp.model.ranking import attempt_key
from pytest_aexp.model.runs.run_attempt import (
    ATTEMPT_KEY,
    STATUSES,
    attempt_number,
    attempt_of,
    has_ended,
    is_foreign,
    lost_since,
)
from pytest_aexp.model.runs.run_files import RunFiles
from pytest_aexp.work.promote.project import NO_METRICS, remove_metrics, shown_status, utc_now
from pytest_aexp.work.promote.promote import Promoter, store_of
from pytest_aexp.work.runs.job_document import Change, RunDocument
from pytest_aexp.work.signac_store import Job, repository_of

FAILURES = (
    *(AexpError, OSError, ValueError, TypeError, LookupError, RuntimeError),
    *(NameError, ImportError),
)
"""What may go wrong with a run's files, which hold whatever a user put there. None of it may harm
the run: RuntimeError is signac's (a job it finds corrupted, its buffer) and deep nesting's,
the last two are Python's when it ends and has taken `open` and `import` away, the other three are
of values nobody foresaw."""

_OUTCOME = ("status", "started_at", "ended_at")
_END_TIMES = ("ended_at", "wallclock_s")
PAUSES = (0.05, 0.2)
"""Seconds between tries: another process may be half way in writing the run's document."""


class ForeignStatus(AexpError, ValueError):
    """A run has a status of another program, which is not overwritten unasked."""


def checked_status(status: str) -> str:
    """``status`` itself; raises InvalidValue naming those that exist."""
    if status not in STATUSES:
        raise InvalidValue(
            f"unknown status {quoted(str(status))}: choose one of {one_of(STATUSES)}"
        )
    return status


def mark_status(job: Job, status: str, *, set_ended_at: bool = True, replace: bool = False) -> None:
    """Set a run's status and, if the run has ended with that, write its ledger entry.

    ``ended_at`` is set to now where the run has none (of a run that was lost, to its last
    heartbeat), unless ``set_ended_at`` is False. Any other status removes the times of an
    earlier end. A ledger entry that cannot be written, or that is kept since it counts
    more, is reported on standard error, in one line, and changes nothing else. Raises ValueError
    for an unknown status, and for a run whose status is not one of these unless ``replace``;
    AexpError or OSError if the run's document cannot be changed.
    """
    mark_and_promote(job, status, set_ended_at=set_ended_at, replace=replace)


def mark_and_promote(
    job: Job, status: str, *, set_ended_at: bool = True, replace: bool = False
) -> bool:
    """The same; False if the run has ended and its entry could not be written."""
    checked_status(status)
    metrics, repository = NO_METRICS, None
    with suppress(AexpError, OSError):
        repository = Repository.open(repository_of(job))
        metrics = repository.configuration.metrics

    def mark(document: dict[str, Any]) -> None:
        if is_foreign(document) and not replace:
            raise ForeignStatus(
                f"the status of run {job.id} is {shown_status(document)}, which is not one of "
                f"pytest-aexp's: to replace it, run `aexp mark {job.id} {status} --replace`"
            )
        if repository is not None and status in TERMINAL_STATUSES:
            # Where the document could not be written when the attempt ended, the ledger has it.
            entry = entry_of_attempt(repository, job.id, document)
            document.update({name: entry[name] for name in _END_TIMES if name in entry})
        _mark(document, status, metrics, ended=set_ended_at)

    return edit_and_promote(job, mark)


def edit_and_promote(job: Job, change: Change) -> bool:
    """Change a run's document; if it has ended then, promote it. False if that failed."""
    after = RunDocument(job).edit(change)
    return not has_ended(after) or try_to_promote(job, None, after)


def configured_metrics(root: Path | None) -> Mapping[str, str]:
    """The paths of metrics, by name; none where no configuration can be read."""
    try:
        return NO_METRICS if root is None else read_configuration(root).metrics
    except (AexpError, OSError):
        return NO_METRICS


def _mark(
    document: dict[str, Any], status: str, metrics: Mapping[str, str], *, ended: bool
) -> None:
    if status not in TERMINAL_STATUSES:
        if status == "running" and (not attempt_of(document) or has_ended(document)):
            document[ATTEMPT_KEY] = {"number": next_number(document)}
        begin_again(document, metrics)
        if status == "running":
            set_missing(document, "started_at")
    elif ended and document.get("ended_at") is None:
        last = lost_since(document)
        document["ended_at"] = utc_now() if last is None else utc(last)
    document["status"] = status


def entry_of_attempt(
    repository: Repository, job_id: str, document: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The ledger entry of the attempt that ``document`` has no end of; empty if there is none."""
    if "started_at" not in document or has_ended(document):
        return {}
    entry = standing_document(WorkTree(repository.root), job_id) or {}
    attempt = {
        "registered_machine": repository.machine_label,
        "started_at": document["started_at"],
        "attempt": attempt_number(document),
    }
    return entry if attempt_key(entry) == attempt_key(attempt) else {}


def next_number(document: dict[str, Any]) -> int:
    """The number of the attempt that begins now."""
    number = attempt_number(document)
    if number is not None and document.get("status") == "running":
        # Its caller has marked it as running, and nothing has executed it since.
        return number if "token" not in attempt_of(document) else number + 1
    return (number or int("started_at" in document)) + 1


def begin_again(document: dict[str, Any], metrics: Mapping[str, str]) -> None:
    """Take the last heartbeat and the times of an earlier end out of a document.

    After an end, also the time of its beginning, and the numbers at the paths in ``metrics``.
    """
    earlier = ["heartbeat_at", "ended_at", "wallclock_s"]
    if has_ended(document):
        earlier += ["started_at"]
        remove_metrics(document, metrics)
    for key in earlier:
        document.pop(key, None)


def set_missing(document: dict[str, Any], key: str) -> None:
    """Set a time to now where there is none."""
    if document.get(key) is None:
        document[key] = utc_now()


def try_to_promote(
    job: Job,
    root: Path | None,
    document: dict[str, Any],
    statepoint: dict[str, Any] | None = None,
    *,
    quiet: bool = False,
) -> bool:
    """Write the ledger entry of a run that has ended with ``document``; False if that failed.

    What the files say counts, unless they cannot be used or lag behind ``document``, as they do
    while signac is buffering. ``root`` is the repository, ``statepoint`` the run's, if they are
    known already. A failure is reported in one line unless ``quiet``.
    """
    for pause in (*PAUSES, None):
        try:
            _promote(job, root or repository_of(job), document, statepoint)
        except FAILURES as error:
            failure: BaseException = error
        else:
            return True
        if pause is not None:
            time.sleep(pause)
    if not quiet:
        notice(
            f"run {job.id} has ended, but its ledger entry could not be written: "
            f"{reason(failure)}; next: `aexp ledger promote {job.id}`"
        )
    return False


def _lags(on_disk: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether the document on the disk is older than ``document``, and not somebody's later word.

    An attempt that has ended on the disk too may have been marked by an operator since.
    """
    if all(on_disk.get(key) == document.get(key) for key in _OUTCOME):
        return False
    is_same_attempt = on_disk.get("started_at") == document.get("started_at") and (
        attempt_number(on_disk) == attempt_number(document)
    )
    return not (is_same_attempt and has_ended(on_disk))


def _promote(
    job: Job, root: Path, document: dict[str, Any], statepoint: dict[str, Any] | None
) -> None:
    if not root.is_dir():
        # Else it would be made anew where it was, and the entry seen by nobody.
        raise NotPromotable(f"the repository {root} is gone")
    store, job_id = store_of(job), str(job.id)
    files = store.files(job_id)
    if statepoint is not None and (files.statepoint is None or files.faults):
        files = RunFiles.in_memory(statepoint, document)
    elif not files.faults and _lags(files.document, document):
        files = RunFiles.in_memory(files.statepoint, document)
    if kept := Promoter(Repository.open(root), store).promote(job_id, files).kept:
        notice(kept)
