"""Advice on an entry that is missing or damaged: what the last commit or this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_jobs, git, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.problems import (
    BROKEN,
    CONTRADICTION,
    INVALID_ENTRY,
    SUSPICIOUS_KEY,
    Fault,
    Remedy,
    Rule,
)
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.check.restore import Restoration

POINT = {"experiment_id": "E001", "seed": 1}


def advise(
    repo: Path, rule: Rule, job_id: str, fix: str = "look", remedy: Remedy | None = None
) -> Fault:
    repository = Repository.open(repo)
    restoration = Restoration(repository, WorkTree(repo), RunStore.of(repository))
    fault = Fault(rule, "kb/F001.md", "wrong", fix, job_id=job_id, remedy=remedy)
    return restoration.advise(fault, entry_path(job_id))


@pytest.fixture
def committed(repo: Path) -> str:
    job_id = add_entry(repo, POINT)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "entry")
    return job_id


@pytest.mark.parametrize("rule", [BROKEN, INVALID_ENTRY])
def test_what_the_last_commit_has_is_restored(repo: Path, committed: str, rule: Rule) -> None:
    fault = advise(repo, rule, committed)
    assert f"`git restore --staged --worktree -- {entry_path(committed)}`" in fault.fix
    assert ("was deleted" in fault.message) == (rule is BROKEN)


def test_what_is_damaged_there_as_well_is_restored_from_a_commit_before(
    repo: Path, committed: str
) -> None:
    sound = git(repo, "rev-parse", "--short", "HEAD").strip()
    for text in ("{", "{{"):
        write(repo, entry_path(committed), text)
        git(repo, "commit", "-qam", "damage")
    assert f"`git restore --source={sound} " in advise(repo, INVALID_ENTRY, committed).fix


def test_many_faults_of_one_file_are_one_file(repo: Path, committed: str) -> None:
    restoration = Restoration(Repository.open(repo), WorkTree(repo), None)
    fault = Fault(INVALID_ENTRY, entry_path(committed), "wrong", "look")
    assert all("`git restore " in restoration.advise(fault).fix for _ in range(30))


def test_what_never_was_sound_is_not(repo: Path) -> None:
    job_id = "0" * 32
    write(repo, entry_path(job_id), "{")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "damage")
    assert advise(repo, INVALID_ENTRY, job_id).fix == "look"


def test_a_run_of_this_machine_is_promoted(repo: Path) -> None:
    (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    assert advise(repo, INVALID_ENTRY, job_id).fix == (
        f"run `aexp ledger promote {job_id}`: this machine has the run"
    )
    (other,) = add_jobs(repo, [{"statepoint": {"seed": 2}, "doc": {"status": "running"}}])
    assert advise(repo, INVALID_ENTRY, other).fix == "look"


def test_other_problems_keep_their_advice(repo: Path, committed: str) -> None:
    assert advise(repo, SUSPICIOUS_KEY, committed).fix == "look"
    pull = advise(repo, INVALID_ENTRY, committed, "pull it", Remedy.LFS_PULL)
    assert pull.fix == "pull it"
    assert advise(repo, BROKEN, "0" * 32).fix == "look"
    assert "which counts" in advise(repo, CONTRADICTION, committed, "which counts").fix
