"""The packed entries of one view: which runs there are, and their lines, found without parsing.

A run may stand in several segments. That is no fault where they say the same, or where one is the
latest promotion of it, which then counts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.packs.binary_search import runs_in
from pytest_aexp.model.packs.segment import (
    PACKS_DIR,
    SEGMENT_LIMIT,
    Survey,
    experiments_in,
    is_segment,
    judge_line,
    lines_of,
    members,
    parsed,
    run_of,
    runs_of,
)

_MACHINE = re.compile(rb'"registered_machine":"([^"\\]*)"')
_MOST_OPEN = 4
"""How many segments are kept at hand: runs are mostly asked for in the order of their ids."""


_MANY_IDS = 64
"""So many runs are found among a segment's lines by looking at each line, fewer one by one."""
_MOST_SOUGHT = 1000
"""For so many runs each segment may as well be read."""


@dataclass(frozen=True, slots=True)
class Version:
    """One place where an entry stands: a line of a segment, or a file's only one."""

    path: str
    number: int
    data: bytes

    @property
    def place(self) -> str:
        """The place as messages name it."""
        return f"{self.path}:{self.number}"

    def judged(self) -> Entry:
        """The entry, if it stands in a segment."""
        return judge_line(self.path, self.number, self.data)


@dataclass(frozen=True, slots=True)
class _Ids:
    """The job ids of a segment's lines, sorted, and the number of the line of each."""

    ids: list[str]
    numbers: list[int] | range

    @classmethod
    def of(cls, lines: list[bytes]) -> _Ids:
        ids = runs_of(lines)
        if all(map(str.__lt__, ids, ids[1:])) and "" not in ids[:1]:
            return cls(ids, range(1, len(ids) + 1))
        pairs = sorted((job_id, number) for number, job_id in enumerate(ids, start=1) if job_id)
        return cls([job_id for job_id, _ in pairs], [number for _, number in pairs])

    def among(self, job_ids: frozenset[str]) -> Iterator[str]:
        """Those of ``job_ids`` that lines are of, once for each line."""
        if len(job_ids) > _MANY_IDS:
            return filter(job_ids.__contains__, self.ids)
        return (job_id for job_id in job_ids for _ in self.find(job_id))

    def find(self, job_id: str) -> Iterator[int]:
        at = bisect_left(self.ids, job_id)
        while at < len(self.ids) and self.ids[at] == job_id:
            yield self.numbers[at]
            at += 1


class Packs:
    """The segments in one view of the repository."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._open: dict[str, list[bytes]] = {}
        self._indexed: dict[str, _Ids] = {}
        self._kept: dict[tuple[str, int], bytes] = {}
        self._members: dict[str, tuple[Entry, ...]] = {}
        self._expected_runs: set[str] = set()
        self._expected: set[str] = set()
        self.judged = 0
        """How many lines were judged for experiments so far."""

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of the segments, sorted."""
        return tuple(path for path in self._view.walk(PACKS_DIR) if is_segment(path))

    def renewed(self) -> Packs:
        """What there is now: the same object if there are no other segments than before."""
        if "paths" not in self.__dict__:
            return self
        now = Packs(self._view)
        if now.paths == self.paths:
            return self
        now._indexed = {path: self._indexed[path] for path in now.paths if path in self._indexed}
        now._expected, now._expected_runs = self._expected, self._expected_runs
        now.judged = self.judged
        return now

    def _read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        # One at a time: a segment is a thousand times as large as what is usually read.
        for path in paths:
            data = self._view.read(path, SEGMENT_LIMIT)
            if path not in self._indexed:
                self._indexed[path] = _Ids.of(_lines_in(data))
            yield path, data

    def _lines(self) -> Iterator[tuple[str, list[bytes]]]:
        return ((path, _lines_in(data)) for path, data in self._read(self.paths))

    def _index(self) -> dict[str, _Ids]:
        for _ in self._read([path for path in self.paths if path not in self._indexed]):
            pass
        return self._indexed

    def _lines_at(self, path: str) -> list[bytes]:
        lines = self._open.pop(path, None)
        if lines is None:
            lines = _lines_in(self._view.read(path, SEGMENT_LIMIT))
            while len(self._open) >= _MOST_OPEN:
                del self._open[next(iter(self._open))]
        self._open[path] = lines
        return lines

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """The job ids that the lines say they are of."""
        return frozenset().union(*(known.ids for known in self._index().values()))

    def runs_of(self, paths: Iterable[str]) -> frozenset[str]:
        """The job ids that the lines of these of the segments say they are of."""
        there = [path for path in paths if path in self.paths]
        for _ in self._read([path for path in there if path not in self._indexed]):
            pass
        return frozenset().union(*(self._indexed[path].ids for path in there))

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The job ids of more than one line."""
        if sum(len(known.ids) for known in self._index().values()) == len(self.job_ids):
            return frozenset()
        counts = Counter(job_id for known in self._index().values() for job_id in known.ids)
        return frozenset(job_id for job_id, count in counts.items() if count > 1)

    @cached_property
    def experiments(self) -> frozenset[str]:
        """The experiments that lines name; of some of them there may be no run after all."""
        return frozenset(
            name for _, lines in self._lines() for line in lines for name in experiments_in(line)
        )

    @cached_property
    def machines(self) -> frozenset[str]:
        """The machines that lines name, as far as no name needs escapes."""
        found: set[bytes] = set()
        for _, data in self._read(self.paths):
            if not isinstance(data, Unreadable):
                found.update(_MACHINE.findall(data))
        return frozenset(name.decode("utf-8", "replace") for name in found)

    def has(self, job_id: str) -> bool:
        """Whether a line says that it is of the run."""
        if not self.paths:
            return False
        return any(True for known in self._index().values() for _ in known.find(job_id))

    def versions(self, job_id: str) -> list[Version]:
        """Every line of the run, by place."""
        if not self.paths:
            return []
        if job_id in self._expected_runs:
            self._keep_expected()
        self._index()
        return self.known_versions(job_id)

    def known_versions(self, job_id: str) -> list[Version]:
        """The lines of the run in those segments that were read already."""
        places = [(path, n) for path, known in self._indexed.items() for n in known.find(job_id)]
        return [Version(path, number, self._line(path, number)) for path, number in sorted(places)]

    def counted(self, job_ids: frozenset[str]) -> Counter[str]:
        """How many lines these runs have; a segment on the disk is read only if it holds one.

        In a segment that is not sorted one may be missed.
        """
        unread = [path for path in self.paths if path not in self._indexed]
        places = self._view.on_disk(unread) if unread and len(job_ids) <= _MOST_SOUGHT else {}
        without = {path for path in places if runs_in(places[path], job_ids) == set()}
        for _ in self._read([path for path in unread if path not in without]):
            pass
        every = (known.among(job_ids) for known in self._indexed.values())
        return Counter(job_id for found in every for job_id in found)

    def _keep_expected(self) -> None:
        """Keep the lines of expected runs: at random, segments would be read over and over."""
        for path, known in self._index().items():
            for job_id in self._expected_runs.intersection(known.ids):
                for number in known.find(job_id):
                    self._kept[path, number] = self._line(path, number)
        self._expected_runs.clear()

    def _line(self, path: str, number: int) -> bytes:
        kept = self._kept.get((path, number))
        if kept is not None:
            return kept
        lines = self._lines_at(path)
        return lines[number - 1] if number <= len(lines) else b""

    def version(self, job_id: str) -> Version | None:
        """The line that counts: of the usable ones the latest promotion; None if there is none."""
        every = self.versions(job_id)
        if len(every) < 2:
            return every[0] if every else None
        return latest([each for each in every if each.judged().usable] or every)

    def get(self, job_id: str) -> Entry | None:
        """The entry of a run; None if no line is of it."""
        version = self.version(job_id)
        return None if version is None else version.judged()

    def __iter__(self) -> Iterator[Entry]:
        """The entry of each run, by segment."""
        repeated = self.repeated
        for path, lines in self._lines():
            for number, line in enumerate(lines, start=1):
                job_id = run_of(line)
                if job_id and job_id not in repeated:
                    yield judge_line(path, number, line)
        yield from filter(None, map(self.get, sorted(repeated)))

    def expect(self, job_ids: Iterable[str] = (), experiments: Iterable[str] = ()) -> None:
        """Be told which runs, by id or experiment, will be asked for: they are read in one go."""
        self._expected_runs.update(job_ids)
        self._expected.update(experiments)

    def of_experiment(self, experiment: str) -> tuple[Entry, ...]:
        """The entries of an experiment's runs, each run once."""
        if experiment not in self._members:
            wanted = frozenset({experiment, *self._expected} - self._members.keys())
            found: dict[str, list[Entry]] = {name: [] for name in wanted}
            for entry in self._found(wanted):
                for name in wanted.intersection(entry.experiments):
                    found[name].append(entry)
            self._members |= {name: tuple(entries) for name, entries in found.items()}
        return self._members[experiment]

    def _found(self, experiments: frozenset[str]) -> Iterator[Entry]:
        every = [
            entry
            for path, data in self._read(self.paths)
            for entry in members(path, data, experiments)
        ]
        self.judged += len(every)
        again = {entry.job_id for entry in every}.intersection(self.repeated if every else ())
        yield from (entry for entry in every if entry.job_id not in again)
        yield from filter(None, map(self.get, sorted(again)))

    def survey(self, paths: Sequence[str], root: Path | None = None) -> Survey:
        """What is to be said of these segments and of their lines, each of which is judged.

        With ``root``, what has no fault is remembered in that repository, and not judged again.
        """
        if not paths:
            return Survey()
        # Here, since most ledgers have no segments, and subprocess takes a while to import.
        from pytest_aexp.model.packs.clean_cache import SoundSegments, survey_all

        sound = None if root is None else SoundSegments(root)
        return survey_all(self._read(paths), len(paths), sound)


def _lines_in(data: bytes | Unreadable) -> list[bytes]:
    return [] if isinstance(data, Unreadable) else lines_of(data)


def latest(versions: list[Version]) -> Version:
    """The latest promotion among versions of one run; the first of those that are."""
    return max(versions, key=lambda version: promotion(parsed(version.data)))


def promotion(document: dict[str, Any] | None) -> datetime:
    """When an entry was promoted; the beginning of time if it does not say."""
    never = datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(str((document or {}).get("promoted_at")))
    except ValueError:
        return never
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
