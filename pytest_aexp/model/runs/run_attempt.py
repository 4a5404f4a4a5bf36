"""The attempt that a run's document describes: its number, and whether its process was lost.

``aexp_attempt`` in the document holds ``job_id`` (of then), ``number``, ``token``, ``scheduler``,
``group``, ``host``, ``pid``, ``process`` (when that process started, so that a reused pid is not
taken for it) and ``heartbeat_s``. Documents of older versions, and of agentic-experiments, have
none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_aexp.ground.text import parse_time
from pytest_aexp.model.entry import TERMINAL_STATUSES

ATTEMPT_KEY = "aexp_attempt"
STATUSES = ("created", "queued", "running", *TERMINAL_STATUSES)
"""Every status a run can have, in the order of its life."""

DEFAULT_HEARTBEAT_S = 30.0
_MISSED_BEATS = 10
"""So many heartbeats are missed by a process that hangs in a slow file system, more by none."""


def attempt_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the document says of its attempt; empty if it says nothing that can be used."""
    attempt = document.get(ATTEMPT_KEY)
    return attempt if isinstance(attempt, dict) else {}


def attempt_number(document: Mapping[str, Any]) -> int | None:
    """How many attempts there were, if that is known."""
    number = attempt_of(document).get("number")
    is_number = isinstance(number, int) and not isinstance(number, bool) and number > 0
    return number if is_number else None


def is_foreign(document: Mapping[str, Any]) -> bool:
    """Whether the status is not one of ours: it is never understood and never overwritten."""
    status = document.get("status")
    return status is not None and not (isinstance(status, str) and status in STATUSES)


def has_ended(document: Mapping[str, Any]) -> bool:
    """Whether the status says that the run has ended."""
    return document.get("status") in TERMINAL_STATUSES


def heartbeat_of(document: Mapping[str, Any]) -> datetime | None:
    """When a process last said that it was executing the run."""
    return parse_time(document.get("heartbeat_at"))


def lost_since(document: Mapping[str, Any]) -> datetime | None:
    """The last heartbeat of an unfinished run whose process must have been killed; else None."""
    last = None if is_foreign(document) or has_ended(document) else heartbeat_of(document)
    if last is None or has_process_here(document):
        return None
    interval = attempt_of(document).get("heartbeat_s")
    seconds = interval if isinstance(interval, int | float) and interval > 0 else 0
    patience = _MISSED_BEATS * (seconds or DEFAULT_HEARTBEAT_S)
    return last if (datetime.now(UTC) - last).total_seconds() > patience else None


def has_process_here(document: Mapping[str, Any]) -> bool:
    """Whether the process of the attempt is still there, on this host."""
    attempt = attempt_of(document)
    pid = attempt.get("pid")
    if attempt.get("host") != host_name() or not isinstance(pid, int):
        return False
    return is_alive(pid) and attempt.get("process") in (None, process_start(pid))


def host_name() -> str:
    """The name of this host, as its operating system says it."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def is_alive(pid: int) -> bool:
    """Whether there is a process with that id on this host."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):  # whatever number a document holds
        return False
    return True


def process_start(pid: int) -> str | None:
    """When a process of this host started, in ticks since the system did; None if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # Source: proc_pid_stat(5). The name of the program, in parentheses, may hold anything; behind
    # it is the state, field 3, and the start is field 22. A zombie executes nothing.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def age(moment: datetime) -> str:
    """How long ago something was: ``7 days``, ``1 hour``."""
    passed = max(datetime.now(UTC) - moment, timedelta())
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(passed.total_seconds() // seconds)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
