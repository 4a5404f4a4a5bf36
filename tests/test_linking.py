"""Linking runs to experiments, and what is said of runs and batches in one line."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from reference import reference_python, run_reference
from repositories import write
from runscripts import document_of, entry_in

import pytest_aexp.linking
from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound
from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.linking import (
    link_to_experiment,
    list_batches,
    runs_for_experiment,
    show_batch,
    summarize_run,
)
from pytest_aexp.runs import create_run, get_run_store, init_run_store, mark_status


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
    with pytest.raises(ValueError, match=r"is not an? (experiment|hypothesis) id: write [EH]"):
        link_to_experiment(job.id, **ids)
    assert document_of(repo, job.id)["aexp"] == {"experiment_id": "E002"}


def test_runs_that_cannot_be_told(job: Any) -> None:
    with pytest.raises(RunNotFound):
        link_to_experiment("0" * 32, experiment_id="E001")
    for digit in "01":
        (Path(get_run_store().workspace) / f"abcd{digit * 28}").mkdir()
    with pytest.raises(AmbiguousRun):
        link_to_experiment("abcd", experiment_id="E001")


def test_the_public_names_are_there() -> None:
    assert set(pytest_aexp.linking.__all__) == {
        *("link_to_experiment", "list_batches", "runs_for_experiment", "show_batch"),
        *("summarize_run", "RunSummary", "BatchSummary"),
    }


# Runs and batches in one line each


@pytest.fixture
def batches(repo: Path) -> Path:
    """Three runs in two batches, one of them complete and tracked."""
    init_run_store(repo)
    make = partial(create_run, include_commit=False)
    first = make(experiment_id="E001", statepoint={"condition": "a", "seed": 1})
    make(experiment_id="E001", hypothesis_id="H001", statepoint={"condition": "a", "seed": 2})
    make(experiment_id="E002", statepoint={"seed": 2})
    mark_status(first, "complete")
    first.doc["tracker"] = {"url": "u", "group": "g"}
    return repo


def test_batches_are_counted(batches: Path) -> None:
    assert [asdict(batch) for batch in list_batches()] == [
        {
            "experiment_id": "E001",
            "batch_slug": "H001/E001/a",
            "selector": {"condition": "a"},
            "count": 2,
            "status_counts": {"complete": 1, "created": 1},
            "tracker_group": "g",
        },
        {
            "experiment_id": "E002",
            "batch_slug": "_/E002/fa4cd420",
            "selector": {"condition": None},
            "count": 1,
            "status_counts": {"created": 1},
            "tracker_group": None,
        },
    ]
    finer = list_batches(experiment_id="E001", selector_keys=("condition", "seed"))
    assert [batch.selector for batch in finer] == [
        {"condition": "a", "seed": seed} for seed in (1, 2)
    ]


def test_values_of_any_kind_make_batches(batches: Path) -> None:
    create_run(experiment_id="E003", statepoint={"condition": ["x"]}, include_commit=False)
    create_run(experiment_id="E003", statepoint={"condition": 1}, include_commit=False)
    assert [batch.selector["condition"] for batch in list_batches(experiment_id="E003")] == [
        1,
        ["x"],
    ]


def test_the_runs_of_a_batch(batches: Path) -> None:
    runs = show_batch(experiment_id="E001", selector={"condition": "a"})
    assert [(run.status, run.hypothesis_id, run.tracker_url) for run in runs] == [
        ("complete", None, "u"),
        ("created", "H001", None),
    ]
    assert runs[0].sp == {"experiment_id": "E001", "condition": "a", "seed": 1}
    assert [run.id for run in runs_for_experiment("E002")] == ["fa4cd42098d3dfe4e8e61258704a7012"]


def test_a_run_that_belongs_to_no_experiment_has_a_line_too(repo: Path, job: Any) -> None:
    job.doc["tracker"] = 5
    run = summarize_run(job)
    assert (run.experiment_id, run.batch_slug, run.status, run.tracker_url) == (None,) * 4
    assert list_batches() == []


SUMMARIES = """
import dataclasses, json
from PACKAGE.linking import list_batches, show_batch, summarize_run
from PACKAGE.runs import find_runs
runs = [*show_batch(experiment_id="E001", selector={"condition": "a"})]
runs += map(summarize_run, find_runs())
rows = [*list_batches(), *list_batches(selector_keys=("condition", "seed"), experiment_id="E001")]
rows += sorted(runs, key=lambda run: run.job_id)
print(json.dumps([dataclasses.asdict(row) for row in rows], sort_keys=True))
"""


@pytest.mark.slow
def test_the_lines_are_those_of_the_package_this_replaces(
    batches: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = run_reference(reference_python(), batches, SUMMARIES.replace("PACKAGE", "aexp"))
    exec(SUMMARIES.replace("PACKAGE", "pytest_aexp"), {})
    assert json.loads(capsys.readouterr().out) == json.loads(theirs)
