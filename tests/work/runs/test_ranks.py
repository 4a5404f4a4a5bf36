"""Which of the processes of an attempt one is, by the environment it was started in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from runscripts import entry_in, run_script

from pytest_aexp.model.runs.run_attempt import host_name, process_start
from pytest_aexp.runs import find_runs, init_run_store
from pytest_aexp.work.runs.ranks import RANK_VARIABLES, Rank, token_variable

RUN = "0" * 32
TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "TORCHELASTIC_RESTART_COUNT": "0", "MASTER_PORT": "29500"}
SLURM = {"SLURM_JOB_ID": "17", "SLURM_STEP_ID": "0"}


@pytest.mark.parametrize("name", RANK_VARIABLES)
@pytest.mark.parametrize(
    ("value", "is_first"), [("0", True), ("", True), ("x", True), ("-1", True), ("3", False)]
)
def test_only_rank_0_is_the_first(name: str, value: str, is_first: bool) -> None:
    rank = Rank.here(RUN, {name: value})
    assert rank.variable == ("" if is_first else f"{name}=3")


@pytest.mark.parametrize("launcher", [{}, TORCHRUN, SLURM, TORCHRUN | SLURM])
def test_the_processes_of_one_launcher_are_one_group(launcher: dict[str, str]) -> None:
    first = Rank.here(RUN, {"RANK": "0", **launcher})
    other = Rank.here(RUN, {"RANK": "1", **launcher})
    assert other.is_part_of({"group": first.group})
    assert not first.is_part_of({"group": first.group}), "the first one begins an attempt"


@pytest.mark.parametrize(
    "later",
    [
        {"SLURM_JOB_ID": "18"},
        {"SLURM_RESTART_COUNT": "1"},
        {"SLURM_STEP_ID": "1"},
        {"TORCHELASTIC_RESTART_COUNT": "1"},
    ],
)
def test_another_start_by_the_same_launcher_is_another_group(later: dict[str, str]) -> None:
    before = Rank.here(RUN, {"RANK": "1", **TORCHRUN, **SLURM})
    after = Rank.here(RUN, {"RANK": "0", **TORCHRUN, **SLURM, **later})
    assert not before.is_part_of({"group": after.group})


def test_the_children_of_the_first_process_are_part_of_its_attempt() -> None:
    rank = Rank.here(RUN, {"LOCAL_RANK": "1", "MASTER_PORT": "4242"})
    parent = {"group": "", "host": host_name(), "pid": os.getppid()}
    assert rank.is_part_of(parent)
    assert not rank.is_part_of(parent | {"host": "node7"})


def test_a_process_that_was_handed_the_token_is_part_of_that_attempt_of_that_run() -> None:
    environment = {token_variable(RUN): "t", "SLURM_JOB_ID": "17"}
    scheduler = {"scheduler": "SLURM_JOB_ID=17"}
    assert Rank.here(RUN, environment).is_part_of({"token": "t", **scheduler})
    assert not Rank.here(RUN, environment).is_part_of({"token": "u", **scheduler})
    assert not Rank.here("1" * 32, environment).is_part_of({"token": "t", **scheduler})
    # A job that was submitted from inside the run.
    assert not Rank.here(RUN, environment | {"SLURM_JOB_ID": "18"}).is_part_of(
        {"token": "t", **scheduler}
    )


def test_processes_that_one_parent_started_in_one_instant_are_one_group() -> None:
    sleep = [sys.executable, "-c", "input()"]
    with subprocess.Popen(sleep, stdin=subprocess.PIPE) as child:
        me, started = Rank.here(RUN, {}), process_start(child.pid)
        assert started is not None
        mine = str(process_start(os.getpid()))
        other = {"group": me.group, "host": host_name(), "pid": child.pid, "process": started}
        assert me.is_part_of(other) is (abs(int(mine) - int(started)) <= 50)
        child.kill()
        child.wait()
        assert not me.is_part_of(other), "it is gone"
    own = {"group": me.group, "host": host_name(), "pid": os.getpid(), "process": mine}
    assert not me.is_part_of(own), "a process has several attempts one after the other"


LAUNCHED = """
import subprocess, sys
code = (
    "import sys, time; from pytest_aexp.runs import create_run, run_lifecycle\\n"
    "with run_lifecycle(create_run(experiment_id='E001', include_commit=False)):\\n"
    "    time.sleep(float(sys.argv[1])); 1 / int(sys.argv[2])"
)
each = [subprocess.Popen([sys.executable, "-c", code, *a]) for a in (ORDER)]
for process in each: process.wait()
"""


@pytest.mark.slow
@pytest.mark.parametrize("order", [[["2", "1"], ["3", "0"]], [["3", "0"], ["2", "1"]]])
def test_a_launcher_without_variables(repo: Path, order: list[list[str]]) -> None:
    init_run_store(repo)
    run_script(repo, LAUNCHED.replace("ORDER", repr(order)))
    (job,) = find_runs()
    entry = entry_in(repo, job.id)
    assert (entry["status"], entry["attempt"]) == ("failed", 1)
