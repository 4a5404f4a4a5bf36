"""Binary search for the lines of single runs in a segment on the disk, which is not read whole.

The order of the lines is trusted here. In a segment that is not sorted a line may be missed.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pytest_aexp.ground.files import NO_FOLLOW, READ_FLAGS
from pytest_aexp.model.entry import ENTRY_LIMIT
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, SEGMENT_LINES, Version, run_of

# Bytes at the end, for the last line; of a longer one the run is not read, and none is ruled out.
_TAIL = 8192
_AFTER_ALL = "~"  # sorts behind every job id


def lines_in(path: str, place: str, job_ids: Collection[str]) -> Iterator[tuple[str, Version]]:
    """The lines of these runs in the segment ``path``, which lies at ``place``, with their runs.

    Raises OSError.
    """
    with _opened(place) as (stream, size):
        first, last = _bounds(stream, size)
        for job_id in sorted(job_ids):
            if first <= job_id and (last is None or job_id <= last):
                for offset, line in lines_of_run(stream, size, job_id):
                    number = _number(stream, offset)
                    if number <= SEGMENT_LINES:  # no reader takes more of them
                        yield job_id, Version(path, number, line)


@contextmanager
def _opened(place: str) -> Iterator[tuple[BinaryIO, int]]:
    """A segment and its size. Raises OSError, also for what is not a file."""
    with open(os.open(place, READ_FLAGS | NO_FOLLOW), "rb") as stream:
        info = os.fstat(stream.fileno())
        if not stat.S_ISREG(info.st_mode) or info.st_size > SEGMENT_LIMIT:
            raise OSError("not a file that is read")
        yield stream, info.st_size


def _bounds(stream: BinaryIO, size: int) -> tuple[str, str | None]:
    """The runs of the first line and of the last; None for that where it is very long."""
    first = run_of(_line_at(stream, 0)[1])
    stream.seek(max(0, size - _TAIL))
    *_, last = stream.read(_TAIL).rstrip(b"\n").rpartition(b"\n")
    return first, None if len(last) >= _TAIL - 1 else run_of(last)


def lines_of_run(stream: BinaryIO, size: int, job_id: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a run in the ``size`` bytes of a segment, and where each begins."""
    offset = _first_from(stream, size, job_id)
    stream.seek(offset)
    while run_of(line := stream.readline(ENTRY_LIMIT + 2)) == job_id:
        yield offset, line.rstrip(b"\n")
        offset += len(line)
        stream.seek(offset)


def _number(stream: BinaryIO, offset: int) -> int:
    stream.seek(0)
    return 1 + stream.read(offset).count(b"\n")


def _first_from(stream: BinaryIO, size: int, job_id: str) -> int:
    """Where the first line begins that is of the run or of one after it."""

    def run_from(offset: int) -> str:
        line = _line_at(stream, offset)[1]
        return run_of(line) if line else _AFTER_ALL

    return _line_at(stream, bisect_left(range(size), job_id, key=run_from))[0]


def _line_at(stream: BinaryIO, offset: int) -> tuple[int, bytes]:
    """The first line that begins at ``offset`` or after it, and where it does."""
    start = offset
    stream.seek(max(0, offset - 1))
    if offset:
        start = offset - 1 + len(stream.readline(ENTRY_LIMIT + 2))
    return start, stream.readline(ENTRY_LIMIT + 2)
