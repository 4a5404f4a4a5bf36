"""What a run's document says of its attempt, and when its process counts as lost."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_aexp.model.runs.run_attempt import (
    ATTEMPT_KEY,
    age,
    attempt_number,
    attempt_of,
    has_ended,
    has_process_here,
    host_name,
    is_alive,
    is_foreign,
    lost_since,
    process_start,
)


@pytest.mark.parametrize("odd", [None, 5, "x", [1]])
def test_an_attempt_that_cannot_be_used_is_none(odd: Any) -> None:
    assert attempt_of({ATTEMPT_KEY: odd}) == {}
    assert attempt_of({}) == {}


@pytest.mark.parametrize(
    ("number", "expected"), [(1, 1), (7, 7), (0, None), (True, None), ("2", None), (1.5, None)]
)
def test_the_number_of_an_attempt(number: Any, expected: int | None) -> None:
    assert attempt_number({ATTEMPT_KEY: {"number": number}}) == expected


@pytest.mark.parametrize(
    ("status", "foreign", "ended"),
    [
        (None, False, False),
        ("created", False, False),
        ("running", False, False),
        ("complete", False, True),
        ("done", True, False),
        ("", True, False),
        ({"a": 1}, True, False),
        (5, True, False),
    ],
)
def test_a_status_is_ours_or_foreign_and_finished_or_not(
    status: Any, foreign: bool, ended: bool
) -> None:
    assert is_foreign({"status": status}) is foreign
    assert has_ended({"status": status}) is ended


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


HERE = {"host": host_name(), "pid": os.getpid(), "process": process_start(os.getpid())}


@pytest.mark.parametrize(
    ("document", "lost"),
    [
        ({"heartbeat_at": 200}, False),
        ({"heartbeat_at": 301}, True),
        ({"heartbeat_at": 301, "status": "created"}, True),
        ({"heartbeat_at": 301, "status": "failed"}, False),
        ({"heartbeat_at": 301, "status": "done"}, False),
        ({"heartbeat_at": 11, ATTEMPT_KEY: {"heartbeat_s": 1}}, True),
        ({"heartbeat_at": 301, ATTEMPT_KEY: {"heartbeat_s": 60}}, False),
        ({"heartbeat_at": 301, ATTEMPT_KEY: {"heartbeat_s": "60"}}, True),
        ({"heartbeat_at": 301, ATTEMPT_KEY: HERE}, False),
        ({"heartbeat_at": 301, ATTEMPT_KEY: HERE | {"host": "node7"}}, True),
        ({"heartbeat_at": 301, ATTEMPT_KEY: HERE | {"process": "1"}}, True),
        ({"heartbeat_at": -9999}, False),
        ({"heartbeat_at": "yesterday"}, False),
        ({"started_at": 9999}, False),
    ],
)
def test_a_run_is_lost_ten_heartbeats_after_its_last_one_unless_its_process_is_here(
    document: dict[str, Any], lost: bool
) -> None:
    # As long ago as that now: the tests before this one may have taken minutes.
    times = {k: ago(v) for k, v in document.items() if isinstance(v, int)}
    assert (lost_since({"status": "running", **document, **times}) is not None) is lost


def test_the_process_of_an_attempt_is_told_from_a_later_one_of_its_pid() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    attempt = {"host": host_name(), "pid": child.pid, "process": process_start(child.pid)}
    assert has_process_here({ATTEMPT_KEY: attempt})
    assert not has_process_here({ATTEMPT_KEY: attempt | {"process": "12"}})
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not has_process_here({ATTEMPT_KEY: attempt}), "a zombie executes nothing"
    child.communicate()
    assert not has_process_here({ATTEMPT_KEY: attempt})
    assert not is_alive(child.pid)
    assert not is_alive(1 << 80)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "less than a minute"),
        (-50, "less than a minute"),
        (61, "1 minute"),
        (7300, "2 hours"),
        (604_900, "7 days"),
    ],
)
def test_an_age_is_rounded_to_what_people_say(seconds: float, text: str) -> None:
    assert age(datetime.now(UTC) - timedelta(seconds=seconds)) == text
