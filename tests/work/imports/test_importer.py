"""Source runs become entries: attempts of one run, byte for byte the same each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repositories import add_jobs, job_id_of

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.runs import find_runs, get_run_store, open_run
from pytest_aexp.work.imports.importer import gather, keep_as_jobs, write_entries
from pytest_aexp.work.imports.source import SkippedRun, SourceRun


def source(name: str = "a", seed: int = 1, day: int = 1, **fields: Any) -> SourceRun:
    hours = {"started_at": 9, "ended_at": 10}
    document = {name: f"2026-05-{day:02d}T{hour:02d}:00:00Z" for name, hour in hours.items()}
    document["status"] = "complete"
    document |= {name: fields.pop(name) for name in ("status", "tracker") if name in fields}
    return SourceRun(name, {"seed": seed}, document=document, **fields)


def imported(repo: Path, *runs: SourceRun | SkippedRun) -> dict[str, bytes]:
    list(write_entries(Repository(repo), gather(runs, "E001")))
    return {path.stem: path.read_bytes() for path in (repo / ".aexp/ledger").glob("*.json")}


def test_an_entry_like_any_other(repo: Path) -> None:
    tracker = {"backend": "mlflow", "run_id": "f" * 32}
    ((job_id, data),) = imported(
        repo, source(metrics={"val/loss": 0.25, "nan": None}, tracker=tracker)
    ).items()
    entry = json.loads(data)
    assert job_id == entry["job_id"] == job_id_of({"experiment_id": "E001", "seed": 1})
    assert entry["metrics"] == {"val_loss": 0.25, "nan": None}
    assert (entry["status"], entry["tracker"]) == ("complete", tracker)


def test_again_changes_no_byte(repo: Path) -> None:
    runs = [source("a", 1, metrics={"f1": 1}), source("b", 2, status="failed"), source("c", 1, 2)]
    assert imported(repo, *runs) == imported(repo, *reversed(runs))


@pytest.mark.parametrize(
    ("runs", "counts", "number"),
    [
        ([source("a", day=1), source("b", day=2)], "b", 2),
        ([source("a", day=2), source("b", day=1)], "a", 2),
        ([source("a", day=1), source("b", day=2, status="failed")], "a", 1),
        ([source("a", day=1, status="failed"), source("b", day=2, status="stopped")], "b", 2),
    ],
)
def test_the_last_complete_attempt_counts(runs: list[SourceRun], counts: str, number: int) -> None:
    (run,) = gather(runs, "E001").runs
    assert (run.counting.name, run.number) == (counts, number)


def test_a_later_attempt_takes_the_place_of_an_earlier_one(repo: Path) -> None:
    before = imported(repo, source(day=1, metrics={"f1": 1}))
    after = imported(repo, source(day=1, metrics={"f1": 1}), source(day=2, metrics={"f1": 2}))
    assert before.keys() == after.keys()
    (data,) = after.values()
    assert json.loads(data)["metrics"] == {"f1": 2}


def test_a_failed_attempt_never_takes_the_place_of_a_complete_one(repo: Path) -> None:
    before = imported(repo, source(day=1))
    assert imported(repo, source(day=2, status="failed")) == before


def test_each_may_be_a_run_of_its_own() -> None:
    runs = [source("a", run_id="x"), source("b", run_id="y"), source("c")]
    importing = gather(runs, "E001", "run_id")
    assert [run.statepoint["run_id"] for run in importing.runs] == ["x", "y"]
    assert importing.skipped == [SkippedRun("c", 'has no "run_id"', damaged=True)]


def test_parameters_of_another_experiment_are_refused() -> None:
    importing = gather([SourceRun("a", {"experiment_id": "E002"})], "E001")
    assert importing.skipped[0].reason == ('is of experiment "E002" by its parameters, not of E001')
    assert gather([SourceRun("a", {"experiment_id": "E001"})], "E001").runs


def test_metrics_that_would_have_one_name() -> None:
    with pytest.raises(UsageError, match='"a/b" and "a_b" would have one name'):
        gather([source(metrics={"a/b": 1, "a_b": 2})], "E001")
    with pytest.raises(UsageError, match="the runs have 65 metrics"):
        gather([source(metrics={f"m{n}": 1 for n in range(65)})], "E001")
    assert gather([source(metrics={"mean": 1})], "E001").metrics == {"mean": "mean_"}


def test_what_is_private_is_redacted(repo: Path) -> None:
    run = SourceRun("a", {"data_root": "/home/me/data", "seed": 1}, document={"status": "complete"})
    (data,) = imported(repo, run).values()
    assert b"/home" not in data
    assert json.loads(data)["redacted"] == ["/statepoint/data_root"]


def test_a_run_that_may_not_enter_is_named(repo: Path) -> None:
    run = SourceRun("a", {"x": "y" * (1 << 20)}, document={"status": "complete"})
    (result,) = write_entries(Repository(repo), gather([run], "E001"))
    assert "cannot enter the ledger: its entry would be" in result.refused


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
