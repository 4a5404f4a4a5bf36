"""Which of the processes of an attempt one is, by the environment it was started in."""

from __future__ import annotations

import os

import pytest

from pytest_aexp.model.run_attempt import host_name
from pytest_aexp.work.runs.ranks import RANK_VARIABLES, Rank, token_variable

RUN = "0" * 32
TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "TORCHELASTIC_RESTART_COUNT": "0", "MASTER_PORT": "29500"}
SLURM = {"SLURM_JOB_ID": "17", "SLURM_STEP_ID": "0"}


@pytest.mark.parametrize("name", RANK_VARIABLES)
@pytest.mark.parametrize(
    ("value", "is_first"), [("0", True), ("", True), ("x", True), ("-1", True), ("3", False)]
)
def test_who_is_first(name: str, value: str, is_first: bool) -> None:
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
