"""Numbers of a run enter its entry by a list, exactly, and never outlive the attempt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repositories import add_jobs, entry_of, write

from pytest_aexp.cli import main
from pytest_aexp.ground.jsontext import load_decimals
from pytest_aexp.runs import mark_status, open_run, run_lifecycle
from pytest_aexp.work.promote.metrics import lifted_metrics, remove_metrics

CONFIGURATION = """\
[tool.aexp.metrics]
accuracy = "accuracy"
val_loss = "eval/loss"
steps = "steps"
"""
POINT = {"experiment_id": "E005", "seed": 1}


@pytest.mark.parametrize(
    ("document", "path", "lifted"),
    [
        ({"x": 0.93}, "x", 0.93),
        ({"x": 5}, "x", 5),
        ({"x": {"y": {"z": -1e-300}}}, "x/y/z", -1e-300),
        ({"val/loss": 0.1}, "val/loss", 0.1),
        ({"eval": {"val/loss": 0.1}}, "eval/val/loss", 0.1),
        ({"a/b": 1, "a": {"b": 2}}, "a/b", 1),
        ({"x": float("nan")}, "x", None),
        ({"x": float("-inf")}, "x", None),
    ],
)
def test_only_a_number_at_the_path_becomes_a_metric(
    document: dict[str, Any], path: str, lifted: Any
) -> None:
    assert lifted_metrics(document, {"m": path}) == {"m": lifted}


@pytest.mark.parametrize("value", [True, "0.93", None, [0.93], {"y": 1}])
def test_what_is_no_number_is_left_out(value: Any) -> None:
    assert lifted_metrics({"x": value}, {"m": "x", "n": "y", "o": "x/z"}) == {}


def test_numbers_are_removed_where_they_were() -> None:
    document = {"a/b": 1, "a": {"b": 2, "c": 3}, "status": "running"}
    remove_metrics(document, {"m": "a/b", "o": "nowhere/x"})
    assert document == {"a": {"c": 3}, "status": "running"}


# In a repository


def entry(repo: Path) -> dict[str, Any]:
    path = repo / f".aexp/ledger/{entry_of(POINT)['job_id']}.json"
    found: dict[str, Any] = load_decimals(path.read_text())
    return found


def backfill(repo: Path, document: dict[str, Any]) -> dict[str, Any]:
    write(repo, "pyproject.toml", CONFIGURATION)
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete", **document}}])
    assert main(["ledger", "backfill"]) == 0
    return entry(repo)


def test_listed_numbers_enter_the_entry_and_nothing_else(repo: Path) -> None:
    document = {"accuracy": 0.93, "eval": {"loss": 0.07}, "secret_score": 3}
    found = backfill(repo, document)
    assert {name: str(number) for name, number in found["metrics"].items()} == {
        "accuracy": "0.93",
        "val_loss": "0.07",
    }
    assert main(["ledger", "check"]) == 0


def test_without_a_number_there_is_no_field(repo: Path) -> None:
    assert "metrics" not in backfill(repo, {"accuracy": "high"})


def test_metrics_keep_every_digit_of_a_number(repo: Path) -> None:
    metrics = backfill(repo, {"steps": 2**70 + 1, "accuracy": 1e-300, "eval": {"loss": 1e22}})
    assert {name: str(number) for name, number in metrics["metrics"].items()} == {
        "accuracy": "1E-300",
        "steps": str(2**70 + 1),
        "val_loss": "1E+22",
    }


def test_what_is_not_finite_is_null(repo: Path) -> None:
    write(repo, "pyproject.toml", CONFIGURATION)
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    path = next(repo.glob(".runs/workspace/*/signac_job_document.json"))
    path.write_text('{"status": "complete", "accuracy": NaN, "eval": {"loss": -Infinity}}')
    assert main(["ledger", "backfill"]) == 0
    assert entry(repo)["metrics"] == {"accuracy": None, "val_loss": None}


def test_a_new_metric_is_a_backfill(repo: Path) -> None:
    write(repo, "pyproject.toml", "")
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete", "accuracy": 0.93}}])
    assert main(["ledger", "backfill"]) == 0
    assert "metrics" not in entry(repo)
    write(repo, "pyproject.toml", CONFIGURATION)
    assert main(["ledger", "backfill"]) == 0
    assert str(entry(repo)["metrics"]["accuracy"]) == "0.93"
    before = json.dumps(entry(repo), default=str)
    assert main(["ledger", "backfill"]) == 0
    assert json.dumps(entry(repo), default=str) == before


def test_a_bad_name_is_wrong_usage(repo: Path) -> None:
    write(repo, "pyproject.toml", '[tool.aexp.metrics]\n"val loss" = "accuracy"\n')
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    assert main(["ledger", "backfill"]) == 2


# Attempts


def test_a_rerun_begins_without_numbers(repo: Path) -> None:
    backfill(repo, {"accuracy": 0.93, "eval": {"loss": 0.07, "note": "kept"}, "other": 1})
    run = open_run(entry_of(POINT)["job_id"])
    with run_lifecycle(run):
        assert "accuracy" not in run.doc
        assert run.doc["eval"]() == {"note": "kept"}
        assert run.doc["other"] == 1
        run.doc["accuracy"] = 0.5
    assert str(entry(repo)["metrics"]) == "{'accuracy': Decimal('0.5')}"


def test_a_run_that_was_lost_leaves_no_numbers_to_the_next_attempt(repo: Path) -> None:
    write(repo, "pyproject.toml", CONFIGURATION)
    lost = {"status": "running", "started_at": "2026-05-01T00:00:00Z", "accuracy": 0.93}
    add_jobs(repo, [{"statepoint": POINT, "doc": lost}])
    with pytest.raises(RuntimeError), run_lifecycle(open_run(entry_of(POINT)["job_id"])):
        raise RuntimeError("out of memory")
    assert entry(repo)["status"] == "failed"
    assert "metrics" not in entry(repo)


def test_a_run_that_is_marked_as_running_again_begins_without_numbers(repo: Path) -> None:
    backfill(repo, {"accuracy": 0.93})
    run = open_run(entry_of(POINT)["job_id"])
    mark_status(run, "running")
    assert "accuracy" not in run.doc


def test_the_first_attempt_keeps_what_was_there_before(repo: Path) -> None:
    write(repo, "pyproject.toml", CONFIGURATION)
    add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "created", "steps": 5}}])
    with run_lifecycle(open_run(entry_of(POINT)["job_id"])):
        pass
    assert str(entry(repo)["metrics"]["steps"]) == "5"
