"""Pins: how many runs a batch had when it was cited, and which attempts of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache
from hashlib import sha256
from itertools import combinations
from typing import NamedTuple

from pytest_aexp.ground.text import NEVER, parse_time
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import Pin

# To leave two out of fifty takes 1,225 tries: a hostile file must not cost more.
_MOST_RUNS, _MOST_LEFT_OUT = 50, 2


def digest_of(entries: Iterable[Entry]) -> str:
    """The digest of a batch: which runs it has, and when the attempt of each ended."""
    return _digest(sorted(map(_line, entries)))


def _line(entry: Entry) -> str:
    return f"{entry.job_id} {entry.ended_at or '-'}\n"


def _digest(lines: Iterable[str]) -> str:
    return sha256("".join(lines).encode(errors="surrogatepass")).hexdigest()[:16]


class Fit(Enum):
    """How the runs of a batch fit its pin."""

    EXACT = auto()
    GROWN = auto()
    """The pinned runs are there, and others."""
    CHANGED = auto()


class Pinned(NamedTuple):
    """How a batch fits its pin; ``entries`` are the pinned ones, or all where it is unclear."""

    fit: Fit
    entries: tuple[Entry, ...]


def pinned(pin: Pin | None, entries: Sequence[Entry]) -> Pinned:
    """Which of ``entries``, the runs of a batch, are the pinned ones."""
    every = tuple(entries)
    surplus = len(every) - pin.count if pin is not None else 0
    if pin is None or (pin.at_least and surplus >= 0):
        return Pinned(Fit.EXACT, every)
    if surplus < 0:
        return Pinned(Fit.CHANGED, every)
    if not pin.digest:
        return Pinned(Fit.GROWN if surplus else Fit.EXACT, every)
    subset = _with_digest(pin, every)
    if subset is None:
        return Pinned(Fit.CHANGED, every)
    return Pinned(Fit.GROWN if surplus else Fit.EXACT, subset)


def _with_digest(pin: Pin, entries: tuple[Entry, ...]) -> tuple[Entry, ...] | None:
    """The ``count`` entries that the digest is of: mostly those that ended first."""
    earliest = tuple(sorted(entries, key=_ended)[: pin.count])
    if digest_of(earliest) == pin.digest:
        return earliest
    surplus = len(entries) - pin.count
    if not 0 < surplus <= _MOST_LEFT_OUT or len(entries) > _MOST_RUNS:
        return None
    by_line = {_line(entry): entry for entry in entries}
    lines = _subsets(tuple(sorted(by_line)), pin.count).get(pin.digest)
    return None if lines is None else tuple(by_line[line] for line in lines)


@lru_cache(16)
def _subsets(lines: tuple[str, ...], count: int) -> dict[str, tuple[str, ...]]:
    """Every choice of ``count`` lines, by digest: one batch may have pins without number."""
    return {_digest(subset): subset for subset in combinations(lines, count)}


def _ended(entry: Entry) -> tuple[bool, datetime, str]:
    ended = parse_time(entry.ended_at)
    return ended is None, ended or NEVER, entry.job_id


def same_attempt(ended_at: str, entry: Entry) -> bool:
    """Whether the entry's attempt ended at that time, however both are written."""
    if ended_at == entry.ended_at:
        return True
    pin, ended = parse_time(ended_at), parse_time(entry.ended_at)
    return pin is not None and pin == ended
