"""Where the runs behind a citation are: the ledger first, then this machine, then the indexes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.git.sparse import require_checked_out
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import View, WorkTree, above
from pytest_aexp.model.batches import Batches
from pytest_aexp.model.entry import ENTRY_LIMIT, LEDGER_DIR, Entry, entry_path
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation, Resolvable
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, lines_of, run_of
from pytest_aexp.model.runs.machine_index import INDEX_DIR, MachineIndexes
from pytest_aexp.model.runs.run_store import Run, RunStore
from pytest_aexp.work.scope.adoption import has_adopted

# In the bytes: to parse every entry for the sake of one message would take seconds.
_RUN_ID = re.compile(rb'"run_id":\s?"([0-9a-f]{32})"')
_MOST_LOOSE = 10_000
"""To look into more files for the sake of one message would take seconds."""


class Place(Enum):
    """The best source that knows what is cited."""

    LEDGER = auto()
    DISK = auto()
    """The ledger in the working tree, though not the one in the view that is judged."""
    STORE = auto()
    INDEX = auto()
    NOWHERE = auto()


@dataclass(frozen=True)
class Sources:
    """Everything that can know a run.

    ``on_disk`` is the working tree's ledger, where another view's is judged. ``had_ledger`` says
    that there was one until now: to delete the last entry must not switch the check off.
    ``is_adopted`` says whether there should be one.
    """

    ledger: Ledger
    store: RunStore | None
    indexes: MachineIndexes
    on_disk: Ledger | None = None
    had_ledger: bool = False
    is_adopted: Callable[[], bool] = lambda: False

    @classmethod
    def of(
        cls,
        repository: Repository,
        view: View,
        on_disk: View | None = None,
        *,
        ledger: Ledger | None = None,
        had_ledger: bool = False,
    ) -> Sources:
        """The sources of a repository, what is in git being read through ``view``.

        ``ledger`` is that view's, if there is one already.
        Raises NotCheckedOut if the folder that is read does not hold all of them.
        """
        if isinstance(view, WorkTree):
            findings = repository.configuration.findings
            require_checked_out(repository.root, (LEDGER_DIR, INDEX_DIR), findings)
        return cls(
            ledger or Ledger(view),
            RunStore.of(repository),
            MachineIndexes(view),
            Ledger(on_disk)
            if on_disk is not None and _entries_can_be_added(repository.root)
            else None,
            had_ledger,
            cache(partial(has_adopted, repository.root, view)),
        )

    def load(self, job_ids: Sequence[str], experiments: Iterable[str]) -> None:
        """Read what the ledger has of these runs, and of these experiments, at once."""
        self.ledger.load(job_ids, experiments)
        if self.on_disk is not None:
            # The working tree counts for nothing but what the commit lacks.
            self.on_disk.load(job_id for job_id in job_ids if not self.ledger.has(job_id))

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """Every job id that one of them knows."""
        ids = self.ledger.job_ids | self.indexes.job_ids
        return ids | self.store.job_ids if self.store is not None else ids

    @cached_property
    def sorted_ids(self) -> tuple[str, ...]:
        """The same, sorted."""
        return tuple(sorted(self.job_ids))

    @cached_property
    def reversed_ids(self) -> tuple[str, ...]:
        """Each of them from its end to its beginning, sorted."""
        return tuple(sorted(job_id[::-1] for job_id in self.job_ids))

    @cached_property
    def tracker_ids(self) -> Mapping[str, list[str]]:
        """The runs of each id that another tracker has for it, and that looks like a job id."""
        return tracker_ids(self.ledger)

    def value_counts(self, experiment: str, key: str) -> Mapping[str, int]:
        """How often the experiment's runs have each value of ``key``, the most common first."""
        counts = self._value_counts.get((experiment, key))
        if counts is None:
            total = Counter(self.ledger.batches.counts(experiment, key))
            if self.store is not None:
                runs = self.store.batches.of_experiment(experiment)
                # A run that was promoted is in both, and counts once.
                others = Batches(run for run in runs if run.job_id not in self.ledger.job_ids)
                total.update(others.counts(experiment, key))
            counts = self._value_counts[experiment, key] = dict(total.most_common())
        return counts

    @cached_property
    def _value_counts(self) -> dict[tuple[str, str], Mapping[str, int]]:
        return {}

    @property
    def has_local_runs(self) -> bool:
        """Whether this machine has a run store, or entries that may still be added."""
        return self.store is not None or (self.on_disk is not None and self.on_disk.exists)

    @property
    def has_authority(self) -> bool:
        """Whether there is anything that could know a run."""
        return (
            self.had_ledger
            or self.ledger.exists
            or self.has_local_runs
            or bool(self.indexes.files)
            or self.is_adopted()
        )


def _entries_can_be_added(root: Path) -> bool:
    """Whether entries on disk could enter a commit: not behind a link, nor in a submodule."""
    places = [root / path for path in above(LEDGER_DIR)]
    return not any(os.path.islink(p) or os.path.lexists(p / ".git") for p in places)


class Resolution(NamedTuple):
    """Where a citation leads. Only what belongs to ``place`` is filled in.

    ``entries`` may hold unusable ones: a damaged entry is still what was cited. ``selectors`` are
    those that runs have where readers of YAML take the citation's for different ones.
    """

    place: Place
    entries: tuple[Entry, ...] = ()
    runs: tuple[Run, ...] = ()
    machines: tuple[str, ...] = ()
    matches: int = 0
    selectors: tuple[dict[str, Any], ...] = ()

    def file_of(self, job_id: str | None) -> str | None:
        """The damaged file that it leads to, or that in which the run's entry should be."""
        damaged = next((entry.path for entry in self.entries if entry.cause is not None), None)
        return damaged or (entry_path(job_id) if job_id else None)


def resolve(citation: Resolvable, sources: Sources) -> Resolution:
    """Where ``citation`` leads."""
    if isinstance(citation, JobCitation):
        return _resolve_job(citation.job_id, sources)
    return _resolve_batch(citation, sources)


def _resolve_job(job_id: str, sources: Sources) -> Resolution:
    entry = sources.ledger.get(job_id)
    if entry is not None:
        return Resolution(Place.LEDGER, entries=(entry,))
    on_disk = sources.on_disk.get(job_id) if sources.on_disk is not None else None
    if on_disk is not None:
        return Resolution(Place.DISK, entries=(on_disk,), matches=1)
    run = sources.store.get(job_id) if sources.store is not None else None
    # A run whose files are damaged proves nothing, and an index may still have it.
    if run is not None and run.usable:
        return Resolution(Place.STORE, runs=(run,))
    machines = sources.indexes.machines_with(job_id)
    if machines:
        return Resolution(Place.INDEX, machines=machines, matches=1)
    return Resolution(Place.NOWHERE, runs=(run,) if run is not None else ())


def cited_runs(citation: Citation, sources: Sources) -> list[str]:
    """The runs that are cited: one, whatever is known of it; of a batch those in the ledger."""
    if isinstance(citation, JobCitation):
        return [citation.job_id]
    if not isinstance(citation, BatchCitation):
        return []
    resolution = resolve(citation, sources)
    return [e.job_id for e in resolution.entries] if resolution.place is Place.LEDGER else []


def matching_selectors(citation: BatchCitation, sources: Sources) -> list[dict[str, Any]]:
    """The selectors that the citation may mean and that runs have."""
    ledgers = [ledger for ledger in (sources.ledger, sources.on_disk) if ledger is not None]
    store, experiment = sources.store, citation.experiment_id
    return [
        selector
        for selector in citation.selectors
        if any(ledger.select(experiment, selector) for ledger in ledgers)
        or (store is not None and store.batches.select(experiment, selector))
    ]


def _resolve_batch(citation: BatchCitation, sources: Sources) -> Resolution:
    if citation.readings:
        selectors = matching_selectors(citation, sources)
        if len(selectors) > 1:
            return _resolve_selector(citation, sources)._replace(selectors=tuple(selectors))
        if selectors:
            citation = replace(citation, selector=selectors[0])
    return _resolve_selector(citation, sources)


def _resolve_selector(citation: BatchCitation, sources: Sources) -> Resolution:
    experiment, selector = citation.experiment_id, citation.selector
    entries = not_excluded(citation, sources.ledger.select(experiment, selector))
    if entries:
        return Resolution(Place.LEDGER, entries=tuple(entries))
    if sources.on_disk is not None:
        on_disk = not_excluded(citation, sources.on_disk.select(experiment, selector))
        if on_disk:
            return Resolution(Place.DISK, entries=tuple(on_disk), matches=len(on_disk))
    if sources.store is not None:
        runs = not_excluded(citation, sources.store.batches.select(experiment, selector))
        if runs:
            return Resolution(Place.STORE, runs=tuple(runs))
    indexed = sources.indexes.select(experiment, selector)
    indexed = [run for run in indexed if run.job_id not in citation.excluded]
    if indexed:
        machines = tuple(sorted({run.machine for run in indexed}))
        return Resolution(Place.INDEX, machines=machines, matches=len(indexed))
    return Resolution(Place.NOWHERE)


R = TypeVar("R", Entry, Run)


def not_excluded(citation: BatchCitation, runs: list[R]) -> list[R]:
    """The runs that ``status`` and ``except`` leave; what cannot be used is never left out."""
    statuses, excluded = citation.statuses, citation.excluded
    if not (statuses or excluded):
        return runs
    return [
        run
        for run in runs
        if run.job_id not in excluded and (not statuses or run.status in statuses or not run.usable)
    ]


def tracker_ids(ledger: Ledger) -> Mapping[str, list[str]]:
    """The runs of each such id, as far as the entries of the ledger tell."""
    runs: dict[str, list[str]] = {}
    loose = ledger.loose if len(ledger.loose) <= _MOST_LOOSE else ()
    paths = {entry_path(job_id): job_id for job_id in loose}
    for path in ledger.packs.paths:
        data = ledger.view.read(path, SEGMENT_LIMIT)
        for line in () if isinstance(data, Unreadable) else lines_of(data):
            _add(runs, line, run_of(line))
    for path, data in ledger.view.read_many(paths, ENTRY_LIMIT):
        if isinstance(data, bytes):
            _add(runs, data, paths[path])
    return runs


def _add(runs: dict[str, list[str]], data: bytes, job_id: str) -> None:
    match = _RUN_ID.search(data)
    if match is not None:
        of_id = runs.setdefault(match[1].decode(), [])
        if job_id not in of_id:
            of_id.append(job_id)
