"""One run's packed lines in the working tree, found by halving: no run waits for a scan to end.

The order of the lines is trusted here. In a segment that is not sorted a line may be missed, and
then the run is promoted again as if it had not been packed, which does no harm.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entries import ENTRY_LIMIT
from pytest_aexp.model.packs import Packs, Version, latest
from pytest_aexp.model.segments import run_of

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_TAIL = 8192


def packed_version(root: Path, job_id: str) -> Version | None:
    """The latest promotion of a run among the packed ones; None if it is not packed."""
    found = [
        Version(path, 1, line)
        for path in Packs(WorkTree(root)).paths
        for line in _lines_in(root / path, job_id)
    ]
    return latest(found) if found else None


def _lines_in(path: Path, job_id: str) -> list[bytes]:
    with suppress(OSError), open(os.open(path, _FLAGS), "rb") as stream:
        info = os.fstat(stream.fileno())
        if stat.S_ISREG(info.st_mode):
            return list(lines_of_run(stream, info.st_size, job_id))
    return []


def lines_of_run(stream: BinaryIO, size: int, job_id: str) -> Iterator[bytes]:
    """The lines of a run in the ``size`` bytes of a segment, without their ends."""
    if _may_hold(stream, size, job_id):
        stream.seek(_first_from(stream, size, job_id))
        while run_of(line := stream.readline(ENTRY_LIMIT + 2)) == job_id:
            yield line.rstrip(b"\n")


def _may_hold(stream: BinaryIO, size: int, job_id: str) -> bool:
    """Whether the run is neither before the first line nor after the last."""
    if run_of(_line_at(stream, 0)[1]) > job_id:
        return False
    stream.seek(max(0, size - _TAIL))
    *_, last = stream.read(_TAIL).rstrip(b"\n").rpartition(b"\n")
    return len(last) >= _TAIL - 1 or run_of(last) >= job_id


def _first_from(stream: BinaryIO, size: int, job_id: str) -> int:
    """Where the first line begins that is of the run or of one after it."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        start, line = _line_at(stream, middle)
        if start >= high or run_of(line) >= job_id:
            high = middle
        else:
            low = start + len(line)
    return low


def _line_at(stream: BinaryIO, offset: int) -> tuple[int, bytes]:
    """The first line that begins at ``offset`` or after it, and where it does."""
    start = offset
    stream.seek(max(0, offset - 1))
    if offset:
        start = offset - 1 + len(stream.readline(ENTRY_LIMIT + 2))
    return start, stream.readline(ENTRY_LIMIT + 2)
