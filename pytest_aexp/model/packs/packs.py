"""The packed entries of one view: which runs there are, and their lines, found without parsing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import ENTRY_LIMIT, Entry, entry_document, entry_path
from pytest_aexp.model.packs.binary_search import lines_in
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
_MOST_SOUGHT = 1000
"""For so many runs each segment may as well be read."""


class Packs:
    """The segments in one view of the repository."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._ids: dict[str, list[str]] = {}

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
        # One at a time: a segment is a thousand times as large as what is usually read.
        for path in paths:
            data = self._view.read(path, SEGMENT_LIMIT)
            content = b"" if isinstance(data, Unreadable) else data
            lines = lines_of(content)
            if path not in self._ids:
                self._ids[path] = list(map(run_of, lines))
            yield path, content, lines

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

    def lines(self, job_ids: Collection[str], *, whole: bool = False) -> dict[str, list[Version]]:
        """Every line of these runs, by place.

        For a few a segment on the disk is searched and not read, unless it is to be read
        ``whole``. Where it is not sorted a line may be missed then.
        """
        return self.load(job_ids, (), whole=whole)[0]

    def load(
        self, job_ids: Collection[str], experiments: Iterable[str], *, whole: bool = False
    ) -> tuple[dict[str, list[Version]], dict[str, list[Entry]]]:
        """The `lines` of these runs, and the entries of lines that are of these experiments.

        Each segment is read once at most.
        """
        wanted, names = frozenset(job_ids), frozenset(experiments)
        versions: dict[str, list[Version]] = {}
        entries: dict[str, list[Entry]] = {name: [] for name in names}
        few = 0 < len(wanted) <= _MOST_SOUGHT and not whole
        on_disk = self._view.on_disk(self.paths) if few else {}
        for path in self.paths if wanted or names else ():
            of_runs = self._searched(path, on_disk.get(path), wanted)
            if names or of_runs is None:
                ((_, content, lines),) = self._read([path])
                if of_runs is None:
                    of_runs = self._among(path, lines, wanted)
                for entry in self._members(path, content, lines, names):
                    for name in names.intersection(entry.experiments):
                        entries[name].append(entry)
            for job_id, version in of_runs:
                versions.setdefault(job_id, []).append(version)
        return versions, entries

    def _searched(
        self, path: str, place: str | None, job_ids: frozenset[str]
    ) -> list[tuple[str, Version]] | None:
        """The lines of these runs, found without reading the segment; None if it must be read."""
        if place is not None:
            with suppress(OSError):  # a link, which the view follows
                return list(lines_in(path, place, job_ids))
        has_none = path in self._ids and job_ids.isdisjoint(self._ids[path])
        return [] if has_none or not job_ids else None

    def _among(
        self, path: str, lines: list[bytes], job_ids: frozenset[str]
    ) -> list[tuple[str, Version]]:
        numbered = enumerate(zip(self._ids[path], lines, strict=False), start=1)
        return [(j, Version(path, n, line)) for n, (j, line) in numbered if j in job_ids]

    def _members(
        self, path: str, content: bytes, lines: list[bytes], experiments: frozenset[str]
    ) -> Iterator[Entry]:
        if not experiments or not _may_name(content, experiments):
            return
        for number, line in enumerate(lines, start=1):
            if _may_name(line, experiments):
                yield judge_line(path, number, line, self._ids[path][number - 1])

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


def standing_document(view: View, job_id: str) -> dict[str, Any] | None:
    """The entry of a run, loose or else packed; None if there is none that can be read."""
    document = entry_document(view.read(entry_path(job_id), ENTRY_LIMIT))
    packed = Packs(view).version(job_id) if document is None else None
    return document if packed is None else entry_document(packed.data)


def _may_name(text: bytes, experiments: frozenset[str]) -> bool:
    named = experiments_named(text)
    return named is None or not named.isdisjoint(experiments)
