"""The packed entries of one view: which runs there are, and their lines, found without parsing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.packs.duplicates import choose
from pytest_aexp.model.packs.segment import (
    PACKS_DIR,
    SEGMENT_LIMIT,
    Version,
    experiments_named,
    is_segment,
    judge_line,
    lines_of,
    run_of,
)

_MACHINE = re.compile(rb'"registered_machine":"([^"\\]*)"')
_FEW = 1000
"""For so few runs the lines themselves may as well be compared."""


class Packs:
    """The segments in one view of the repository."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._ids: dict[str, list[str]] = {}
        self._last: tuple[str, bytes, list[bytes]] = ("", b"", [])

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of the segments, sorted."""
        return tuple(path for path in self._view.walk(PACKS_DIR) if is_segment(path))

    def renewed(self) -> Packs:
        """What there is now: the same object if there are no other segments than before."""
        if "paths" not in self.__dict__:
            return self
        now = Packs(self._view)
        return self if now.paths == self.paths else now

    def _read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes, list[bytes]]]:
        # One at a time: a segment is a thousand times as large as what is usually read. The last is
        # kept, for who asks for one run after the other.
        for path in paths:
            if path != self._last[0]:
                data = self._view.read(path, SEGMENT_LIMIT)
                content = b"" if isinstance(data, Unreadable) else data
                self._last = path, content, lines_of(content)
            lines = self._last[2]
            if path not in self._ids:
                self._ids[path] = list(map(run_of, lines))
            yield self._last

    def ids_in(self, paths: Sequence[str]) -> frozenset[str]:
        """The job ids that the lines of these segments say they are of."""
        for _ in self._read(path for path in paths if path not in self._ids):
            pass
        return frozenset().union(*(self._ids[path] for path in paths)) - {""}

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """The job ids that the lines say they are of."""
        return self.ids_in(self.paths)

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The job ids of more than one line."""
        if sum(len(self._ids[path]) for path in self.paths if self.job_ids) == len(self.job_ids):
            return frozenset()
        counts = Counter(job_id for ids in self._ids.values() for job_id in ids)
        return frozenset(job_id for job_id, count in counts.items() if count > 1 and job_id)

    @cached_property
    def experiments(self) -> frozenset[str]:
        """The experiments that lines name; of some of them there may be no run after all."""
        names = set[str]()
        for path, content, lines in self._read(self.paths):
            named = experiments_named(content)
            if named is None:
                every = (judge_line(path, n, line) for n, line in enumerate(lines, start=1))
                named = frozenset(name for entry in every for name in entry.experiments)
            names |= named
        return frozenset(names)

    @cached_property
    def machines(self) -> frozenset[str]:
        """The machines that lines name, as far as no name needs escapes."""
        names = {n for _, content, _ in self._read(self.paths) for n in _MACHINE.findall(content)}
        return frozenset(name.decode("utf-8", "replace") for name in names)

    def lines(self, job_ids: Collection[str]) -> dict[str, list[Version]]:
        """Every line of these runs, by place."""
        return self.load(job_ids, ())[0]

    def load(
        self, job_ids: Collection[str], experiments: Iterable[str]
    ) -> tuple[dict[str, list[Version]], dict[str, list[Entry]]]:
        """The `lines` of these runs, and the entries of lines that are of these experiments.

        Each segment is read once at most.
        """
        wanted, names = frozenset(job_ids), frozenset(experiments)
        versions: dict[str, list[Version]] = {}
        entries: dict[str, list[Entry]] = {name: [] for name in names}
        unread = (
            p for p in self.paths if p not in self._ids or not wanted.isdisjoint(self._ids[p])
        )
        for path, content, lines in self._read(self.paths if names else unread if wanted else ()):
            for number, (job_id, line) in enumerate(zip(self._ids[path], lines, strict=False), 1):
                if job_id in wanted:
                    versions.setdefault(job_id, []).append(Version(path, number, line))
            for entry in self._members(path, content, lines, names):
                for name in names.intersection(entry.experiments):
                    entries[name].append(entry)
        return versions, entries

    def _members(
        self, path: str, content: bytes, lines: list[bytes], experiments: frozenset[str]
    ) -> Iterator[Entry]:
        if not experiments or not _may_name(content, experiments):
            return
        for number, line in enumerate(lines, start=1):
            if _may_name(line, experiments):
                yield judge_line(path, number, line, self._ids[path][number - 1])

    def may_differ(self, job_ids: Collection[str]) -> Collection[str]:
        """Those of these runs whose lines differ; all where they are few."""
        if len(job_ids) <= _FEW:
            return job_ids
        wanted = frozenset(job_ids)
        first: dict[str, bytes] = {}
        differing = set[str]()
        for path, _, lines in self._read(self.paths):
            for job_id, line in zip(self._ids[path], lines, strict=False):
                if job_id in wanted and first.setdefault(job_id, line) != line:
                    differing.add(job_id)
        return differing

    def versions(self, job_id: str) -> list[Version]:
        """Every line of the run, by place."""
        return self.lines([job_id]).get(job_id, [])

    def version(self, job_id: str) -> Version | None:
        """The line that counts, a usable one if there is any; None if there is none."""
        versions = self.versions(job_id)
        usable = versions if len(versions) < 2 else [v for v in versions if v.judged().usable]
        if not versions:
            return None
        return choose(usable).version if usable else versions[0]

    def entries(self, without: Collection[str]) -> Iterator[Entry]:
        """The entry of each line, by segment, but for those of some runs and of none."""
        for path, _, lines in self._read(self.paths):
            for number, (job_id, line) in enumerate(zip(self._ids[path], lines, strict=False), 1):
                if job_id and job_id not in without:
                    yield judge_line(path, number, line, job_id)


def _may_name(text: bytes, experiments: frozenset[str]) -> bool:
    named = experiments_named(text)
    return named is None or not named.isdisjoint(experiments)
