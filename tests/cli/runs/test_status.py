"""``aexp status`` as it is typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import run_aexp
from repositories import add_entry, write

from pytest_aexp.ledger import ledger_path
from pytest_aexp.runs import create_run, init_run_store, mark_status, run_lifecycle
from pytest_aexp.work.promote.project import entry_bytes

LATER = "2030-01-01T00:00:00Z"


@pytest.fixture
def store(repo: Path) -> Path:
    write(repo, ".aexp/installed.json", '{"machine_label": "cluster"}')
    init_run_store(repo)
    return repo


def run_of(seed: int, **document: Any) -> str:
    job = create_run(experiment_id="E001", statepoint={"seed": seed, "lr": 0.1})
    job.doc.update(document)
    return str(job.id)


def test_lost_runs_come_first_with_the_command_that_ends_them(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = run_of(1)
    lost = run_of(
        2,
        status="running",
        heartbeat_at="2020-01-01T00:00:00Z",
        aexp_attempt={"number": 3, "host": "node7", "pid": 17},
    )
    foreign = run_of(3, status={"a": 1})
    mark_status(create_run(experiment_id="E001", statepoint={"seed": 4}), "complete")
    status, out, err = run_aexp(capsys, "status")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].split() == "job id status last heard of experiment parameters host pid".split()
    assert lines[1].startswith(f"{lost}  lost ")
    assert " days ago" in lines[1]
    assert lines[1].split()[-4:] == ["E001", "seed=2", "node7", "17"]
    rest = sorted([f"{waiting}  created", f'{foreign}  unknown: {{"a": 1}}'])
    assert all(line.startswith(start) for line, start in zip(lines[2:4], rest, strict=True))
    assert lines[4] == f"1 run was lost; next: run `aexp mark {lost} failed`"


def test_a_run_whose_end_only_the_ledger_has_is_not_lost(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001", statepoint={"seed": 1})
    with run_lifecycle(job):
        job.doc["heartbeat_at"] = "2020-01-01T00:00:00Z"
        running = job.doc()
    path = ledger_path(store, job.id)
    before = {**json.loads(path.read_bytes()), "wallclock_s": 7.5, "ended_at": LATER}
    path.write_bytes(entry_bytes(before))
    # What the document says where it could not be written in the end, and its process is gone.
    job.doc.reset({**running, "aexp_attempt": {**running["aexp_attempt"], "pid": -1}})
    _, out, _ = run_aexp(capsys, "status")
    assert f"{job.id}  complete in the ledger " in out
    assert "lost" not in out
    assert f"next: run `aexp mark {job.id} complete`" in out
    assert run_aexp(capsys, "mark", job.id, "complete")[0] == 0
    assert json.loads(path.read_bytes()) == before
    assert (job.doc["ended_at"], job.doc["wallclock_s"]) == (LATER, 7.5)
    assert run_aexp(capsys, "status")[1] == "1 run here, all finished\n"


def test_what_the_ledger_would_not_show_is_not_printed(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for token in ("hf_abcdefghijklmnopqrstuvwxyz1234", "hf_zyxwvutsrqponmlkjihgfedcba1234"):
        create_run(experiment_id="E001", statepoint={"token": token, "seed": token[3]})
    for options in ((), ("--format", "json")):
        _, out, _ = run_aexp(capsys, "status", *options)
        assert "seed" in out
        assert "hf_" not in out


def test_a_document_that_cannot_be_read_is_of_no_status(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = run_of(1, status="running")
    write(store, f".runs/workspace/{job_id}/signac_job_document.json", "{")
    _, out, _ = run_aexp(capsys, "status")
    assert f"{job_id}  unknown: damaged " in out


def test_in_a_window_ids_are_shortened_before_parameters_are_cut(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = run_of(1, status="running", heartbeat_at="2020-01-01T00:00:00Z")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    _, out, _ = run_aexp(capsys, "status")
    row = out.splitlines()[1]
    assert row.startswith(f"{job_id[:8]}  lost ")
    assert "  E001  " in row
    assert "seed=1" in row


def test_unfinished_runs_are_listed_as_json(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beat = "2020-01-01T00:00:00Z"
    job_id = run_of(1, status="running", heartbeat_at=beat)
    gone = add_entry(store, {"experiment_id": "E009"})
    _, out, _ = run_aexp(capsys, "status", "--format", "json")
    assert json.loads(out) == {
        "version": 1,
        "runs": [
            {
                "job_id": job_id,
                "experiments": ["E001"],
                "parameters": {"lr": 0.1, "seed": 1},
                "status": "running",
                "lost": True,
                "heartbeat_at": beat,
                "attempt": None,
                "host": None,
                "pid": None,
            }
        ],
        "gone": [gone],
    }


def test_entries_of_this_machine_without_a_run_are_named(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_entry(store, {"experiment_id": "E001"}, registered_machine="laptop")
    assert run_aexp(capsys, "status") == (0, "0 runs here, all finished\n", "")
    gone = add_entry(store, {"experiment_id": "E009"})
    _, _, err = run_aexp(capsys, "status")
    assert err.startswith("aexp: 1 entry of this machine: its run is no longer in its run store")
    assert f"run `aexp retract {gone} --reason '…'`" in err
