"""The ledger as a collection: each entry read at most once, and only if someone asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pytest_aexp.entries import ENTRY_LIMIT, LEDGER_DIR, Entry, entry_path, judge_entry
from pytest_aexp.identity import is_job_id
from pytest_aexp.selection import Batches
from pytest_aexp.views import View

FEW = 500
"""So many entries cost less to look up one by one than a large ledger does to list."""


class Ledger:
    """The entries in one view of the repository."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._judged: dict[str, Entry] = {}

    @cached_property
    def exists(self) -> bool:
        """Whether there is a ledger folder, however empty."""
        return self._view.has_folder(LEDGER_DIR)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return self._view.names(LEDGER_DIR)

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """The job ids that an entry's file is named for."""
        return frozenset(
            name[:-5] for name in self._names if name.endswith(".json") and is_job_id(name[:-5])
        )

    @cached_property
    def strays(self) -> tuple[str, ...]:
        """The paths of ``.json`` files in the ledger folder that are no entries."""
        return tuple(
            f"{LEDGER_DIR}/{name}"
            for name in self._names
            if name.endswith(".json") and name[:-5] not in self.job_ids
        )

    @property
    def judged(self) -> int:
        """How many entries were read so far."""
        return len(self._judged)

    def has(self, job_id: str) -> bool:
        """Whether there is an entry of the run, found without listing all there are."""
        if "job_ids" in self.__dict__:
            return job_id in self.job_ids
        return is_job_id(job_id) and self._view.has_file(entry_path(job_id))

    def expect(self, job_ids: Iterable[str]) -> None:
        """Be told which entries will be asked for: a few are looked up, many are listed."""
        asked = set(job_ids)
        if len(asked) > FEW:
            _ = self.job_ids
        else:
            self._view.expect([entry_path(job_id) for job_id in sorted(asked)])

    def get(self, job_id: str) -> Entry | None:
        """The entry of a run; None if the ledger has none."""
        if job_id not in self._judged and not self.has(job_id):
            return None
        known = self._judged.get(job_id)
        if known is None:
            path = entry_path(job_id)
            known = judge_entry(job_id, path, self._view.read(path, ENTRY_LIMIT))
            self._judged[job_id] = known
        return known

    def __iter__(self) -> Iterator[Entry]:
        """Every entry, by job id."""
        return iter(self.all_of(self.job_ids))

    def all_of(self, job_ids: Iterable[str]) -> list[Entry]:
        """The entries of these runs, as far as there are any, by job id."""
        asked = sorted(job_ids)
        self.expect(asked)
        there = [job_id for job_id in asked if self.has(job_id)]
        missing = {entry_path(job_id): job_id for job_id in there if job_id not in self._judged}
        for path, data in self._view.read_many(missing, ENTRY_LIMIT):
            self._judged[missing[path]] = judge_entry(missing[path], path, data)
        return [self._judged[job_id] for job_id in there]

    @cached_property
    def batches(self) -> Batches[Entry]:
        """Every entry with a statepoint, usable or not, by experiment and value."""
        return Batches(self)

    @cached_property
    def machines(self) -> tuple[str, ...]:
        """The machines that usable entries come from, sorted."""
        return tuple(sorted({entry.machine for entry in self if entry.usable}))

    def select(self, experiment: str, selector: Mapping[str, Any]) -> list[Entry]:
        """The entries that fit a batch."""
        return self.batches.select(experiment, selector)
