"""Runs with two entries: which one counts, if that can be told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pytest_aexp.ground.text import Position
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.packs.packs import Packs, Version, promotion
from pytest_aexp.model.packs.segment import parsed
from pytest_aexp.model.problems import INVALID_ENTRY, Fault

Usable = Callable[[str], Version | None]
"""Gives the version that counts for a run, if it can be used."""


class Contradictions:
    """The runs of one view that have two entries of which neither clearly counts."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._found: dict[str, Fault | None] = {}

    def expect(self, job_ids: Iterable[str]) -> None:
        """Be told which runs will be asked for: they are looked for in one go."""
        self._expected.update(job_ids)

    def of(
        self, job_ids: Sequence[str], packs: Packs, usable: Usable, is_loose: Callable[[str], bool]
    ) -> Iterator[Fault]:
        """The faults of those of these runs that have two such entries."""
        asked = job_ids if job_ids and packs.paths else ()
        unknown = frozenset(asked) - self._found.keys()
        if unknown:
            unknown |= self._expected - self._found.keys()
            lines = packs.counted(unknown)
            self._found |= dict.fromkeys(unknown)
            several = [j for j, count in lines.items() if count > 1 or is_loose(j)]
            self._found |= {fault.job_id or "": fault for fault in among(several, packs, usable)}
        yield from filter(None, map(self._found.get, asked))


def among(job_ids: Iterable[str], packs: Packs, usable: Usable) -> Iterator[Fault]:
    """The same of runs that have several entries, the segments of which were read."""
    for job_id in sorted(job_ids):
        first = usable(job_id)
        others = [v for v in packs.known_versions(job_id) if v.judged().usable]
        fault = contradiction(job_id, [first, *others]) if first else None
        if fault is not None:
            yield fault


def contradiction(job_id: str, versions: list[Version]) -> Fault | None:
    """The fault of a run whose usable versions do not settle which counts; None if they do.

    The first one counts if it says the same as each of the others, or is the later promotion.
    """
    pair = _differing(versions)
    if pair is None:
        return None
    first, other = pair
    return Fault(
        INVALID_ENTRY,
        first.path,
        f"run {job_id} has two entries that differ, {first.place} and {other.place}, and the "
        "first is not the later promotion: it cannot be told which is right",
        f"run `aexp ledger promote {job_id}` on the machine that has the run: what it promotes "
        "now counts",
        Position(first.number),
        job_id=job_id,
    )


def superseded(entry: Entry, counting: Entry | None) -> Entry:
    """An entry, advised to leave the word to the one that counts instead, if that is another."""
    cause = entry.cause
    if counting is None or counting is entry or cause is None or "ledger resolve" in cause.fix:
        return entry
    fix = f"run `rm {entry.path}`: the entry in {counting.path} counts; or {cause.fix}"
    faults = tuple(replace(f, fix=fix) if f is cause else f for f in entry.faults)
    return replace(entry, faults=faults)


def _differing(versions: list[Version]) -> tuple[Version, Version] | None:
    first, *others = versions
    document = parsed(first.data)
    for other in others:
        old = parsed(other.data)
        if _text(document) != _text(old) and promotion(document) <= promotion(old):
            return first, other
    return None


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
