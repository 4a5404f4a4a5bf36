"""A run of the store, as conditions see it."""

from __future__ import annotations

from pathlib import Path

from repositories import add_jobs, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.evidence.store_documents import as_entry


def test_a_run_is_what_its_entry_would_be(repo: Path) -> None:
    write(repo, "pyproject.toml", '[tool.aexp.metrics]\nloss = "eval/loss"\n')
    document = {"status": "failed", "eval": {"loss": 0.5}, "heartbeat_at": "x"}
    (job_id,) = add_jobs(repo, [{"statepoint": {"seed": 1}, "doc": document}])
    repository = Repository.open(repo)
    store = RunStore.of(repository)
    assert store is not None
    described = as_entry(repository, job_id, store.files(job_id))
    assert (described["job_id"], described["statepoint"]) == (job_id, {"seed": 1})
    assert (described["status"], described["metrics"]) == ("failed", {"loss": 0.5})
    assert "heartbeat_at" not in described
