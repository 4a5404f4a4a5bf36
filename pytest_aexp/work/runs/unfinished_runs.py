"""This machine's runs that have not finished, the lost ones first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_aexp.model.batches import experiments_of
from pytest_aexp.model.query.table import Differing, flat
from pytest_aexp.model.runs.run_attempt import (
    attempt_number,
    attempt_of,
    has_ended,
    heartbeat_of,
    lost_since,
)
from pytest_aexp.model.runs.run_files import RunFiles, run_link_of
from pytest_aexp.model.runs.run_store import RunStore


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that has not finished, or of which that is not known.

    ``status`` is what its document says, of whatever kind; ``parameters`` are those in which the
    unfinished runs of its experiment differ.
    """

    job_id: str
    experiments: tuple[str, ...]
    parameters: dict[str, Any]
    status: Any
    lost: bool
    heartbeat_at: datetime | None
    attempt: int | None
    host: str | None
    pid: int | None


def unfinished_runs(store: RunStore) -> list[UnfinishedRun]:
    """The store's unfinished runs: lost ones, then the others, each by its last heartbeat."""
    every = ((job_id, store.files(job_id)) for job_id in sorted(store.job_ids))
    left = {
        job_id: files
        for job_id, files in every
        if files.statepoint is not None and not has_ended(files.document)
    }
    # The parameters in which the runs of the same experiments differ.
    differing: dict[tuple[str, ...], Differing] = {}
    for files in left.values():
        of_one = differing.setdefault(_experiments(files), Differing())
        of_one.add({"statepoint": files.statepoint})
    names = {experiments: frozenset(one.parameters) for experiments, one in differing.items()}
    runs = [_unfinished(job_id, files, names) for job_id, files in left.items()]
    return sorted(runs, key=_place)


def _experiments(files: RunFiles) -> tuple[str, ...]:
    return experiments_of(files.statepoint, run_link_of(files.document))


def _unfinished(
    job_id: str, files: RunFiles, names: dict[tuple[str, ...], frozenset[str]]
) -> UnfinishedRun:
    document, attempt = files.document, attempt_of(files.document)
    experiments, host, pid = _experiments(files), attempt.get("host"), attempt.get("pid")
    return UnfinishedRun(
        job_id,
        experiments,
        {name: v for name, v in flat(files.statepoint).items() if name in names[experiments]},
        document.get("status"),
        lost_since(document) is not None,
        heartbeat_of(document),
        attempt_number(document),
        host if isinstance(host, str) else None,
        pid if isinstance(pid, int) else None,
    )


def _place(run: UnfinishedRun) -> tuple[bool, bool, float, str]:
    beat = run.heartbeat_at
    return not run.lost, beat is None, beat.timestamp() if beat else 0, run.job_id
