"""Work that a second process does meanwhile, on a machine that has the processors for it."""

from __future__ import annotations

import gc
import io
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Generic, Self, TypeVar

if sys.platform == "linux":
    import fcntl

T = TypeVar("T")

_PIPE_SIZE = 1 << 20
_MOST_PARTS = 8000
"""The numbers of so many fit into a pipe, which holds at least 64 KiB here."""


def can_share() -> bool:
    """Whether a copy of this process may work beside it: on Linux, without other threads."""
    return sys.platform == "linux" and _threads() == 1 and len(os.sched_getaffinity(0)) > 1


def _threads() -> int:
    """How many there are, those that a library of the program's started in C among them."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


@contextmanager
def uncollected() -> Iterator[None]:
    """Make many things that will be kept, and have Python search for no garbage meanwhile."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Share(Generic[T]):
    """What ``work`` returns, computed in a copy of this process, which ends with the ``with``."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._child = 0
        try:
            reader, writer = os.pipe()
        except OSError:
            # No more files may be open, below no more processes be: ``result`` says so.
            self._stream: BinaryIO = io.BytesIO()
            return
        if sys.platform == "linux":
            # Else the copy waits again and again until a little of its result has been read.
            with suppress(OSError):
                fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        with suppress(OSError):
            self._child = os.fork()
            if self._child == 0:
                _serve(work, reader, writer)
        os.close(writer)
        self._stream = os.fdopen(reader, "rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        if self._child:
            # Nobody waits for its result: it may clean up and go.
            with suppress(ProcessLookupError):  # it may have ended, and the system waited for it
                os.kill(self._child, signal.SIGINT)
            self._ended()

    def result(self) -> T | None:
        """What it returned; None if the copy failed, and the work is still to be done."""
        with self._stream:
            data = self._stream.read()
        return unpacked(data) if self._child and self._ended() == 0 else None

    def _ended(self) -> int:
        child, self._child = self._child, 0
        try:
            return os.waitpid(child, 0)[1]
        except ChildProcessError:
            # Whoever started this process has the system wait for its children.
            return 1


def packed(value: Any) -> bytes:
    """What a copy will pass on, made ready while the others still work; and `unpacked` again."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> Any:
    """The value that `packed` made ``data`` of, in a copy of this process."""
    return pickle.loads(data)  # noqa: S301 - it was written by that copy, and by nobody else


class Parts(Generic[T]):
    """Items in parts, of which a process and its copies take one after the other, each once."""

    def __init__(self, items: Sequence[T], size: int) -> None:
        size = max(size, len(items) // _MOST_PARTS + 1)
        self._parts = [items[start : start + size] for start in range(0, len(items), size)]
        self._owner = os.getpid()
        self._reader: int | None = None
        # Their numbers wait in a pipe, which gives each to one reader only.
        with suppress(OSError):
            self._reader, writer = os.pipe()
            with os.fdopen(writer, "wb") as stream:
                numbers = range(len(self._parts))
                stream.writelines(number.to_bytes(4, "little") for number in numbers)

    def __iter__(self) -> Iterator[Sequence[T]]:
        """The parts that nobody else takes."""
        if self._reader is None:
            # No more files may be open: all of them are for the process that has them.
            yield from self._parts if os.getpid() == self._owner else ()
            return
        while number := os.read(self._reader, 4):
            yield self._parts[int.from_bytes(number, "little")]

    def close(self) -> None:
        """Leave what is left to nobody."""
        if self._reader is not None:
            os.close(self._reader)


def _serve(work: Callable[[], T], reader: int, writer: int) -> None:
    """The copy's life: work, tell, and leave without a trace of having been this process."""
    status = 1
    try:
        os.close(reader)
        data = packed(work())
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)
        status = 0
    finally:
        # Whatever was raised: no handler of the original's may run here.
        os._exit(status)
