"""Backfill: every finished run of this machine; one bad one does not stop the rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from repositories import add_jobs, write

from pytest_aexp import ledger
from pytest_aexp.ground.repository import Repository
from pytest_aexp.work.promote import backfill

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="shared on Linux only"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


POINT = {"experiment_id": "E001", "seed": 1}
DONE = {"status": "complete", "aexp": {"experiment_id": "E001"}}


@pytest.fixture
def job_id(repo: Path) -> str:
    return add_jobs(repo, [{"statepoint": POINT, "doc": DONE}])[0]


def test_the_result_counts_the_promoted_and_the_unchanged(repo: Path) -> None:
    jobs = [{"statepoint": {"seed": n}, "doc": DONE} for n in range(3)]
    jobs.append({"statepoint": {"seed": 9}, "doc": {"status": "queued"}})
    add_jobs(repo, jobs)
    assert ledger.backfill_ledger(repo) == (3, 0)
    assert ledger.backfill_ledger(repo) == (0, 3)
    assert ledger.backfill_ledger(repo, overwrite=True, machine_label="other") == (3, 0)
    for path in (repo / ".aexp/ledger").iterdir():
        assert json.loads(path.read_text())["registered_machine"] == "other"


def test_the_file_system_is_synced_once_if_anything_was_written(
    repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(backfill, "sync_file_system", synced.append)
    ledger.backfill_ledger(repo)
    assert synced == [repo / ".aexp/ledger"]
    ledger.backfill_ledger(repo)
    assert len(synced) == 1


def test_runs_that_cannot_be_promoted_are_named_with_the_reason(repo: Path, job_id: str) -> None:
    half, without = "1" * 32, "2" * 32
    (half_id,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": DONE}])
    (nan_id,) = add_jobs(repo, [{"statepoint": {"a": float("nan")}, "doc": DONE}])
    write(repo, f".runs/workspace/{half_id}/signac_job_document.json", '{"status": "comp')
    write(repo, f".runs/workspace/{without}/signac_job_document.json", json.dumps(DONE))
    promotions = {p.job_id: p for p in ledger.backfill(Repository.open(repo))}
    assert promotions[job_id].written
    assert "not valid JSON" in str(promotions[half_id].refused)
    assert "does not exist" in str(promotions[without].refused)
    assert "NaN" in str(promotions[nan_id].refused)
    assert half not in promotions
    assert ledger.list_ledger_job_ids(repo) == {job_id}
