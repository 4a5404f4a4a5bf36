"""Runs on a cluster: preempted, requeued, killed, in groups of processes, on two machines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import fake_slurm
import pytest
from repositories import GIT_ENVIRONMENT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="real signals are POSIX's")

SCHEDULES = 200
_AT_ONCE = 25


def played(folder: Path, *what: object) -> str:
    """What went wrong in these schedules, each in processes of its own; nothing if nothing did."""
    done = subprocess.run(
        [sys.executable, fake_slurm.__file__, str(folder), *map(str, what)],
        env={**os.environ, **GIT_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + (done.stderr[-2000:] if done.returncode else "")


def test_after_a_schedule_the_ledger_says_what_happened(tmp_path: Path) -> None:
    assert played(tmp_path, *range(4)) == ""


@pytest.mark.slow
def test_an_attempt_of_four_processes_is_complete_only_if_it_was(tmp_path: Path) -> None:
    assert played(tmp_path, "ranks") == ""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(4, SCHEDULES, _AT_ONCE))
def test_after_every_schedule_the_ledger_says_what_happened(tmp_path: Path, first: int) -> None:
    assert played(tmp_path, *range(first, min(first + _AT_ONCE, SCHEDULES))) == ""
