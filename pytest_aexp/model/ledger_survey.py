"""Every entry of a ledger judged: what is to be reported of entries and segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from pytest_aexp.ground.git.cache_dir import Cache
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.duplicates import choose, contradiction_in, superseded
from pytest_aexp.model.packs.segment_check import Survey, check_segments
from pytest_aexp.model.problems import Fault

AT_ONCE = 20_000
"""Runs whose packed lines are held in memory to be compared."""

_CLEAN_SEGMENTS = 10_000


def survey(ledger: Ledger, root: Path | None = None) -> Survey:
    """What is to be reported of all entries, and of segments.

    ``root`` is the repository in whose cache the digests of clean segments are kept.
    """
    notable = survey_runs(ledger, ledger.loose).notable
    # What is wrong with a packed entry is reported with its segment.
    files = [entry for entry in notable if entry.path == entry_path(entry.job_id)]
    clean = None if root is None else Cache(root, "clean", _CLEAN_SEGMENTS)
    segments = check_segments(ledger.view, ledger.packs.paths, clean)
    reported = {fault for entry in files for fault in entry.faults}
    unclear = [f for f in contradictions(ledger, ledger.repeated) if f not in reported]
    count = len(ledger.job_ids) + sum(not entry.job_id for entry in segments.notable)
    return Survey(count, (*files, *segments.notable), (*segments.faults, *unclear))


def survey_runs(ledger: Ledger, job_ids: Iterable[str]) -> Survey:
    """The same of some runs: of the entry that counts, and of a file that it supersedes."""
    entries = ledger.entries(job_ids)
    notable = []
    for entry in entries:
        file = ledger.outranked(entry)
        if file is not None and file.faults:
            notable.append(file if file.usable else superseded(file, entry))
        if entry.faults or not entry.checkable:
            notable.append(entry)
    return Survey(len(entries), tuple(notable))


def contradictions(ledger: Ledger, job_ids: Iterable[str]) -> Iterator[Fault]:
    """The faults of those of these runs of whose entries it is unclear which counts."""
    pending = iter(sorted(job_ids))
    while part := list(islice(pending, AT_ONCE)):
        doubtful = [
            job_id
            for job_id, versions in ledger.packs.lines(part).items()
            if choose(versions).contradicted is not None or ledger.is_loose(job_id)
        ]
        for entry in ledger.entries(doubtful):
            if (fault := contradiction_in(entry)) is not None:
                yield fault
