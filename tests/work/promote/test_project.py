"""What of a finished run may enter the ledger."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import add_jobs, entry_of, job_id_of, write

from pytest_aexp.cli import main
from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.jsontext import load_decimals
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.entry import entry_bytes
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import statepoint_json
from pytest_aexp.model.runs.run_files import RunFiles
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.runs import mark_status, open_run, run_lifecycle
from pytest_aexp.work.promote.project import (
    as_entry,
    lifted_metrics,
    project,
    remove_metrics,
)

POINT = {"experiment_id": "E001", "seed": 1, "code_commit": "9f" * 20, "code_dirty": True}
DOCUMENT = {
    "status": "complete",
    "aexp": {"experiment_id": "E001", "hypothesis_id": None, "more": 1},
    "started_at": "2026-05-14T18:23:01Z",
    "ended_at": "2026-05-14T19:22:01Z",
    "heartbeat_at": "2026-05-14T19:22:00Z",
    "wallclock_s": 3540.5,
    "tracker": {"backend": "wandb", "run_id": "r1", "url": "https://wandb.ai/r1", "dir": "/home/x"},
    "loss": [1, 2, 3],
}


def projected(document: dict[str, Any], point: Any = None) -> dict[str, Any]:
    statepoint = POINT if point is None else point
    files = RunFiles(statepoint, document, (), statepoint_json(statepoint))
    return project(job_id_of(statepoint), files, "cluster").entry


def test_an_entry_has_the_fields_of_the_allowlist_and_no_others() -> None:
    entry = projected(DOCUMENT)
    promoted_at = entry.pop("promoted_at")
    assert promoted_at.endswith("Z")
    assert entry == {
        "schema_version": 1,
        "job_id": job_id_of(POINT),
        "statepoint": POINT,
        "status": "complete",
        "registered_machine": "cluster",
        "run_link": {"experiment_id": "E001", "hypothesis_id": None},
        "started_at": "2026-05-14T18:23:01Z",
        "ended_at": "2026-05-14T19:22:01Z",
        "wallclock_s": 3540.5,
        "tracker": {"backend": "wandb", "run_id": "r1", "url": "https://wandb.ai/r1"},
        "code_commit": "9f" * 20,
        "code_dirty": True,
    }


def test_the_number_of_the_attempt_and_code_that_is_no_parameter_come_from_the_document() -> None:
    document = {
        "aexp_attempt": {"number": 3, "token": "x"},
        "code_commit": "ab",
        "code_dirty": True,
    }
    entry = projected({"status": "failed", **document}, {"a": 1})
    assert (entry["attempt"], entry["code_commit"], entry["code_dirty"]) == (3, "ab", True)
    assert projected({"status": "failed", **document})["code_commit"] == "9f" * 20
    assert "attempt" not in projected({"status": "failed", "aexp_attempt": {"number": True}})


def test_what_is_not_known_is_left_out() -> None:
    entry = projected({"status": "failed"}, {"a": 1})
    assert set(entry) == {
        *("schema_version", "job_id", "statepoint", "status", "registered_machine", "promoted_at")
    }


@pytest.mark.parametrize("wallclock", ["5", None, True, float("nan"), float("inf"), [1]])
def test_a_wallclock_that_is_no_number_is_left_out(wallclock: Any) -> None:
    assert "wallclock_s" not in projected({"status": "complete", "wallclock_s": wallclock})


@pytest.mark.parametrize("status", ["done", 5, {"a-operation": 1}])
def test_a_status_of_another_program_is_shown(status: Any) -> None:
    with pytest.raises(NotPromotable, match="which is not one of pytest-aexp's") as refused:
        projected({"status": status})
    assert re.search("run `aexp mark [0-9a-f]{32} complete --replace`", str(refused.value))


@pytest.mark.parametrize("status", [None, "running", "created"])
def test_only_a_finished_run(status: Any) -> None:
    with pytest.raises(NotPromotable, match="has not finished"):
        projected({"status": status})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_statepoint_that_is_not_json_is_refused(value: float) -> None:
    with pytest.raises(NotPromotable, match="not valid JSON"):
        projected({"status": "complete"}, {"experiment_id": "E001", "x": [value]})


def test_what_may_not_leave_the_machine_is_replaced_and_listed() -> None:
    point = {"experiment_id": "E001", "data": "/scratch/me/x", "cfg": {"api_key": "abc123def"}}
    entry = projected({"status": "complete"}, point)
    assert entry["statepoint"]["data"] == entry["statepoint"]["cfg"]["api_key"] == "<redacted>"
    assert entry["redacted"] == ["/statepoint/cfg/api_key", "/statepoint/data"]
    assert b"scratch" not in entry_bytes(entry)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_whatever_the_statepoint_the_entry_is_sound(point: dict[str, Any]) -> None:
    entry = projected({"status": "complete"}, point)
    judged = judge_entry(entry["job_id"], "x", entry_bytes(entry))
    assert judged.usable, judged.faults
    assert judged.faults == ()
    assert json.loads(entry_bytes(entry)) == entry


CONFIGURATION = """\
[tool.aexp.metrics]
accuracy = "accuracy"
val_loss = "eval/loss"
steps = "steps"
"""
MEASURED = {"experiment_id": "E005", "seed": 1}


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
    path = repo / f".aexp/ledger/{entry_of(MEASURED)['job_id']}.json"
    found: dict[str, Any] = load_decimals(path.read_text())
    return found


def backfill(repo: Path, document: dict[str, Any]) -> dict[str, Any]:
    write(repo, "pyproject.toml", CONFIGURATION)
    add_jobs(repo, [{"statepoint": MEASURED, "doc": {"status": "complete", **document}}])
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
    add_jobs(repo, [{"statepoint": MEASURED, "doc": {"status": "complete"}}])
    path = next(repo.glob(".runs/workspace/*/signac_job_document.json"))
    path.write_text('{"status": "complete", "accuracy": NaN, "eval": {"loss": -Infinity}}')
    assert main(["ledger", "backfill"]) == 0
    assert entry(repo)["metrics"] == {"accuracy": None, "val_loss": None}


def test_a_new_metric_is_a_backfill(repo: Path) -> None:
    write(repo, "pyproject.toml", "")
    add_jobs(repo, [{"statepoint": MEASURED, "doc": {"status": "complete", "accuracy": 0.93}}])
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
    add_jobs(repo, [{"statepoint": MEASURED, "doc": {"status": "complete"}}])
    assert main(["ledger", "backfill"]) == 2


# Attempts


def test_a_rerun_begins_without_numbers(repo: Path) -> None:
    backfill(repo, {"accuracy": 0.93, "eval": {"loss": 0.07, "note": "kept"}, "other": 1})
    run = open_run(entry_of(MEASURED)["job_id"])
    with run_lifecycle(run):
        assert "accuracy" not in run.doc
        assert run.doc["eval"]() == {"note": "kept"}
        assert run.doc["other"] == 1
        run.doc["accuracy"] = 0.5
    assert str(entry(repo)["metrics"]) == "{'accuracy': Decimal('0.5')}"


def test_a_run_that_was_lost_leaves_no_numbers_to_the_next_attempt(repo: Path) -> None:
    write(repo, "pyproject.toml", CONFIGURATION)
    lost = {"status": "running", "started_at": "2026-05-01T00:00:00Z", "accuracy": 0.93}
    add_jobs(repo, [{"statepoint": MEASURED, "doc": lost}])
    with pytest.raises(RuntimeError), run_lifecycle(open_run(entry_of(MEASURED)["job_id"])):
        raise RuntimeError("out of memory")
    assert entry(repo)["status"] == "failed"
    assert "metrics" not in entry(repo)


def test_a_run_that_is_marked_as_running_again_begins_without_numbers(repo: Path) -> None:
    backfill(repo, {"accuracy": 0.93})
    run = open_run(entry_of(MEASURED)["job_id"])
    mark_status(run, "running")
    assert "accuracy" not in run.doc


def test_the_first_attempt_keeps_what_was_there_before(repo: Path) -> None:
    write(repo, "pyproject.toml", CONFIGURATION)
    add_jobs(repo, [{"statepoint": MEASURED, "doc": {"status": "created", "steps": 5}}])
    with run_lifecycle(open_run(entry_of(MEASURED)["job_id"])):
        pass
    assert str(entry(repo)["metrics"]["steps"]) == "5"


def test_a_run_is_what_its_entry_would_be(repo: Path) -> None:
    write(repo, "pyproject.toml", '[tool.aexp.metrics]\nloss = "eval/loss"\n')
    document = {"status": "failed", "eval": {"loss": 0.5}, "heartbeat_at": "x"}
    (job_id,) = add_jobs(repo, [{"statepoint": {"seed": 1}, "doc": document}])
    repository = Repository.open(repo)
    store = RunStore.of(repository)
    assert store is not None
    described = as_entry(repository, job_id, store.files(job_id))
    assert (described["job_id"], described["statepoint"]) == (job_id, {"seed": 1})
    assert (described["status"], described["metrics"]) == ("failed", {"loss": 0.5})
    assert "heartbeat_at" not in described
