"""The ledger as a collection: each entry read at most once, and only if someone asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import View
from pytest_aexp.model.batches import Batches, Both, Source
from pytest_aexp.model.entry import (
    DEPTH_LIMIT,
    ENTRY_LIMIT,
    LEDGER_DIR,
    Entry,
    entry_path,
    judge_entry,
)
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.packs.duplicates import Contradictions, among, superseded
from pytest_aexp.model.packs.packs import Packs, Version
from pytest_aexp.model.packs.segment import PACKS_DIR, Survey
from pytest_aexp.model.problems import Fault
from pytest_aexp.model.retractions import RETRACTIONS_DIR, Retractions
from pytest_aexp.model.stray_files import is_entry_name, strays_in

_SAID_MACHINE = re.compile(rb'\n  "registered_machine": "([^"\\]+)"').search

FEW = 500
"""So many entries cost less to look up one by one than a large ledger does to list."""


class Ledger:
    """The entries in one view of the repository, loose and packed; of one run the loose counts.

    Packed entries may be many: none is kept but those that are asked for by id or experiment.
    """

    def __init__(self, view: View, root: Path | None = None) -> None:
        """``root`` is the repository in which to remember which segments have no fault."""
        self._view = view
        self._root = root
        self._judged: dict[str, Entry] = {}
        self._packs = Packs(view)
        self._survey: Survey | None = None
        self._contradictions = Contradictions()
        self._recall: Callable[[], Source[Entry] | None] = lambda: None

    @cached_property
    def exists(self) -> bool:
        """Whether there is a ledger folder, however empty."""
        return self._view.has_folder(LEDGER_DIR)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        names = self._view.names(LEDGER_DIR)
        # After that: what is packed in between is in a segment before its file is gone.
        self._packs = self._packs.renewed()
        return names

    @cached_property
    def loose(self) -> frozenset[str]:
        """The job ids that an entry's file is named for."""
        return frozenset(name[:-5] for name in self._names if is_entry_name(name))

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """The job ids that there are entries of, loose or packed."""
        return self.loose | self._packs.job_ids if self._packs.paths else self.loose

    @cached_property
    def strays(self) -> tuple[str, ...]:
        """The paths of what looks like a part of the ledger and is none; nobody reads it."""
        others = [name for name in self._names if name[:-5] not in self.loose]
        return tuple(strays_in(self._view, others))

    @cached_property
    def retractions(self) -> Retractions:
        """Which runs are retracted, whether or not there are entries of them."""
        return Retractions.of(self._view)

    @property
    def judged(self) -> int:
        """How many entries were read so far."""
        if self._survey is not None:
            return self._survey.judged
        return len(self._judged) + self._packs.judged

    def has(self, job_id: str) -> bool:
        """Whether there is an entry of the run, found without listing all there are."""
        return self._is_loose(job_id) or (is_job_id(job_id) and self._packs.has(job_id))

    def _is_loose(self, job_id: str) -> bool:
        if "loose" in self.__dict__:
            return job_id in self.loose
        return is_job_id(job_id) and self._view.has_file(entry_path(job_id))

    def expect(self, job_ids: Iterable[str]) -> None:
        """Be told which entries will be asked for: a few are looked up, many are listed."""
        self._contradictions.expect(asked := set(job_ids))
        self._look_for(asked)

    def _look_for(self, asked: Collection[str]) -> None:
        self._packs.expect(asked)
        if len(asked) > FEW:
            _ = self.loose
        else:
            self._view.prefetch(
                [*map(entry_path, sorted(asked)), *([PACKS_DIR, RETRACTIONS_DIR] if asked else ())]
            )

    def expect_batches(self, experiments: Iterable[str]) -> None:
        """Be told which experiments' runs will be asked for: packed ones are found in one go."""
        self._packs.expect(experiments=experiments)

    def get(self, job_id: str) -> Entry | None:
        """The entry of a run, the one that counts; None if the ledger has none."""
        entry = self._judged.get(job_id) or self._first(job_id)
        if entry is None or entry.usable or entry.path != entry_path(job_id):
            return entry
        packed = self._packed(job_id)
        return packed if packed is not None and packed.usable else entry

    def _first(self, job_id: str) -> Entry | None:
        """The entry in the run's file or, without one, the packed one."""
        known = self._judged.get(job_id)
        if known is None and is_job_id(job_id):
            if self._is_loose(job_id):
                known = self._judge(job_id, self._view.read(entry_path(job_id), ENTRY_LIMIT))
            else:
                known = self._packed(job_id)
            if known is not None:
                self._judged[job_id] = known
        return known

    def _judge(self, job_id: str, data: bytes | Unreadable) -> Entry:
        if isinstance(data, Unreadable) and data.missing:
            # It was there when its folder was listed; it may have been packed since.
            packed = self._packed(job_id)
            if packed is not None:
                return packed
        return judge_entry(job_id, entry_path(job_id), data)

    def _packed(self, job_id: str) -> Entry | None:
        found = self._packs.get(job_id)
        if found is None:
            now = self._packs.renewed()
            if now is not self._packs:
                self._packs = now
                found = now.get(job_id)
        return found

    def document(self, job_id: str) -> dict[str, Any] | None:
        """A usable entry as its file or its line says it; None if there is none."""
        version = self._usable(job_id)
        return None if version is None else dict(jsontext.parse(version.data, DEPTH_LIMIT))

    def _usable(self, job_id: str) -> Version | None:
        """The version that counts, if it can be used."""
        entry = self.get(job_id)
        if entry is None or not entry.usable:
            return None
        if entry.path != entry_path(job_id):
            return self._packs.version(job_id)
        data = self._view.read(entry.path, ENTRY_LIMIT)
        return Version(entry.path, 1, data) if isinstance(data, bytes) else None

    def __iter__(self) -> Iterator[Entry]:
        """Every entry: the loose ones by job id, then the packed ones, by segment and job id."""
        yield from self.all_of(self.loose)
        yield from (entry for entry in self._packs if entry.job_id not in self.loose)

    def all_of(self, job_ids: Iterable[str]) -> list[Entry]:
        """The entries that count for these runs, as far as there are any, by job id."""
        return [entry for entry in map(self.get, self._read(job_ids)) if entry is not None]

    def at_hand(self, job_ids: Iterable[str]) -> list[Entry]:
        """The same, but for a run with a file the entry in that, though it cannot be used."""
        found = filter(None, map(self._first, self._read(job_ids)))
        return [e if e.usable else superseded(e, self.get(e.job_id)) for e in found]

    def _read(self, job_ids: Iterable[str]) -> list[str]:
        """The job ids, sorted, after their entries are judged."""
        asked = sorted(job_ids)
        self._look_for(asked)
        loose = [each for each in asked if each not in self._judged and self._is_loose(each)]
        self._judge_each(loose)
        return asked

    def _judge_each(self, job_ids: Iterable[str]) -> None:
        paths = {entry_path(job_id): job_id for job_id in job_ids}
        for path, data in self._view.read_many(paths, ENTRY_LIMIT):
            self._judged[paths[path]] = self._judge(paths[path], data)

    def remember(self, recall: Callable[[], Source[Entry] | None]) -> None:
        """Have the loose entries of a batch from what ``recall`` gives, if it gives anything."""
        self._recall = recall

    @cached_property
    def batches(self) -> Batches[Entry]:
        """Every entry with a statepoint, usable or not, by experiment and value."""
        remembered = self._recall()
        if remembered is not None:
            return Batches((), Both(remembered, _Packed(self)))
        return Batches(self._counting(self.loose), _Packed(self))

    def packed_of(self, experiment: str) -> list[Entry]:
        """The entries of an experiment's runs that are packed and not loose, or count instead."""
        found = self._packs.of_experiment(experiment)
        if not found:
            return []  # without a listing of all that is loose
        both = self._counting(self.loose.intersection(entry.job_id for entry in found))
        loose = {entry.job_id for entry in both}
        return [entry for entry in found if entry.job_id not in loose]

    def _counting(self, loose: Iterable[str]) -> list[Entry]:
        found = self.all_of(loose)
        return [e for e in found if e.path == entry_path(e.job_id)] if self._packs.paths else found

    @property
    def packed_experiments(self) -> frozenset[str]:
        """The experiments that packed entries name."""
        return self._packs.experiments

    @cached_property
    def machines(self) -> tuple[str, ...]:
        """The machines that entries say they come from, sorted; which are right is not judged."""
        known = set(self._packs.machines)
        unread = {entry_path(each): each for each in self.loose if each not in self._judged}
        for path, data in self._view.read_many(unread, ENTRY_LIMIT):
            said = None if isinstance(data, Unreadable) else _SAID_MACHINE(data)
            if said is not None:
                known.add(said[1].decode(errors="replace"))
            else:
                self._judged[unread[path]] = self._judge(unread[path], data)
        known.update(entry.machine for entry in self._judged.values() if entry.usable)
        return tuple(sorted(known))

    def select(self, experiment: str, selector: Mapping[str, Any]) -> list[Entry]:
        """The entries that fit a batch."""
        return self.batches.select(experiment, selector)

    def survey(self) -> Survey:
        """What is to be said of all entries, of segments, and of runs with two that differ."""
        if self._survey is None:
            loose = [e for e in self.at_hand(self.loose) if e.faults or not e.checkable]
            found = self._packs.survey(self._packs.paths, self._root)
            count = len(self.job_ids) + sum(not e.job_id for e in found.notable)
            notable, faults = (*loose, *found.notable), (*found.faults, *self.all_conflicts())
            self._survey = Survey(count, notable, faults)
        return self._survey

    def survey_segments(self, paths: Sequence[str]) -> Survey:
        """What is to be said of these segments and of their lines, each of which is judged."""
        return self._packs.survey(paths)

    def packed_in(self, paths: Iterable[str]) -> frozenset[str]:
        """The job ids of the lines of these segments, as far as there are any."""
        return self._packs.runs_of(paths)

    def conflicts(self, entries: Iterable[Entry]) -> Iterator[Fault]:
        """The faults of those that have a second entry, where it cannot be told which counts."""
        asked = [entry.job_id for entry in entries] if self._packs.paths else ()
        return self._contradictions.of(asked, self._packs, self._usable, self._is_loose)

    def all_conflicts(self) -> Iterator[Fault]:
        """The same of all runs, by job id."""
        packs = self._packs
        several = (self.loose & packs.job_ids) | packs.repeated if packs.paths else frozenset()
        return among(several, packs, self._usable)


class _Packed:
    """The packed entries, as batches ask for them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def experiments(self) -> Iterable[str]:
        return self._ledger.packed_experiments

    def of_experiment(self, experiment: str) -> Iterable[Entry]:
        return self._ledger.packed_of(experiment)
