"""Surveying many segments: shared out among processes, since each line takes a while to judge."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.model.packs.segment import Survey, survey

FEWEST = 4
"""A process is started for so many segments; for fewer it would cost more than it saves."""

MOST_PROCESSES = 8

_Segment = tuple[str, bytes | Unreadable]
# Isolated, and only where this process found its modules: nothing from the current folder runs.
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from pytest_aexp.model.packs import worker_pool; worker_pool.serve()"
)


def surveys(segments: Iterable[_Segment], count: int) -> Iterator[Survey]:
    """What ``segments.survey`` finds in each of the ``count`` segments, in their order."""
    processes = _processes(count)
    idle: list[_Helper] = []
    waiting: deque[_Helper] = deque()
    try:
        for segment in segments:
            if not processes:
                yield survey(*segment)
                continue
            if len(waiting) == processes:
                idle.append(waiting.popleft())
                yield idle[-1].answer()
            helper = idle.pop() if idle else _Helper()
            waiting.append(helper)
            helper.ask(segment)
        yield from (helper.answer() for helper in waiting)
    finally:
        for helper in (*idle, *waiting):
            helper.end()


def _processes(count: int) -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    available = len(affinity(0)) if affinity else os.cpu_count() or 1
    wanted = min(available, count // FEWEST, MOST_PROCESSES)
    return wanted if wanted > 1 and sys.executable else 0


class _Helper:
    """A process that surveys one segment at a time; where it fails, this process does it."""

    def __init__(self) -> None:
        self._asked: _Segment = ("", b"")
        self._process: subprocess.Popen[bytes] | None = None
        path = [entry for entry in sys.path if os.path.isabs(entry)]
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    def ask(self, segment: _Segment) -> None:
        self._asked = segment
        if self._process is None or self._process.stdin is None:
            return
        try:
            pickle.dump(segment, self._process.stdin)
            self._process.stdin.flush()
        except OSError:
            self.end()

    def answer(self) -> Survey:
        if self._process is not None and self._process.stdout is not None:
            try:
                found: Survey = pickle.load(self._process.stdout)  # noqa: S301 - our own process
            except (OSError, EOFError, pickle.UnpicklingError):
                self.end()
            else:
                return found
        return survey(*self._asked)

    def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            # What was not written yet is of no use to a process that has ended.
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        process.wait()


def serve() -> None:
    """Survey the segments that standard input brings, until it ends."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            segment = pickle.load(asked)  # noqa: S301 - from our own process
        except EOFError:
            return
        pickle.dump(survey(*segment), answers)
        answers.flush()
