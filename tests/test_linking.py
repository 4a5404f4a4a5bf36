"""Linking a run to an experiment after the fact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import write
from runscripts import document_of, entry_in

import pytest_aexp.linking
from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound
from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.linking import link_to_experiment
from pytest_aexp.runs import get_run_store, init_run_store, mark_status


@pytest.fixture
def job(repo: Path) -> Any:
    """A run that signac made, linked to nothing."""
    return init_run_store(repo).open_job({"seed": 1}).init()


def test_the_link_is_written(repo: Path, job: Any) -> None:
    linked = link_to_experiment(
        job.id, experiment_id="E001", hypothesis_id="H001", sub_hypothesis_id="H0002"
    )
    assert linked.id == job.id
    assert document_of(repo, job.id) == {
        "aexp": {
            "experiment_id": "E001",
            "experiment_path": "kb/research/experiments/E001-*.md",
            "hypothesis_id": "H001",
            "sub_hypothesis_id": "H0002",
        }
    }
    assert load_ledger_entry(repo, job.id) is None


def test_it_takes_the_place_of_every_link_there_was(repo: Path, job: Any) -> None:
    job.doc.update(
        {"limina": {"experiment_id": "E007"}, "aexp": {"experiment_id": "E008", "more": 1}}
    )
    link_to_experiment(job.id[:10], experiment_id="E001", experiment_path="kb/E001.md")
    document = document_of(repo, job.id)
    assert "limina" not in document
    assert document["aexp"] == {
        "experiment_id": "E001",
        "experiment_path": "kb/E001.md",
        "hypothesis_id": None,
        "sub_hypothesis_id": None,
    }


@pytest.mark.parametrize("status", ["complete", "failed", "abandoned", "stopped"])
def test_a_finished_run_is_promoted_again(repo: Path, job: Any, status: str) -> None:
    mark_status(job, status)
    assert "run_link" not in entry_in(repo, job.id)
    link_to_experiment(job.id, experiment_id="E001", repo_root=repo)
    after = entry_in(repo, job.id)
    assert after["run_link"]["experiment_id"] == "E001"
    assert after["status"] == status


def test_a_finished_run_that_never_was_in_the_ledger_is_now(repo: Path, job: Any) -> None:
    job.doc["status"] = "complete"
    link_to_experiment(job.id, experiment_id="E001")
    assert entry_in(repo, job.id)["run_link"]["experiment_id"] == "E001"


def test_a_promotion_that_fails_is_one_line_and_the_link_stands(
    repo: Path, job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    job.doc["status"] = "complete"
    write(repo, ".aexp/ledger", "a file")
    link_to_experiment(job.id, experiment_id="E001")
    assert document_of(repo, job.id)["aexp"]["experiment_id"] == "E001"
    (line,) = capsys.readouterr().err.splitlines()
    assert f"aexp ledger promote {job.id}" in line


@pytest.mark.parametrize(
    "ids",
    [
        {"experiment_id": "X001"},
        {"experiment_id": "E001", "hypothesis_id": "1"},
        {"experiment_id": "E001", "sub_hypothesis_id": "H001a"},
    ],
)
def test_ids_that_are_none_change_nothing(repo: Path, job: Any, ids: dict[str, Any]) -> None:
    job.doc["aexp"] = {"experiment_id": "E002"}
    with pytest.raises(ValueError, match="three digits or more"):
        link_to_experiment(job.id, **ids)
    assert document_of(repo, job.id)["aexp"] == {"experiment_id": "E002"}


def test_runs_that_cannot_be_told(job: Any) -> None:
    with pytest.raises(RunNotFound):
        link_to_experiment("0" * 32, experiment_id="E001")
    for digit in "01":
        (Path(get_run_store().workspace) / f"abcd{digit * 28}").mkdir()
    with pytest.raises(AmbiguousRun):
        link_to_experiment("abcd", experiment_id="E001")


def test_the_public_name_is_there() -> None:
    assert pytest_aexp.linking.__all__ == ["link_to_experiment"]
