"""Signals that end a process, while a run has something to record first."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType
from typing import Any

_NAMES = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGALRM")
ENDING = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""The signals that end a run: SIGTERM is what Slurm sends, SIGHUP a terminal that closes; SIGUSR1,
SIGUSR2 and SIGXCPU announce a time limit; SIGALRM is one that the program set itself."""

_Handler = Callable[[int, FrameType | None], Any]


def name_of(signum: int) -> str:
    """The name of a signal, such as SIGTERM."""
    return signal.Signals(signum).name


class Terminated(SystemExit):
    """A signal that ends the process came; ``finally`` clauses run first."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum


class Watch:
    """Notes the signals that end a run, and lets it be recorded before they have their effect.

    Where nothing handles such a signal it becomes Terminated, and ``deliver`` ends the process as
    it would have. A handler of the user's is called as before. Only Python's main thread may handle
    signals: elsewhere this does nothing. Nor does it touch a signal that is ignored.

    ``leaving`` is the code that is executed first when the run is over. No exception may come up
    in it, for nothing would catch it there: what comes then waits for ``deliver``.
    """

    def __init__(self, leaving: CodeType) -> None:
        self.received: int | None = None
        self.noted: int | None = None
        """The last signal that came and was handled, so that the run went on."""
        self._leaving = leaving
        self._late: list[int] = []
        self._previous: dict[int, Any] = {}
        self._pid = os.getpid()
        self._over = False
        # One object, so that it can be distinguished from a handler that somebody put in its place.
        self._handler: _Handler = self._on_signal

    def start(self) -> None:
        """Handle the signals from now on."""
        for signum in ENDING:
            _replace(signum, self._handler, self._previous)
        # Event loops look for Python's own handler of Ctrl-C; its exception ends the block anyway.
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            _replace(signal.SIGINT, self._handler, self._previous)

    def finish(self) -> None:
        """Have no more say in what comes: it has the effect that it would have had."""
        self._over = True

    def stop(self) -> None:
        """Put back the handlers that were there, but for those the user has replaced since."""
        _put_back(self._previous, self._handler)

    @property
    def fatal(self) -> bool:
        """Whether a signal came that ends the process, for nothing of the user's handles it."""
        return self.received is not None and not callable(self._previous[self.received])

    def deliver(self) -> None:
        """Let what came have its effect, such as to end the process."""
        due = [self.received] if self.received is not None and self.fatal else []
        for signum in [*due, *self._late]:
            for stream in (sys.stdout, sys.stderr):
                # A process that a signal ends flushes nothing by itself.
                with suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            signal.raise_signal(signum)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if self._over or os.getpid() != self._pid:
            # After the run, or in a child that was forked during it: as if this had never been.
            self.stop()
            signal.raise_signal(signum)
            return
        if frame is not None and frame.f_code is self._leaving:
            self._late.append(signum)
            return
        self.received = self.noted = signum
        previous = self._previous[signum]
        if not callable(previous):
            raise Terminated(signum)
        previous(signum, frame)
        # It did not raise: the run goes on.
        self.received = None


@contextmanager
def held() -> Iterator[None]:
    """Let signals wait, Ctrl-C too; what came has its effect on leaving."""
    came: list[int] = []
    before: dict[int, Any] = {}

    def note(signum: int, frame: FrameType | None) -> None:
        del frame
        came.append(signum)

    try:
        for signum in (signal.SIGINT, *ENDING):
            _replace(signum, note, before)
        yield
    finally:
        _put_back(before, note)
        # Ctrl-C last: the exception that it becomes would hide the others.
        for signum in sorted(set(came), key=lambda signum: signum == signal.SIGINT):
            signal.raise_signal(signum)


def _replace(signum: int, handler: _Handler, previous: dict[int, Any]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signum)
    # An ignored signal stays ignored; None is a handler that Python did not install.
    if current is signal.SIG_DFL or callable(current):
        previous[signum] = current
        with suppress(ValueError):  # an interpreter inside another may not
            signal.signal(signum, handler)


def _put_back(previous: dict[int, Any], handler: _Handler) -> None:
    if threading.current_thread() is threading.main_thread():
        for signum, before in previous.items():
            if signal.getsignal(signum) is handler:
                signal.signal(signum, before)
