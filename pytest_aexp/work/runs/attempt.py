"""One execution of a run: what its processes write into the run's document, start to end."""

from __future__ import annotations

import copy
import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.runs.run_attempt import (
    ATTEMPT_KEY,
    attempt_number,
    attempt_of,
    host_name,
    is_foreign,
    process_start,
)
from pytest_aexp.model.runs.run_files import RUN_LINK_KEYS
from pytest_aexp.work.promote.project import NO_METRICS, remove_metrics, utc_now
from pytest_aexp.work.runs.code_state import CodeState, put_attempts_code
from pytest_aexp.work.runs.ranks import Rank, enter, killed_ranks, leave
from pytest_aexp.work.runs.status import begin_again, next_number, set_missing

FIRST_RANK_WAIT = 10.0
"""Seconds for the first process of several to record its start. One that is not the first, and
that nobody precedes, has a run of its own: ``srun`` also starts the tasks of a sweep."""

_OVERRIDING_STATUSES = ("stopped", "abandoned", "failed")
"""What is said of a run while it goes on, and no success takes back."""
_RESTORED_KEYS = (ATTEMPT_KEY, RUN_LINK_KEYS[0], "created_at", "started_at")
"""What a document that the block replaced gets back."""


class Attempt:
    """What this process records of an attempt. Its methods change a document in place.

    They may be called more than once for one change, on the document as it then is.
    """

    def __init__(
        self,
        rank: Rank,
        *,
        mark_started: bool,
        heartbeat_s: float,
        metrics: Mapping[str, str],
        code: CodeState | None,
    ) -> None:
        self.rank = rank
        self._code = code
        # Not the process id, which is used again, and by other hosts at the same time.
        self.token = secrets.token_hex(8)
        self.number = 1
        self.joined = False
        """Whether another process, the first of this attempt, records it."""
        self.claimed = False
        """Whether this process records it, though it is not the first: no first one came."""
        self.kept = False
        """Whether the document said how the attempt ended before this process did."""
        self.superseded: dict[str, Any] = {}
        """The attempt that began while this one went on, if one did."""
        self.killed: list[str] = []
        """Which other processes of this attempt were killed."""
        self.begun = False
        self._mark_started = mark_started
        self._heartbeat_s = heartbeat_s
        self._metrics = metrics
        # The duration is not the difference of two times: a host's clock may be set in between.
        self._started_at, self._since = utc_now(), time.monotonic()
        self._status: Any = None
        self._last_document: dict[str, Any] = {}
        self._end_times: dict[str, Any] = {}
        self._previous_token: Any = None

    # Start

    def start(self, document: dict[str, Any]) -> None:
        """Begin the attempt, or join the one that another process of it began."""
        current = attempt_of(document)
        is_over = not self.rank.variable and document.get("status") in TERMINAL_STATUSES
        if self.rank.is_part_of(current) and not is_over:
            self.joined, self.token = True, str(current.get("token"))
        elif not self.rank.variable:
            self._begin(document, current)
        if self.rank.variable:
            enter(document, self.rank)
        self.remember(document)

    def remember(self, document: dict[str, Any]) -> None:
        """Keep what a document says: at the end the run's folder may be gone."""
        self._last_document = copy.deepcopy(document)

    def _begin(self, document: dict[str, Any], current: dict[str, Any]) -> None:
        if current.get("claimed") and self.rank.group == current.get("group"):
            # A process of this attempt that is not the first was there before.
            self.token, self.number = current["token"], attempt_number(document) or 1
            document[ATTEMPT_KEY] = self._described()
            self._status = None
            return
        self._renew(document)

    def claim(self, document: dict[str, Any]) -> None:
        """Record an attempt that its first process does not record."""
        self._renew(document)
        document[ATTEMPT_KEY]["claimed"] = self.rank.variable
        self.claimed = True

    def _renew(self, document: dict[str, Any]) -> None:
        self.number = next_number(document)
        self._previous_token = attempt_of(document).get("token")
        document.pop("heartbeat_at", None)
        if self._mark_started:
            if self.number > 1:
                remove_metrics(document, self._metrics)
            begin_again(document, self._metrics)
            document["started_at"] = self._started_at
            if not is_foreign(document):
                document["status"] = "running"
        set_missing(document, "started_at")
        document[ATTEMPT_KEY] = self._described()
        if self._code is not None:
            put_attempts_code(document, self._code)
        if self._heartbeat_s:
            document["heartbeat_at"] = utc_now()
        self._status = document.get("status")

    def _described(self) -> dict[str, Any]:
        return {
            "job_id": self.rank.job_id,
            "number": self.number,
            "token": self.token,
            "scheduler": self.rank.scheduler,
            "group": self.rank.group,
            "host": host_name(),
            "pid": os.getpid(),
            "process": process_start(os.getpid()),
            "heartbeat_s": self._heartbeat_s,
        }

    # Meanwhile

    @property
    def is_recorded(self) -> bool:
        """Whether this process, or the first of its attempt, has recorded the start."""
        return self.joined or self.claimed or not self.rank.variable

    def beat(self, document: dict[str, Any]) -> None:
        """Say that the run goes on."""
        self._take_back(document)
        self._give_way(document)
        if not self.is_recorded:
            self.start(document)
            if not self.joined and self.waited:
                self.claim(document)
        elif not self.joined and self._is_current(document):
            document["heartbeat_at"] = utc_now()

    def _take_back(self, document: dict[str, Any]) -> None:
        """Begin again where somebody wrote back what they had read before this attempt began.

        Programs that write into the document through signac alone do not lock it.
        """
        token = attempt_of(document).get("token")
        if self.begun and token is not None and token == self._previous_token:
            begin_again(document, NO_METRICS)
            for name in ("status", "started_at", ATTEMPT_KEY):
                document[name] = copy.deepcopy(self._last_document.get(name))

    def _give_way(self, document: dict[str, Any]) -> None:
        """Leave the record to the first process of the attempt, if it came after all."""
        current = attempt_of(document)
        if self.claimed and current.get("token") == self.token and "claimed" not in current:
            self.joined, self.claimed = True, False

    @property
    def waited(self) -> bool:
        """Whether the first process of the attempt has had its time to record a start."""
        return time.monotonic() - self._since >= FIRST_RANK_WAIT

    def _is_current(self, document: dict[str, Any]) -> bool:
        return attempt_of(document).get("token") in (None, self.token)

    # End

    def end(self, document: dict[str, Any], outcome: str, *, by_signal: bool) -> None:
        """Record how the attempt ended, unless another has begun or the document says worse."""
        seconds = round(time.monotonic() - self._since, 3)
        self._end_times = self._end_times or {"ended_at": utc_now(), "wallclock_s": seconds}
        self._take_back(document)
        self._end(document, outcome, by_signal=by_signal)
        if self.rank.variable:
            leave(document, self.rank)

    def _end(self, document: dict[str, Any], outcome: str, *, by_signal: bool) -> None:
        self.superseded = {}
        if not self.begun and document.get("status") not in ("stopped", "abandoned"):
            self.start(document)
        self._give_way(document)
        if not self.is_recorded:
            self.start(document)
            if not self.joined:
                self.claim(document)
        if self.begun and not self._is_current(document):
            self.superseded = attempt_of(document)
            return
        for name in _RESTORED_KEYS:
            if name in self._last_document:
                document.setdefault(name, copy.deepcopy(self._last_document[name]))
        self.killed = killed_ranks(document, self.rank)
        if self.killed and outcome == "complete":
            outcome = "failed"
        status = document.get("status")
        # A process that is not the first has only something worse to say of the end.
        is_open = status == "complete" or status not in TERMINAL_STATUSES
        if self.joined and not (is_open and outcome != "complete"):
            self.killed = []
            return
        self.kept = self._keeps(status, outcome, by_signal=by_signal)
        if not is_foreign(document) and not self.kept:
            document["status"] = outcome
        # Whoever said how the run ended, this is when it did.
        document.update(self._end_times)

    def _keeps(self, status: Any, outcome: str, *, by_signal: bool) -> bool:
        if self.joined:
            return False
        if status in ("stopped", "abandoned") and not self.begun:
            return True
        # Nobody has set another since this attempt began.
        if status == self._status and self.begun:
            return False
        # "complete", said after the last step, still holds when the process is then ended.
        return status in _OVERRIDING_STATUSES or (
            status == "complete" and outcome == "stopped" and by_signal
        )

    def document_in_memory(self, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The document that ``change`` would have made, where it cannot be written."""
        document = copy.deepcopy(self._last_document)
        change(document)
        return document
