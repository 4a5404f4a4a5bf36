"""This machine's runs that have not finished, the lost ones first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_aexp.ground.repository import Repository
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
from pytest_aexp.model.runs.run_store import RunStore, shareable
from pytest_aexp.work.runs.status import entry_of_attempt


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that has not finished, or of which that is not known.

    ``status`` is what its document says, of whatever kind, and ``damaged`` says that it cannot be
    used. ``ledger_status`` is how the attempt ended, where the ledger has that, and the document,
    which could not be written then, has not. ``parameters`` are those in which the unfinished runs
    of its experiment differ, as the ledger would show them.
    """

    job_id: str
    experiments: tuple[str, ...]
    parameters: dict[str, Any]
    status: Any
    damaged: bool
    ledger_status: str | None
    lost: bool
    heartbeat_at: datetime | None
    attempt: int | None
    host: str | None
    pid: int | None


def unfinished_runs(repository: Repository, store: RunStore) -> list[UnfinishedRun]:
    """The store's unfinished runs: lost ones, then the others, each by its last heartbeat."""
    every = ((job_id, store.files(job_id)) for job_id in sorted(store.job_ids))
    left = {
        job_id: files
        for job_id, files in every
        if files.statepoint is not None and not has_ended(files.document)
    }
    points = {job_id: json.loads(shareable(files)) for job_id, files in left.items()}
    # The parameters in which the runs of the same experiments differ.
    differing: dict[tuple[str, ...], Differing] = {}
    for job_id, files in left.items():
        of_one = differing.setdefault(_experiments(files), Differing())
        of_one.add({"statepoint": points[job_id]})
    names = {experiments: frozenset(one.parameters) for experiments, one in differing.items()}
    runs = [
        _unfinished(repository, job_id, files, _only(points[job_id], names[_experiments(files)]))
        for job_id, files in left.items()
    ]
    return sorted(runs, key=_place)


def _experiments(files: RunFiles) -> tuple[str, ...]:
    return experiments_of(files.statepoint, run_link_of(files.document))


def _only(statepoint: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in flat(statepoint).items() if name in names}


def _unfinished(
    repository: Repository, job_id: str, files: RunFiles, parameters: dict[str, Any]
) -> UnfinishedRun:
    document, attempt = files.document, attempt_of(files.document)
    host, pid = attempt.get("host"), attempt.get("pid")
    entry = entry_of_attempt(repository, job_id, document)
    return UnfinishedRun(
        job_id,
        _experiments(files),
        parameters,
        document.get("status"),
        damaged=bool(files.faults) and not document,
        ledger_status=entry.get("status"),
        lost=lost_since(document) is not None and not entry,
        heartbeat_at=heartbeat_of(document),
        attempt=attempt_number(document),
        host=host if isinstance(host, str) else None,
        pid=pid if isinstance(pid, int) else None,
    )


def _place(run: UnfinishedRun) -> tuple[bool, bool, float, str]:
    beat = run.heartbeat_at
    return not run.lost, beat is None, beat.timestamp() if beat else 0, run.job_id
