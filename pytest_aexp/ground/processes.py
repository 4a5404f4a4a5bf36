"""Work shared by processes, where some can be had at no risk; else this process does it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_processes(function: Callable[[T], R], items: Iterable[T], wanted: int) -> Iterator[R]:
    """The function's result for each item, in order; what a process fails at is done here.

    By at most ``wanted`` processes, and by none where one is not worth it or could do harm. No
    more items are held than there are processes.
    """
    size = min(wanted, processors())
    if size < 2 or not may_fork():
        yield from map(function, items)
        return
    left = iter(items)
    with ProcessPoolExecutor(size, mp_context=get_context("fork")) as pool:
        while part := list(islice(left, size)):
            try:
                results = list(pool.map(function, part))
            except (BrokenExecutor, OSError):
                results = list(map(function, part))
            yield from results


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
