"""Many processes at one ledger and one run: whoever comes last, nothing is half or lost."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest
from repositories import add_jobs, git

from pytest_aexp.ledger import list_ledger_job_ids, promote_to_ledger
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.runs import create_run, mark_status, open_run, run_lifecycle

pytestmark = pytest.mark.slow

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def installed(repo: Path) -> Path:
    from pytest_aexp.install import install_scaffold

    install_scaffold(repo)
    return repo


def at_once(*works: tuple) -> None:
    """Do each work, a function and its arguments, in a process of its own, from one moment on."""
    barrier = FORK.Barrier(len(works))

    def begin(function, *arguments):
        barrier.wait()
        function(*arguments)

    processes = [FORK.Process(target=begin, args=work) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(works)


def promote(job_ids: list[str], machine: str) -> None:
    for job_id in job_ids:
        promote_to_ledger(job_id, machine_label=machine)


def add(repo: Path, times: int) -> None:
    for _ in range(times):
        git(repo, "add", ".aexp/ledger")


def test_promoters_of_the_same_runs_leave_whole_entries_and_nothing_else(installed: Path) -> None:
    done = {"status": "complete"}
    ids = add_jobs(installed, [{"statepoint": {"a": i}, "doc": done} for i in range(25)])
    works = [(promote, ids[n:] + ids[:n], f"machine-{n}") for n in range(8)]
    at_once(*works, (add, installed, 20))
    assert list_ledger_job_ids(installed) == set(ids)
    for path in (installed / ".aexp/ledger").iterdir():
        assert judge_entry(path.stem, path.name, path.read_bytes()).usable
    assert list((installed / ".aexp").rglob("*.tmp")) == []
    add(installed, 1)
    assert len(git(installed, "ls-files", ".aexp/ledger").split()) == len(ids)


def stop_when_told(job_id: str, stop_pipe: int) -> None:
    os.read(stop_pipe, 1)
    mark_status(open_run(job_id), "stopped")


def run_and_tell(job_id: str, teller: int) -> None:
    with run_lifecycle(open_run(job_id), heartbeat_s=0.001):
        os.write(teller, b".")


def test_what_an_operator_says_is_kept_however_close_the_end_is(installed: Path) -> None:
    for attempt in range(25):
        job = create_run(experiment_id="E001", statepoint={"n": attempt}, include_commit=False)
        stop_pipe, teller = os.pipe()
        at_once((run_and_tell, job.id, teller), (stop_when_told, job.id, stop_pipe))
        document = json.loads(Path(job.fn("signac_job_document.json")).read_bytes())
        entry = json.loads((installed / f".aexp/ledger/{job.id}.json").read_bytes())
        assert (document["status"], entry["status"]) == ("stopped", "stopped")


def note(job_id: str, name: str, times: int) -> None:
    from pytest_aexp.work.runs.job_document import RunDocument

    document = RunDocument(open_run(job_id))
    for number in range(times):
        document.edit(lambda d, n=number: d.update({f"{name}-{n}": True}))


def test_no_change_of_a_document_is_lost_to_another(installed: Path) -> None:
    job = create_run(experiment_id="E001", include_commit=False)
    at_once(*((note, job.id, name, 20) for name in "abcd"))
    document = json.loads(Path(job.fn("signac_job_document.json")).read_bytes())
    assert {key for key in document if "-" in key} == {
        f"{n}-{i}" for n in "abcd" for i in range(20)
    }
