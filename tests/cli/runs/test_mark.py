"""``aexp mark`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run_aexp
from repositories import write
from runscripts import document_of, entry_in

from pytest_aexp.runs import create_run, init_run_store
from pytest_aexp.work.runs.status import STATUSES


@pytest.fixture
def store(repo: Path) -> Path:
    init_run_store(repo)
    return repo


@pytest.mark.parametrize("status", STATUSES)
def test_mark_sets_any_status(store: Path, capsys: pytest.CaptureFixture[str], status: str) -> None:
    job = create_run(experiment_id="E001")
    assert run_aexp(capsys, "mark", job.id[:8], status) == (0, f"{job.id} is {status}\n", "")
    assert document_of(store, job.id)["status"] == status


def test_mark_writes_the_entry(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = create_run(experiment_id="E001")
    run_aexp(capsys, "mark", job.id, "failed")
    assert entry_in(store, job.id)["status"] == "failed"


def test_mark_is_1_if_the_entry_could_not_be_written(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001")
    write(store, ".aexp/ledger", "a file")
    status, out, err = run_aexp(capsys, "mark", job.id, "failed")
    assert (status, out) == (1, f"{job.id} is failed\n")
    assert f"aexp ledger promote {job.id}" in err
    assert document_of(store, job.id)["status"] == "failed"


def test_mark_takes_several_runs(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [create_run(experiment_id="E001", statepoint={"seed": seed}) for seed in (1, 2)]
    status, out, _ = run_aexp(capsys, "mark", *(job.id for job in jobs), "failed")
    assert (status, out) == (0, "".join(f"{job.id} is failed\n" for job in jobs))
    assert [entry_in(store, job.id)["status"] for job in jobs] == ["failed", "failed"]
    assert run_aexp(capsys, "mark", jobs[0].id, "0" * 32, "complete")[0] == 2
    assert document_of(store, jobs[0].id)["status"] == "failed"


def test_a_status_of_another_program_is_replaced_only_when_asked(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job, other = (create_run(experiment_id="E001", statepoint={"seed": seed}) for seed in (1, 2))
    job.doc["status"] = {"a-minimize": 1}
    status, out, err = run_aexp(capsys, "mark", job.id, other.id, "complete")
    assert (status, out) == (1, f"{other.id} is complete\n")
    assert f"run `aexp mark {job.id} complete --replace`" in err
    assert document_of(store, job.id)["status"] == {"a-minimize": 1}
    assert run_aexp(capsys, "mark", job.id, "complete", "--replace")[0] == 0
    assert entry_in(store, job.id)["status"] == "complete"


def test_a_run_that_was_lost_ended_with_its_last_heartbeat(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001")
    job.doc.update(status="running", heartbeat_at="2020-01-01T00:00:00Z")
    run_aexp(capsys, "mark", job.id, "failed")
    assert entry_in(store, job.id)["ended_at"] == "2020-01-01T00:00:00Z"


def test_an_ambiguous_beginning_lists_its_candidates(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [f"abcd{digit * 28}" for digit in "01"]
    for job_id in ids:
        (store / ".runs/workspace" / job_id).mkdir(parents=True)
    for arguments in (("mark", "abcd", "complete"), ("link", "abcd", "--experiment", "E001")):
        status, _, err = run_aexp(capsys, *arguments)
        assert status == 2
        assert all(job_id in err for job_id in ids)


def test_mark_names_every_status_in_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run_aexp(capsys, "mark", "--help")
    assert all(status in out for status in STATUSES)
