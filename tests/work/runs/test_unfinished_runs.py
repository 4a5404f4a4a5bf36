"""Which runs have not finished, in which order, and what tells them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repositories import add_jobs, job_id_of

from pytest_aexp.ground.repository import Repository
from pytest_aexp.work.promote.promote import open_store
from pytest_aexp.work.runs.unfinished_runs import unfinished_runs

OLD, OLDER = "2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z"


def test_the_runs_of_an_experiment_are_told_apart_by_what_differs(repo: Path) -> None:
    points: list[dict[str, Any]] = [
        {"experiment_id": "E001", "seed": 1, "m": {"C": 1}, "lr": 1},
        {"experiment_id": "E001", "seed": 2, "m": {"C": 2}, "lr": 1},
        {"experiment_id": "E002", "seed": 1, "code_commit": "x"},
        {"experiment_id": "E002", "seed": 3},
    ]
    documents: list[dict[str, Any]] = [
        {"status": "running", "heartbeat_at": OLD},
        {"status": "running", "heartbeat_at": OLDER, "aexp_attempt": {"host": 1, "pid": "x"}},
        {},
        {"status": "failed"},
    ]
    jobs = zip(points, documents, strict=True)
    add_jobs(repo, [{"statepoint": point, "doc": document} for point, document in jobs])
    repository = Repository.open(repo)
    runs = unfinished_runs(repository, open_store(repository))
    assert [run.job_id for run in runs] == [job_id_of(points[n]) for n in (1, 0, 2)]
    assert [run.lost for run in runs] == [True, True, False]
    assert [run.parameters for run in runs] == [
        {"seed": 2, "m.C": 2},
        {"seed": 1, "m.C": 1},
        {"seed": 1},
    ]
    assert (runs[0].host, runs[0].pid, runs[0].attempt) == (None, None, None)
