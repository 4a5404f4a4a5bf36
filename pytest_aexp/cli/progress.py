"""A progress bar on a terminal, and nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

from pytest_aexp.cli.output import is_terminal

T = TypeVar("T")
_WIDTH = 30
_SECONDS = 0.1


def with_progress(items: Iterable[T], total: int, noun: str) -> Iterator[T]:
    """``items``, counted on standard error while they pass if that is a terminal."""
    if not is_terminal(sys.stderr) or not total:
        yield from items
        return
    shown_at = 0.0
    try:
        for number, item in enumerate(items, start=1):
            if monotonic() - shown_at >= _SECONDS or number == total:
                shown_at = monotonic()
                done = min(_WIDTH, _WIDTH * number // total)
                bar = "#" * done + "." * (_WIDTH - done)
                sys.stderr.write(f"\r[{bar}] {number:,}/{total:,} {noun}")
                sys.stderr.flush()
            yield item
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
