"""Documents are changed as they are now, by one thread at a time, whoever else writes them."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from runscripts import document_of

from pytest_aexp.runs import create_run, init_run_store
from pytest_aexp.work.runs import job_document
from pytest_aexp.work.runs.job_document import DamagedDocument, RunDocument


@pytest.fixture
def job(repo: Path) -> Any:
    init_run_store(repo)
    return create_run(experiment_id="E001", statepoint={"seed": 1})


def test_a_change_is_applied_to_what_is_there_now(repo: Path, job: Any) -> None:
    document = RunDocument(job)
    job.doc["other"] = {"deep": [1]}
    after = document.edit(lambda values: values.update(mine=values["other"]["deep"][0] + 1))
    assert after == document.read() == document_of(repo, job.id) == job.doc()
    assert after["mine"] == 2


def test_what_is_taken_away_is_gone(repo: Path, job: Any) -> None:
    job.doc["old"] = 1
    RunDocument(job).edit(lambda values: values.pop("old"))
    assert "old" not in document_of(repo, job.id)
    assert "old" not in job.doc


def test_no_change_writes_nothing(job: Any) -> None:
    path = Path(job.fn("signac_job_document.json"))
    before = path.stat().st_ino, path.stat().st_mtime_ns
    RunDocument(job).edit(lambda values: values.update(status="created"))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before


def test_a_change_that_fails_leaves_the_document_and_no_lock(repo: Path, job: Any) -> None:
    before = document_of(repo, job.id)

    def fail(values: dict[str, Any]) -> None:
        values["half"] = 1
        raise LookupError

    with pytest.raises(LookupError):
        RunDocument(job).edit(fail)
    with pytest.raises(ValueError, match="dots"):
        RunDocument(job).edit(lambda values: values.update({"a.b": 1}))
    with pytest.raises(TypeError):
        RunDocument(job).edit(lambda values: values.update(a=object()))
    assert document_of(repo, job.id) == before
    _write_in_a_thread(job)


def test_a_read_that_fails_leaves_no_lock(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_document, "PAUSES", (0.001,))
    path = Path(job.fn("signac_job_document.json"))
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    with pytest.raises(DamagedDocument):
        RunDocument(job).edit(lambda values: values.update(a=1))
    with pytest.raises(DamagedDocument):
        RunDocument(job).read()
    path.write_bytes(good)
    _write_in_a_thread(job)


def _write_in_a_thread(job: Any) -> None:
    def write() -> None:
        job.doc["from a thread"] = 1

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "a lock was left behind"


def test_a_document_that_is_half_written_for_a_moment_is_waited_for(job: Any) -> None:
    path = Path(job.fn("signac_job_document.json"))
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    mending = threading.Timer(0.1, path.write_bytes, [good])
    mending.start()
    assert RunDocument(job).edit(lambda values: values.update(a=1))["a"] == 1
    mending.join()


def test_threads_that_change_it_together_lose_nothing(repo: Path, job: Any) -> None:
    def count(name: str) -> None:
        document = RunDocument(job)
        for number in range(100):
            document.edit(lambda values, number=number: values.update({name: number}))
            job.doc[f"{name}s"] = number

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=count, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    document = document_of(repo, job.id)
    assert [document[name] for name in "abc"] == [99] * 3


def test_waiting_for_a_locked_document_is_bounded() -> None:
    assert 0.5 < sum(job_document.PAUSES) < 5
    assert job_document.LOCK_WAIT <= 10


def test_a_run_that_is_gone_is_not_waited_for(job: Any) -> None:
    document = RunDocument(job)
    job.remove()
    begun = time.monotonic()
    with pytest.raises(FileNotFoundError):
        document.edit(lambda values: values.update(a=1))
    assert time.monotonic() - begun < 0.3
    assert not Path(job.path).exists()
