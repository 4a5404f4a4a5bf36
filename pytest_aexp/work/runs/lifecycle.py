"""A run from start to end: status, times, heartbeat, and its ledger entry last of all."""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from contextlib import ContextDecorator, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.stderr import notice, reason
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.work.promote.project import utc_now
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.runs.signals import Terminated, Watch, held
from pytest_aexp.work.runs.status import FAILURES, begin_again, set_missing, settle
from pytest_aexp.work.signac_store import Job, repository_of

DEFAULT_HEARTBEAT_S = 30.0
HEARTBEAT_VARIABLE = "AEXP_HEARTBEAT_S"
KEPT_STATUSES = ("stopped", "abandoned")
"""What someone says of a run while it goes on, and nothing that happens in it takes back."""

_JOIN_WAIT = 2.0


def run_lifecycle(
    job: Job, *, mark_started: bool = True, heartbeat_s: float | None = None
) -> _Lifecycle:
    """Record a run while the ``with`` block, or the function it decorates, is executed.

    On entry the run is ``running`` (unless ``mark_started`` is False), with its own
    ``started_at``; ``heartbeat_at`` is renewed each ``heartbeat_s`` seconds (default: the variable
    AEXP_HEARTBEAT_S, else 30; 0 for no heartbeat). On the way out come ``ended_at``,
    ``wallclock_s`` and the status, then the ledger entry: ``complete``; ``failed`` after an
    exception; ``stopped`` after Ctrl-C, ``sys.exit`` with a status that is not 0, a generator that
    was closed, or SIGTERM and SIGHUP in the main thread, which then end the process as they would
    have. A status that someone else ended the run with meanwhile is kept. The block's own exception
    always comes out; what could not be recorded is told on standard error.
    """
    return _Lifecycle(job, mark_started=mark_started, heartbeat_s=heartbeat_interval(heartbeat_s))


def heartbeat_interval(asked: float | None) -> float:
    """Seconds between heartbeats; 0 for none."""
    if asked is None:
        try:
            asked = float(os.environ.get(HEARTBEAT_VARIABLE, ""))
        except ValueError:
            asked = math.nan
        asked = DEFAULT_HEARTBEAT_S if math.isnan(asked) else asked
    return min(float(asked), threading.TIMEOUT_MAX) if asked > 0 else 0.0


class _Lifecycle(ContextDecorator):
    def __init__(self, job: Job, *, mark_started: bool, heartbeat_s: float) -> None:
        self._job = job
        self._mark_started = mark_started
        self._heartbeat_s = heartbeat_s

    def _recreate_cm(self) -> Self:
        # Each call of a decorated function is recorded by itself, in whatever thread.
        return copy.copy(self)

    def __enter__(self) -> Job:
        self._started_at, self._since = utc_now(), time.monotonic()
        self._pid = os.getpid()
        self._begun = self._closed = False
        self._found: Any = None
        self._document = RunDocument(self._job)
        self._heartbeat = _Heartbeat(self._document, self._heartbeat_s)
        self._root = _root_of(self._job)
        self._watch = Watch(type(self).__exit__.__code__)
        try:
            self._watch.start()
            with held():
                self._begin()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self._job

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if os.getpid() != self._pid:
            return False  # a child that was forked during the run: the run is its parent's
        try:
            self._close(error)
        except (KeyboardInterrupt, SystemExit) as late:
            # It came after the block, and maybe before it could be held.
            self._close(error or late)
            raise
        return False

    def _begin(self) -> None:
        try:
            self._document.edit(self._start)
            self._begun = True
        except FAILURES as error:
            notice(f"the start of run {self._job.id} could not be recorded: {reason(error)}")
        self._heartbeat.start()

    def _start(self, document: dict[str, Any]) -> None:
        begin_again(document)
        document.pop("heartbeat_at", None)
        if self._mark_started:
            document["status"] = "running"
            document["started_at"] = self._started_at
        set_missing(document, "started_at")
        if self._heartbeat_s:
            document["heartbeat_at"] = utc_now()
        self._found = document.get("status")

    def _close(self, error: BaseException | None) -> None:
        try:
            with held():
                if not self._closed:
                    self._heartbeat.stop()
                    self._record(self._outcome(error))
                    self._watch.finish()
                    self._closed = True
        finally:
            if self._closed:
                self._watch.stop()
                self._watch.deliver()

    def _outcome(self, error: BaseException | None) -> str:
        came = self._watch.received is not None
        if self._watch.fatal or (came and error is not None) or _asks_to_leave(error):
            return "stopped"
        return "failed" if isinstance(error, Exception) else "complete"

    def _record(self, outcome: str) -> None:
        wallclock_s = round(time.monotonic() - self._since, 3)

        def end(document: dict[str, Any]) -> None:
            if not self._ended_by_another(document.get("status"), outcome):
                if not self._begun:
                    self._start(document)
                document["status"] = outcome
            # Whoever said how the run ended, this is when it did.
            document.update(ended_at=utc_now(), wallclock_s=wallclock_s)

        try:
            settle(self._document, self._job, end, self._root)
        except FAILURES as error:
            job_id = self._job.id
            notice(
                f"the end of run {job_id} could not be recorded: {reason(error)}; "
                f"next: `aexp mark {job_id} {outcome}`"
            )

    def _ended_by_another(self, status: Any, outcome: str) -> bool:
        if status in KEPT_STATUSES or not self._begun:
            return status in KEPT_STATUSES
        return status in TERMINAL_STATUSES and status not in (outcome, self._found)


def _asks_to_leave(error: BaseException | None) -> bool:
    if isinstance(error, SystemExit):
        return isinstance(error, Terminated) or not (error.code is None or error.code == 0)
    return error is not None and not isinstance(error, Exception)


def _root_of(job: Job) -> Path | None:
    # Now, for the block may change into another folder.
    try:
        return repository_of(job)
    except (AexpError, OSError):
        return None


class _Heartbeat:
    """A thread that renews ``heartbeat_at`` until it is stopped, and never after that."""

    def __init__(self, document: RunDocument, interval: float) -> None:
        self._document = document
        self._interval = interval
        self._stopped = threading.Event()
        # A daemon: it must not keep a process alive whose main thread was killed.
        self._thread = threading.Thread(target=self._beat, name="aexp-heartbeat", daemon=True)

    def start(self) -> None:
        if self._interval:
            with suppress(RuntimeError):  # there may be no more threads: the run goes on without
                self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_WAIT)

    def _beat(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._document.edit(self._renew)
            except FAILURES:
                continue  # the next beat may be luckier, and the run goes on without

    def _renew(self, document: dict[str, Any]) -> None:
        if not self._stopped.is_set():
            document["heartbeat_at"] = utc_now()
