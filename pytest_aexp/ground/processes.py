"""A pool of processes, where one can be had at no risk; else this process does the work."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Workers:
    """Maps a function over items, in order, holding no more items than there are processes."""

    def __init__(self, pool: ProcessPoolExecutor | None, size: int) -> None:
        self._pool = pool
        self._size = size

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """The function's result for each item; what a process fails at is done here."""
        pending: deque[tuple[T, Future[R] | None]] = deque()
        for item in items:
            pending.append((item, self._submit(function, item)))
            if len(pending) > self._size:
                yield _result(function, *pending.popleft())
        yield from (_result(function, *task) for task in pending)

    def _submit(self, function: Callable[[T], R], item: T) -> Future[R] | None:
        try:
            return None if self._pool is None else self._pool.submit(function, item)
        except (BrokenExecutor, OSError):
            return None


def _result(function: Callable[[T], R], item: T, future: Future[R] | None) -> R:
    try:
        return function(item) if future is None else future.result()
    except BrokenExecutor:
        return function(item)


@contextmanager
def workers(wanted: int) -> Iterator[Workers]:
    """At most ``wanted`` processes, and none where one is not worth it or could do harm."""
    size = min(wanted, processors())
    if size < 2 or not may_fork():
        yield Workers(None, 0)
        return
    with ProcessPoolExecutor(size, mp_context=get_context("fork")) as pool:
        yield Workers(pool, size)


def processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def may_fork() -> bool:
    """Whether a copy of this process is safe: it is only where there are no threads.

    A copy of a thread that holds a lock waits for it forever. Starting afresh instead would run
    the caller's own program again.
    """
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False
