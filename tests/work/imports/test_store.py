"""Imported runs as signac jobs."""

from __future__ import annotations

from pathlib import Path

from repositories import add_jobs

from pytest_aexp.runs import find_runs, get_run_store, open_run
from pytest_aexp.work.imports.importer import gather
from pytest_aexp.work.imports.source import SourceRun
from pytest_aexp.work.imports.store import keep_as_jobs


def test_a_job_is_made_once_and_never_changed(repo: Path) -> None:
    (own,) = add_jobs(
        repo, [{"statepoint": {"experiment_id": "E001", "seed": 0}, "doc": {"status": "running"}}]
    )
    runs = [
        SourceRun(str(seed), {"seed": seed}, {"val/loss": seed}, {"status": "complete"})
        for seed in range(3)
    ]
    importing = gather(runs, "E001")
    assert keep_as_jobs(get_run_store(repo), importing) == 2
    assert keep_as_jobs(get_run_store(repo), importing) == 0
    assert open_run(own, repo_root=repo).doc["status"] == "running"
    losses = [job.doc["val_loss"] for job in find_runs(status="complete", repo_root=repo)]
    assert sorted(losses) == [1, 2]
