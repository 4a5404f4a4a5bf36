"""Backfill: every finished run of this machine; one bad one does not stop the rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_jobs, git, write
from runscripts import entry_in

from pytest_aexp import ledger
from pytest_aexp.cli import main
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.runs import create_run, init_run_store, run_lifecycle
from pytest_aexp.work.promote import entry_file, promote
from pytest_aexp.work.promote.backfill import (
    gone_line,
    gone_runs,
    runs_of_other_branches,
    was_ever_added,
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="shared on Linux only"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


POINT = {"experiment_id": "E001", "seed": 1}
DONE = {"status": "complete", "aexp": {"experiment_id": "E001"}}


@pytest.fixture
def job_id(repo: Path) -> str:
    return add_jobs(repo, [{"statepoint": POINT, "doc": DONE}])[0]


def test_the_result_counts_the_promoted_and_the_unchanged(repo: Path) -> None:
    jobs = [{"statepoint": {"seed": n}, "doc": DONE} for n in range(3)]
    jobs.append({"statepoint": {"seed": 9}, "doc": {"status": "queued"}})
    add_jobs(repo, jobs)
    assert ledger.backfill_ledger(repo) == (3, 0)
    assert ledger.backfill_ledger(repo) == (0, 3)
    assert ledger.backfill_ledger(repo, overwrite=True, machine_label="other") == (3, 0)
    for path in (repo / ".aexp/ledger").iterdir():
        assert json.loads(path.read_text())["registered_machine"] == "other"


def test_the_file_system_is_synced_once_if_anything_was_written(
    repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(entry_file, "sync_file_system", synced.append)
    ledger.backfill_ledger(repo)
    assert synced == [repo / ".aexp/ledger"]
    ledger.backfill_ledger(repo)
    assert len(synced) == 1


def test_what_another_process_promotes_meanwhile_stays(
    repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repo / f".aexp/ledger/{job_id}.json"
    write_unnamed = promote.write_unnamed

    def linked_before(where: str, data: bytes) -> bool:
        link = {"status": "complete", "aexp": {"experiment_id": "E002"}}
        write(repo, f".runs/workspace/{job_id}/signac_job_document.json", json.dumps(link))
        ledger.promote_to_ledger(job_id, repo_root=repo)
        return write_unnamed(where, data)

    monkeypatch.setattr(promote, "write_unnamed", linked_before)
    ledger.backfill_ledger(repo)
    assert json.loads(path.read_text())["run_link"]["experiment_id"] == "E002"


def test_where_no_file_can_be_without_a_name_entries_are_written_too(
    repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promote, "write_unnamed", lambda *_: False)
    assert ledger.backfill_ledger(repo) == (1, 0)
    assert ledger.list_ledger_job_ids(repo) == {job_id}


def test_runs_that_cannot_be_promoted_are_named_with_the_reason(repo: Path, job_id: str) -> None:
    half, without = "1" * 32, "2" * 32
    (half_id,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": DONE}])
    (nan_id,) = add_jobs(repo, [{"statepoint": {"a": float("nan")}, "doc": DONE}])
    write(repo, f".runs/workspace/{half_id}/signac_job_document.json", '{"status": "comp')
    write(repo, f".runs/workspace/{without}/signac_job_document.json", json.dumps(DONE))
    promotions = {p.job_id: p for p in ledger.backfill(Repository.open(repo))}
    assert promotions[job_id].written
    assert "not valid JSON" in str(promotions[half_id].refused)
    assert "does not exist" in str(promotions[without].refused)
    assert "NaN" in str(promotions[nan_id].refused)
    assert half not in promotions
    assert ledger.list_ledger_job_ids(repo) == {job_id}


def commit(repo: Path) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")


def test_only_what_the_checked_out_branch_never_had(tmp_path: Path, repo: Path) -> None:
    assert runs_of_other_branches(repo) == frozenset()
    write(repo, "README", "")
    commit(repo)
    ours = add_entry(repo, {"seed": 1})
    commit(repo)
    git(repo, "checkout", "-q", "-b", "exp")
    theirs = add_entry(repo, {"seed": 2})
    write(repo, ".aexp/ledger/notes.txt", "")
    commit(repo)
    assert runs_of_other_branches(repo) == frozenset()
    git(repo, "checkout", "-q", "main")
    git(repo, "rm", "-q", f".aexp/ledger/{ours}.json")
    commit(repo)
    assert runs_of_other_branches(repo) == {theirs}
    assert [was_ever_added(repo, run) for run in (ours, theirs, "0" * 32)] == [True, True, False]
    assert runs_of_other_branches(tmp_path / "nowhere") == frozenset()


def test_what_is_staged_was_added(repo: Path) -> None:
    run = add_entry(repo, {"seed": 1})
    assert not was_ever_added(repo, run)
    git(repo, "add", ".")
    assert was_ever_added(repo, run)


def test_without_git_nobody_can_say_that_it_was_not(tmp_path: Path) -> None:
    assert was_ever_added(tmp_path, "0" * 32)


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
