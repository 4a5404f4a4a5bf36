"""The ledger of one view of the repository: each entry read at most once, and only if needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.files import MISSING, Unreadable
from pytest_aexp.ground.views import View
from pytest_aexp.model.batches import Batches, Source
from pytest_aexp.model.entry import DEPTH_LIMIT, ENTRY_LIMIT, LEDGER_DIR, Entry, entry_path
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.packs.duplicates import counting_entry
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import PACKS_DIR, Version
from pytest_aexp.model.retractions import RETRACTIONS_DIR, Retractions
from pytest_aexp.model.stray_files import is_entry_name, strays_in

_MACHINE = re.compile(rb'\n  "registered_machine": "([^"\\]+)"').search

MOST_LOOKED_UP = 500
"""For more entries the folder is listed: few are looked up one by one in less time."""


class Ledger:
    """The entries, loose and packed. `load` reads many at once; the rest reads what it needs.

    Packed entries may be many: none is kept but those that are needed by id or experiment.
    """

    def __init__(
        self, view: View, committed: Callable[[Ledger], Source[Entry] | None] | None = None
    ) -> None:
        """``committed`` gives a faster source of the loose entries by experiment, or None."""
        self.view = view
        self._committed = committed
        self._entries: dict[str, Entry | None] = {}
        self._outranked: dict[str, Entry] = {}
        self._by_experiment: dict[str, list[Entry]] = {}
        self._packs = Packs(view)

    @cached_property
    def exists(self) -> bool:
        """Whether there is a ledger folder, however empty."""
        return self.view.has_folder(LEDGER_DIR)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        names = self.view.names(LEDGER_DIR)
        # After that: what is packed in between is in a segment before its file is gone.
        self._packs = self._packs.renewed()
        return names

    @property
    def packs(self) -> Packs:
        """The packed entries."""
        return self._packs

    @cached_property
    def loose(self) -> frozenset[str]:
        """The job ids that an entry's file is named for."""
        return frozenset(name[:-5] for name in self._names if is_entry_name(name))

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """The job ids that there are entries of, loose or packed."""
        loose = self.loose  # before the segments, as `_names` says
        return loose | self.packs.job_ids if self.packs.paths else loose

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The job ids that there are several entries of."""
        loose, packs = self.loose, self.packs
        return (loose & packs.job_ids) | packs.repeated if packs.paths else frozenset()

    @cached_property
    def retractions(self) -> Retractions:
        """Which runs are retracted, whether or not there are entries of them."""
        return Retractions.of(self.view)

    @cached_property
    def strays(self) -> tuple[str, ...]:
        """The paths of files that look like a part of the ledger and are not; they are not read."""
        others = [name for name in self._names if not is_entry_name(name)]
        return tuple(strays_in(self.view, others))

    @property
    def judged(self) -> int:
        """How many entries were read so far."""
        read = {job_id for job_id, entry in self._entries.items() if entry is not None}
        read.update(e.job_id for entries in self._by_experiment.values() for e in entries)
        return len(read)

    def load(self, job_ids: Iterable[str] = (), experiments: Iterable[str] = ()) -> None:
        """Read the entries of these runs, and the packed ones of these experiments, at once."""
        unread = [j for j in dict.fromkeys(job_ids) if j not in self._entries and is_job_id(j)]
        names = [name for name in dict.fromkeys(experiments) if name not in self._by_experiment]
        if names and self._committed is None:
            _ = self.loose  # before the segments, as `_names` says
        if unread:
            self._load_runs(unread, names)
        elif names:
            self._by_experiment |= self.packs.load((), names)[1]

    def _load_runs(self, job_ids: Collection[str], experiments: Collection[str]) -> None:
        if len(job_ids) > MOST_LOOKED_UP:
            there = sorted(self.loose.intersection(job_ids))
        else:
            self.view.prefetch([*map(entry_path, sorted(job_ids)), PACKS_DIR, RETRACTIONS_DIR])
            there = [job_id for job_id in sorted(job_ids) if self.is_loose(job_id)]
        packed, members = self.packs.load(job_ids, experiments)
        self._by_experiment |= members
        paths = {entry_path(job_id): job_id for job_id in there}
        missing = set(job_ids).difference(there)
        for path, data in self.view.read_many(paths, ENTRY_LIMIT):
            job_id = paths[path]
            if isinstance(data, Unreadable) and data.missing:
                missing.add(job_id)
            else:
                self._judge(job_id, path, data, packed.get(job_id, ()))
        if missing - packed.keys() and (now := self.packs.renewed()) is not self.packs:
            # What was a file a moment ago is packed by now.
            self._packs = now
        if lost := missing - packed.keys():
            # An unsorted segment, which is an error of its own, may have hidden a line.
            packed |= self.packs.lines(lost, whole=True)
        for job_id in missing:
            entries = [(version.judged(), version) for version in packed.get(job_id, ())]
            if entries:
                self._entries[job_id] = counting_entry(entries)
            elif entry_path(job_id) in paths:
                self._judge(job_id, entry_path(job_id), MISSING, ())
            else:
                self._entries[job_id] = None

    def _judge(
        self, job_id: str, path: str, data: bytes | Unreadable, packed: Collection[Version]
    ) -> None:
        entry = judge_entry(job_id, path, data)
        if packed:
            loose = Version(path, 1, b"" if isinstance(data, Unreadable) else data)
            chosen = counting_entry([(entry, loose), *((v.judged(), v) for v in packed)])
            if chosen.path != path:
                self._outranked[job_id], entry = entry, chosen
            else:
                entry = chosen
        self._entries[job_id] = entry

    def is_loose(self, job_id: str) -> bool:
        """Whether the run has a file of its own."""
        if "loose" in self.__dict__:
            return job_id in self.loose
        return is_job_id(job_id) and self.view.has_file(entry_path(job_id))

    def has(self, job_id: str) -> bool:
        """Whether there is an entry of the run."""
        return self.get(job_id) is not None

    def get(self, job_id: str) -> Entry | None:
        """The entry of a run, the one that counts; None if the ledger has none."""
        self.load([job_id])
        return self._entries.get(job_id)

    def entries(self, job_ids: Iterable[str]) -> list[Entry]:
        """The entries that count for these runs, as far as there are any, by job id."""
        wanted = sorted(job_ids)
        self.load(wanted)
        return [entry for entry in map(self._entries.get, wanted) if entry is not None]

    def outranked(self, entry: Entry) -> Entry | None:
        """The entry in the run's own file, if a packed one, which is ``entry``, counts instead."""
        return self._outranked.get(entry.job_id)

    def __iter__(self) -> Iterator[Entry]:
        """The entry of each run: the loose ones by job id, then the packed ones by segment."""
        yield from self.entries(self.loose)
        others = self.repeated - self.loose
        yield from self.packs.entries(without=self.loose | others)
        yield from self.entries(others)

    def document(self, job_id: str) -> dict[str, Any] | None:
        """A usable entry as its file or its line has it; None if there is none."""
        entry = self.get(job_id)
        if entry is None or not entry.usable:
            return None
        data: bytes | Unreadable
        if entry.path == entry_path(job_id):
            data = self.view.read(entry.path, ENTRY_LIMIT)
        else:
            version = self.packs.version(job_id)
            data = b"{}" if version is None else version.data
        return None if isinstance(data, Unreadable) else dict(jsontext.parse(data, DEPTH_LIMIT))

    @cached_property
    def batches(self) -> Batches[Entry]:
        """Every entry with a statepoint, usable or not, by experiment and value."""
        return Batches((), _Runs(self, self._loose_runs()))

    def _loose_runs(self) -> Source[Entry]:
        committed = self._committed(self) if self._committed is not None else None
        return Batches(self.entries(self.loose)) if committed is None else committed

    def packed_runs(self, experiment: str) -> list[Entry]:
        """The packed entries that name an experiment, whether or not they count."""
        self.load(experiments=[experiment])
        return self._by_experiment.get(experiment, [])

    def select(self, experiment: str, selector: Mapping[str, Any]) -> list[Entry]:
        """The entries that fit a batch."""
        return self.batches.select(experiment, selector)

    @cached_property
    def machines(self) -> tuple[str, ...]:
        """The machines that entries say they come from, sorted; which are right is not judged."""
        machines = set(self.packs.machines)
        machines.update(e.machine for e in self._entries.values() if e is not None and e.usable)
        unread = {entry_path(job_id): job_id for job_id in self.loose - self._entries.keys()}
        unusual = set()
        for path, data in self.view.read_many(unread, ENTRY_LIMIT):
            match = None if isinstance(data, Unreadable) else _MACHINE(data)
            if match is None:
                unusual.add(unread[path])
            else:
                machines.add(match[1].decode(errors="replace"))
        machines.update(entry.machine for entry in self.entries(unusual) if entry.usable)
        return tuple(sorted(machines))


class _Runs:
    """The runs of a ledger by experiment; of a run with several entries the one that counts."""

    def __init__(self, ledger: Ledger, loose: Source[Entry]) -> None:
        self._ledger = ledger
        self._loose = loose

    @property
    def experiments(self) -> Iterable[str]:
        return {*self._loose.experiments, *self._ledger.packs.experiments}

    def of_experiment(self, experiment: str) -> Iterable[Entry]:
        loose = list(self._loose.of_experiment(experiment))
        if not self._ledger.packs.paths:
            return loose
        packed = self._ledger.packed_runs(experiment)
        # Without a listing of all that is loose, where nothing of the experiment is packed.
        repeated = {e.job_id for e in packed} & self._ledger.repeated if packed else set[str]()
        repeated |= {e.job_id for e in loose} & self._ledger.packs.job_ids
        once = [entry for entry in (*loose, *packed) if entry.job_id not in repeated]
        several = self._ledger.entries(repeated)
        return [*once, *(entry for entry in several if experiment in entry.experiments)]
