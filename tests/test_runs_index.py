"""The machine index: deprecated, stable to the byte, and no more telling than the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reference import reference_python, run_reference
from repositories import write

from pytest_aexp.ground import schema
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.linking import link_to_experiment
from pytest_aexp.runs import create_run, get_run_store, init_run_store, mark_status
from pytest_aexp.runs_index import (
    INDEX_DIR_REL,
    SCHEMA_VERSION,
    build_index,
    collect_known_elsewhere,
    export_index,
    load_all_indexes,
)

OLD = "2020-01-01T00:00:00Z"
FIELDS = {"job_id", "experiment_id", "condition", "status", "registered_at"}


@pytest.fixture
def runs(repo: Path) -> Path:
    """A repository with runs of every status."""
    write(repo, ".aexp/installed.json", '{"machine_label": "cluster"}')
    init_run_store(repo)
    for number, status in enumerate(("complete", "failed", "abandoned", "stopped", "running")):
        statepoint = {"condition": ("full", 3, None, {"a": 1}, "x")[number], "seed": number}
        job = create_run(experiment_id="E005", statepoint=statepoint, include_commit=False)
        job.doc["created_at"] = OLD
        mark_status(job, status)
    return repo


def test_the_index_lists_the_finished_runs_by_id(runs: Path) -> None:
    index = build_index(runs)
    assert index["schema_version"] == SCHEMA_VERSION == 1
    assert index["machine_label"] == "cluster"
    ids = [entry["job_id"] for entry in index["entries"]]
    assert ids == sorted(ids)
    assert {entry["status"] for entry in index["entries"]} == {
        *("complete", "failed", "abandoned", "stopped")
    }
    by_status = {entry["status"]: entry for entry in index["entries"]}
    assert by_status["complete"] == {
        "job_id": by_status["complete"]["job_id"],
        "status": "complete",
        "experiment_id": "E005",
        "condition": "full",
        "registered_at": OLD,
    }
    assert by_status["failed"]["condition"] == "3"
    assert "condition" not in by_status["abandoned"]
    assert schema.is_valid("runs-index", index)


def test_the_link_of_a_run_has_the_say(runs: Path) -> None:
    job_id = build_index(runs)["entries"][0]["job_id"]
    link_to_experiment(job_id, experiment_id="E006")
    assert build_index(runs)["entries"][0]["experiment_id"] == "E006"


def test_the_file_lies_in_its_place(runs: Path) -> None:
    path = export_index()
    assert path == runs / INDEX_DIR_REL / "cluster.json"
    assert path.read_bytes().endswith(b"}\n")
    assert json.loads(path.read_bytes())["machine_label"] == "cluster"


def test_exporting_again_changes_no_byte_until_there_is_news(runs: Path) -> None:
    path = export_index(runs)
    old = path.read_text().replace(json.loads(path.read_text())["exported_at"], OLD)
    path.write_text(old)
    before = path.stat().st_ino, path.stat().st_mtime_ns
    export_index(runs)
    assert path.read_text() == old
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before
    mark_status(create_run(experiment_id="E006"), "complete")
    export_index(runs)
    news = json.loads(path.read_bytes())
    assert len(news["entries"]) == 5
    assert news["exported_at"] != OLD


def test_an_index_that_was_damaged_is_written_anew(runs: Path) -> None:
    path = export_index(runs)
    good = path.read_bytes()
    for damage in (b"", b"[1]", b"{", good[:-30], good.replace(b"E005", b"E006", 1)):
        path.write_bytes(damage)
        assert json.loads(export_index(runs).read_bytes())["entries"] == build_index()["entries"]


def test_the_machine_and_the_file_can_be_chosen(runs: Path, tmp_path: Path) -> None:
    assert export_index(runs, machine_label="laptop").name == "laptop.json"
    path = export_index(runs, machine_label="desk", out=tmp_path / "deep/er/x.json")
    assert path == tmp_path / "deep/er/x.json"
    assert json.loads(path.read_bytes())["machine_label"] == "desk"


def test_a_label_in_a_file_of_ones_own_must_be_one_as_well(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be a machine label"):
        export_index(runs, machine_label="b/ad", out=tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("label", ["../x", "a/b", "", ".hidden", "a\nb", "a b"])
def test_a_label_that_cannot_name_a_file_is_refused(runs: Path, label: str) -> None:
    write(runs, ".aexp/installed.json", json.dumps({"machine_label": label or "/"}))
    before = sorted(runs.rglob("*"))
    with pytest.raises(UsageError):
        export_index(runs, machine_label=label or None)
    assert sorted(runs.rglob("*")) == before


def test_nothing_is_written_through_a_link_out_of_the_repository(
    runs: Path, tmp_path: Path
) -> None:
    for place in (INDEX_DIR_REL, "out"):
        (runs / place).symlink_to(tmp_path)
    for out in (None, runs / "out/index.json"):
        with pytest.raises(UsageError):
            export_index(runs, out=out)
    assert not list(tmp_path.glob("*.json"))


def test_without_a_run_store_the_index_is_empty(repo: Path) -> None:
    assert build_index(repo)["entries"] == []
    assert json.loads(export_index(repo).read_bytes())["entries"] == []


@pytest.mark.parametrize(
    "condition",
    [
        "/home/me/data",
        "https://me:hunter2@example.org",
        {"path": "/home/me/x"},
        {"api_key": "hunter2-hunter2"},
        ["~/data", "hunter2"],
        "hf_" + "a" * 34,
    ],
)
def test_the_index_gives_nothing_of_this_machine_away(repo: Path, condition: Any) -> None:
    init_run_store(repo)
    job = get_run_store().open_job({"condition": condition, "experiment_id": "/home/me/E1"}).init()
    job.doc.update({"created_at": "/home/me", "secret": "hunter2"})
    mark_status(job, "complete")
    text = export_index(repo).read_text()
    entry = json.loads(text)["entries"][0]
    assert set(entry) <= FIELDS
    assert "/home/me" not in text
    assert "hunter2-" not in text
    assert "me:hunter2" not in text
    assert "hf_a" not in text
    assert str(repo) not in text
    assert "<redacted>" in entry["condition"]


def test_one_damaged_run_does_not_hide_the_others(runs: Path) -> None:
    entries = build_index(runs)["entries"]
    workspace = runs / ".runs/workspace"
    (workspace / entries[0]["job_id"] / "signac_statepoint.json").write_text("{")
    (workspace / entries[1]["job_id"] / "signac_job_document.json").write_text("[]")
    assert build_index(runs)["entries"] == entries[2:]


@pytest.mark.slow
def test_an_index_that_the_old_package_wrote_stays_as_it_is(runs: Path) -> None:
    python = reference_python()
    run_reference(python, runs, "from aexp.runs_index import export_index; export_index('.')")
    path = runs / INDEX_DIR_REL / "cluster.json"
    theirs = path.read_text()
    aged = theirs.replace(json.loads(theirs)["exported_at"], OLD)
    path.write_text(aged)
    assert len(json.loads(aged)["entries"]) == 4
    export_index(runs)
    assert path.read_text() == aged


# What other machines said


def test_indexes_are_read_by_machine_and_bad_ones_left_out(repo: Path) -> None:
    job_id = "0123456789abcdef" * 2
    entry = {"job_id": job_id, "status": "complete"}
    good = {"schema_version": 1, "machine_label": "cluster", "entries": [entry, "x", {}, 3]}
    write(repo, f"{INDEX_DIR_REL}/a.json", json.dumps(good))
    write(repo, f"{INDEX_DIR_REL}/unnamed.json", '{"entries": []}')
    write(repo, f"{INDEX_DIR_REL}/half.json", '{"entries": [')
    write(repo, f"{INDEX_DIR_REL}/list.json", "[]")
    write(repo, f"{INDEX_DIR_REL}/latin.json", b'{"entries": [], "a": "\xff"}')
    write(repo, f"{INDEX_DIR_REL}/notes.txt", "{}")
    assert load_all_indexes(repo) == {"cluster": good, "unnamed": {"entries": []}}
    assert collect_known_elsewhere(repo) == {job_id: {**entry, "ledger_machine": "cluster"}}


def test_without_indexes_nothing_is_known(repo: Path) -> None:
    assert load_all_indexes(repo) == {}
    assert collect_known_elsewhere(repo) == {}
