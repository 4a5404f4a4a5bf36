"""A run's heartbeat: by it others see that its process is still there."""

from __future__ import annotations

import math
import os
import threading
from contextlib import suppress

from pytest_aexp.model.runs.run_attempt import DEFAULT_HEARTBEAT_S
from pytest_aexp.work.runs.job_document import Change, RunDocument
from pytest_aexp.work.runs.status import FAILURES

HEARTBEAT_VARIABLE = "AEXP_HEARTBEAT_S"
_JOIN_WAIT = 2.0


def heartbeat_interval(seconds: float | None) -> float:
    """Seconds between heartbeats; 0 for none."""
    if seconds is None:
        try:
            seconds = float(os.environ.get(HEARTBEAT_VARIABLE, ""))
        except ValueError:
            seconds = math.nan
        seconds = DEFAULT_HEARTBEAT_S if math.isnan(seconds) else seconds
    # A longer wait is an OverflowError.
    return min(float(seconds), threading.TIMEOUT_MAX) if seconds > 0 else 0.0


class Heartbeat:
    """A thread that applies ``beat`` to a document until it is stopped, and never after that."""

    def __init__(self, document: RunDocument, interval: float, beat: Change) -> None:
        self._document = document
        self._interval = interval
        self._beat = beat
        self._stopped = threading.Event()
        # A daemon: it must not keep a process alive whose main thread was killed.
        self._thread = threading.Thread(target=self._run, name="aexp-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat, if there is an interval."""
        if self._interval:
            with suppress(RuntimeError):  # there may be no more threads: the run goes on without
                self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()
        if self._thread.is_alive():
            # A beat may be waiting for the document, of somebody who never gives it back. Late, it
            # writes nothing.
            self._thread.join(_JOIN_WAIT)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._document.edit(self.renew)
            except FAILURES:
                continue  # the next beat may be luckier, and the run goes on without

    def renew(self, document: dict[str, object]) -> None:
        """One beat, unless it was stopped while it waited for the document."""
        if not self._stopped.is_set():
            self._beat(document)
