"""Entries of this machine whose run is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, git, write
from runscripts import entry_in

from pytest_aexp.cli import main
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.runs import create_run, init_run_store, run_lifecycle
from pytest_aexp.work.promote.gone_runs import gone_line, gone_runs


@pytest.fixture
def renamed(repo: Path) -> tuple[str, Any]:
    """A run whose entry was written before it got another parameter: the old id, and the run."""
    write(repo, ".aexp/installed.json", '{"machine_label": "cluster"}')
    write(repo, ".gitignore", ".runs/\n.aexp/installed.json\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "begin")
    init_run_store(repo)
    job = create_run(experiment_id="E001", statepoint={"seed": 1}, include_commit=False)
    with run_lifecycle(job):
        pass
    return str(job.id), job


def gone(repo: Path) -> list[str]:
    repository = Repository.open(repo)
    store = RunStore.of(repository)
    assert store is not None
    return gone_runs(repository, store)


def test_only_entries_of_this_machine(repo: Path, renamed: tuple[str, Any]) -> None:
    add_entry(repo, {"experiment_id": "E001"}, registered_machine="laptop")
    assert gone(repo) == []
    assert gone_line([]) == ""
    ours = add_entry(repo, {"experiment_id": "E002"}, registered_machine="cluster")
    assert gone(repo) == [ours]
    assert f"`aexp retract {ours} --reason" in gone_line([ours])


def test_an_entry_that_nobody_has_seen_moves_with_its_run(
    repo: Path, renamed: tuple[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before, job = renamed
    job.sp.optimizer = "adam"
    assert main(["ledger", "backfill"]) == 0
    assert not (repo / f".aexp/ledger/{before}.json").exists()
    assert entry_in(repo, job.id)["status"] == "complete"
    assert f"removed the entry of {before}, which is run {job.id} now" in capsys.readouterr().err


def test_an_entry_that_git_has_is_named_and_stays(
    repo: Path, renamed: tuple[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before, job = renamed
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "evidence")
    job.sp.optimizer = "adam"
    assert main(["ledger", "backfill"]) == 0
    assert entry_in(repo, before)["status"] == "complete"
    assert f"`aexp retract {before} --reason" in capsys.readouterr().err


def test_an_entry_that_another_branch_has_is_not_written_over_it(
    repo: Path, renamed: tuple[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = renamed
    git(repo, "checkout", "-q", "-b", "exp")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "evidence")
    git(repo, "checkout", "-q", "main")
    assert main(["ledger", "backfill"]) == 0
    assert f"run `aexp ledger promote {before}` to have" in capsys.readouterr().err
    git(repo, "checkout", "-q", "exp")
    git(repo, "checkout", "-q", "main")
    assert main(["ledger", "promote", before]) == 0
    assert entry_in(repo, before)["status"] == "complete"
