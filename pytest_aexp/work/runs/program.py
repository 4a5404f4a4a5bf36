"""A lifecycle around any program: it needs no Python from its author."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.files import Unreadable, read_bounded
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.entry import DEPTH_LIMIT, ENTRY_LIMIT
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.runs.lifecycle import run_lifecycle
from pytest_aexp.work.runs.signals import ENDING
from pytest_aexp.work.runs.status import FAILURES
from pytest_aexp.work.signac_store import Job

_RESERVED_KEYS = ("status", "created_at", "started_at", "ended_at", "heartbeat_at", "wallclock_s")
"""Keys of a run's document that a file of metrics does not set, as those that begin with aexp."""


class ProgramFailed(Exception):
    """The program ended with an exit status that is not 0, or by a signal of somebody else's."""


@dataclass
class _Program:
    """The program while it runs; signals that come are passed on to it."""

    process: subprocess.Popen[bytes] | None = None
    passed: list[int] = field(default_factory=list)

    def pass_on(self, signum: int, frame: FrameType | None) -> None:
        del frame
        self.passed.append(signum)
        # Ctrl-C in a terminal goes to the program by itself.
        if self.process is not None and not (signum == signal.SIGINT and os.isatty(0)):
            self.process.send_signal(signum)

    def start(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(command, env=environment)
        for signum in self.passed:
            self.process.send_signal(signum)

    def wait(self, signals: socket.socket) -> int:
        """Its exit status; 128 and the signal if one ended it."""
        assert self.process is not None
        while (status := self.process.poll()) is None:
            signals.recv(4096)
        return status if status >= 0 else 128 - status

    def raise_for(self, status: int) -> None:
        """Raise what an end with ``status`` means for the run, where that is not success."""
        if self.passed and status:
            # To the lifecycle the block was interrupted, so the run is stopped, and not failed.
            raise KeyboardInterrupt
        if status:
            raise ProgramFailed(f"the program ended with {status}")


def execute(job: Job, command: Sequence[str], metrics: Path | None = None) -> int:
    """Run a program as an attempt at the run ``job``; its exit status.

    It finds the run in AEXP_RUN_ID and AEXP_RUN_DIR. The run is complete if it exits with 0, failed
    otherwise, and stopped where a signal was passed on to it. ``metrics`` is a JSON file that it
    writes; what is in it enters the run's document.
    """
    program, status = _Program(), 0
    # Handlers of this program's, so that the lifecycle waits for the end of the other: a signal
    # that nothing handles ends a block at once.
    before = {
        signum: signal.signal(signum, program.pass_on)
        for signum in (signal.SIGINT, *ENDING)
        if signal.getsignal(signum) is not signal.SIG_IGN  # as under nohup
    }
    identity = None if metrics is None else _identity(metrics)
    try:
        with _signals() as signals, run_lifecycle(job):
            # Here, since the lifecycle has put the attempt's token into it.
            run = {"AEXP_RUN_ID": str(job.id), "AEXP_RUN_DIR": os.path.abspath(job.path)}
            program.start(command, {**os.environ, **run})
            status = program.wait(signals)
            if metrics is not None:
                _take_metrics(job, metrics, is_new=_identity(metrics) != identity)
            program.raise_for(status)
    except (ProgramFailed, KeyboardInterrupt):
        pass
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    return status


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket with a byte for each signal, of which the end of a child process is one.

    A handler runs between two steps of Python's, so what comes just before a call that waits for
    the program would be handled when the program has ended.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.settimeout(0)
        descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        # What has no handler, or is blocked by whoever started this program, writes no byte.
        handler = signal.signal(signal.SIGCHLD, _do_nothing)
        blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        try:
            yield reader
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            signal.signal(signal.SIGCHLD, handler)
            signal.set_wakeup_fd(descriptor)


def _do_nothing(signum: int, frame: FrameType | None) -> None:
    del signum, frame


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file is written again; None if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _take_metrics(job: Job, path: Path, *, is_new: bool) -> None:
    data = read_bounded(path, ENTRY_LIMIT) if is_new else Unreadable("was not written")
    try:
        reason = data.reason if isinstance(data, Unreadable) else "is not a JSON object"
        values: Any = None if isinstance(data, Unreadable) else jsontext.parse(data, DEPTH_LIMIT)
    except ValueError as error:
        values, reason = None, jsontext.refusal(error)
    if not isinstance(values, dict):
        notice(f"the metrics of run {job.id} were not recorded: {quoted(str(path))} {reason}")
        return
    taken = {
        k: v for k, v in values.items() if k not in _RESERVED_KEYS and not k.startswith("aexp")
    }
    try:
        # A fresh copy each time, since `edit` may try again, and of Python's own floats: what was
        # read keeps the digits as they were written.
        RunDocument(job).edit(lambda document: document.update(json.loads(json.dumps(taken))))
    except FAILURES as error:
        notice(f"the metrics of run {job.id} were not recorded: {error}")
