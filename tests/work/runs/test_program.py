"""A program that is executed as an attempt at a run."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from runscripts import document_of, entry_in

from pytest_aexp.runs import create_run, init_run_store
from pytest_aexp.work.runs.program import execute
from pytest_aexp.work.runs.signals import ENDING


@pytest.fixture
def job(repo: Path) -> Any:
    init_run_store(repo)
    return create_run(experiment_id="E001", statepoint={"seed": 1})


def test_the_handlers_are_as_before(job: Any) -> None:
    before = [signal.getsignal(signum) for signum in (*ENDING, signal.SIGINT)]
    assert execute(job, [sys.executable, "-c", ""]) == 0
    assert [signal.getsignal(signum) for signum in (*ENDING, signal.SIGINT)] == before


def test_a_program_that_is_killed_is_a_failure(repo: Path, job: Any) -> None:
    killed = "import os; os.kill(os.getpid(), 9)"
    assert execute(job, [sys.executable, "-c", killed]) == 128 + 9
    assert entry_in(repo, job.id)["status"] == "failed"


def test_a_program_that_cannot_be_started_is_a_failure(repo: Path, job: Any) -> None:
    with pytest.raises(OSError, match="no-such"):
        execute(job, [str(repo / "no-such")])
    assert document_of(repo, job.id)["status"] == "failed"


def test_the_end_is_noticed_where_the_signal_of_it_was_blocked(job: Any) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    is_blocked = (
        "import signal; exit(signal.SIGCHLD in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    )
    signal.alarm(60)  # else it would be waited for without end
    try:
        assert execute(job, [sys.executable, "-c", is_blocked]) == 0
        assert signal.SIGCHLD in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.alarm(0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
