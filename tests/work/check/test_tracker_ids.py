"""An id of MLflow's in the place of a job id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repositories import add_entry, add_finding, add_segment, entry_of, job, job_id_of, write

from pytest_aexp.cli import main
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.work.check.tracker_ids import tracker_ids

if TYPE_CHECKING:
    import pytest

LOOSE, PACKED = {"experiment_id": "E001", "seed": 1}, {"experiment_id": "E001", "seed": 2}


def tracker(digit: str) -> dict[str, str]:
    return {"backend": "mlflow", "run_id": digit * 32}


def test_the_ids_of_loose_and_packed_entries(repo: Path) -> None:
    add_entry(repo, LOOSE, tracker=tracker("a"))
    add_segment(repo, [entry_of(PACKED, tracker=tracker("b"))])
    add_entry(repo, {"seed": 3}, tracker={"backend": "wandb", "run_id": "1a2b3c"})
    write(repo, f".aexp/ledger/{'c' * 32}.json", "{")
    assert tracker_ids(Ledger(WorkTree(repo))) == {
        "a" * 32: job_id_of(LOOSE),
        "b" * 32: job_id_of(PACKED),
    }


def test_a_citation_of_one_says_which_entry_is_meant(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meant = add_entry(repo, LOOSE, tracker=tracker("a"))
    add_finding(repo, "F001-x", job("a" * 32))
    monkeypatch.chdir(repo)
    assert main(["validate"]) == 1
    out = capsys.readouterr().out
    assert f"; it is another tracker's id of run {meant} [finding.broken_run_citation]" in out
    assert f"next: write {meant}\n" in out
    assert main(["cite", "F001", "a" * 32]) == 2
    assert f"another tracker's id of run {meant}: cite that" in capsys.readouterr().err
