"""signac's files are read without signac, and without trusting them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import add_jobs, job_id_of, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import shown as cleaned
from pytest_aexp.model.problems import RUNS_DAMAGED
from pytest_aexp.model.runs.run_files import DOCUMENT, FILE_LIMIT, STATEPOINT
from pytest_aexp.model.runs.run_store import RunStore, marker_faults

POINT = {"experiment_id": "E001", "seed": 1}
JOB_ID = job_id_of(POINT)
OTHER = {"experiment_id": "E001", "seed": 2}
WORKSPACE = ".runs/workspace"
STATEPOINT_FILE = f"{WORKSPACE}/{JOB_ID}/{STATEPOINT}"
DOCUMENT_FILE = f"{WORKSPACE}/{JOB_ID}/{DOCUMENT}"


@pytest.fixture
def jobs(repo: Path) -> Path:
    """A store that signac made, with two finished runs."""
    finished = {"status": "complete"}
    add_jobs(repo, [{"statepoint": POINT, "doc": finished}, {"statepoint": OTHER, "doc": finished}])
    return repo


def store() -> RunStore:
    found = RunStore.of(Repository.open())
    assert found is not None
    return found


def test_what_signac_wrote_is_read(jobs: Path) -> None:
    found = store()
    assert (found.shown, found.path) == (".runs", jobs / ".runs")
    assert found.job_ids == {JOB_ID, job_id_of(OTHER)}
    assert [run.job_id for run in found] == sorted(found.job_ids)
    run = found.get(JOB_ID)
    assert run is not None
    assert json.loads(run.statepoint or "") == POINT
    assert (run.status, run.experiments, run.faults) == ("complete", ("E001",), ())
    assert run.usable
    assert run.finished


@pytest.mark.parametrize("listed_first", [False, True])
def test_only_folders_named_for_a_job_are_runs(jobs: Path, listed_first: bool) -> None:
    write(jobs, f"{WORKSPACE}/{'a' * 32}", "a file")
    write(jobs, f"{WORKSPACE}/notes/x", "")
    write(jobs, f"{WORKSPACE}/{'B' * 32}/x", "")
    write(jobs, f"{WORKSPACE}/.{'c' * 31}/x", "")
    (jobs / WORKSPACE / ("d" * 32)).symlink_to("d" * 32)
    (jobs / WORKSPACE / ("e" * 32)).symlink_to("nowhere")
    found = store()
    if listed_first:
        assert found.job_ids == {JOB_ID, job_id_of(OTHER)}
    for name in (
        "a" * 32,
        "notes",
        "B" * 32,
        "d" * 32,
        "e" * 32,
        "..",
        "",
        f"{JOB_ID}/../{JOB_ID}",
    ):
        assert not found.has(name)
        assert found.get(name) is None
    assert found.has(JOB_ID)


@pytest.mark.parametrize(
    "made", [[], [".runs/notes"], [f"{WORKSPACE}/{JOB_ID}/{STATEPOINT}"], [".runs/.signac/x"]]
)
def test_without_signacs_config_there_is_no_store(repo: Path, made: list[str]) -> None:
    for path in made:
        write(repo, path, "{}")
    assert RunStore.of(Repository.open()) is None


@pytest.mark.parametrize(
    "configured", ["~nobody-here/x", "a\0b", "x" * 5_000, "pyproject.toml", "/dev/null"]
)
def test_a_place_where_nothing_can_lie(repo: Path, configured: str) -> None:
    write(repo, ".aexp/installed.json", json.dumps({"run_store_path": configured}))
    assert RunStore.of(Repository.open()) is None


def test_an_empty_store_has_no_runs(repo: Path) -> None:
    add_jobs(repo, [])
    assert store().job_ids == frozenset()
    write(repo, f"{WORKSPACE}x", "")
    assert list(store()) == []
    assert store().batches.select("E001", {}) == []


def test_a_store_elsewhere_is_named_as_messages_name_it(repo: Path, tmp_path: Path) -> None:
    for place, shown in (
        ("data/runs", "data/runs"),
        (str(tmp_path / "far"), str(tmp_path / "far")),
    ):
        add_jobs(repo, [], place)
        write(repo, ".aexp/installed.json", json.dumps({"run_store_path": place}))
        assert store().shown == shown


DAMAGED_STATEPOINTS: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "is empty"),
    "space": (" \n", "is empty"),
    "half": ('{"a"', "is not valid JSON"),
    "a list": ("[]", "is not a JSON object"),
    "null": ("null", "is not a JSON object"),
    "Latin-1": (b'{"a": "\xe9"}', "is not valid JSON"),
    "another run's": (json.dumps(OTHER), "is not the statepoint of that run"),
    "an int as a float": ('{"experiment_id": "E001", "seed": 1.0}', "is not the statepoint of"),
    "too deep": ("[" * 5_000, "is nested more than 99 deep"),
    "too long a number": ('{"a": %s}' % ("1" * 5_000), "is not valid JSON"),
}


@pytest.mark.parametrize(("content", "said"), DAMAGED_STATEPOINTS.values(), ids=DAMAGED_STATEPOINTS)
def test_a_run_with_a_damaged_statepoint_is_no_run(
    jobs: Path, content: str | bytes, said: str
) -> None:
    write(jobs, STATEPOINT_FILE, content)
    run = store().get(JOB_ID)
    assert run is not None
    (fault,) = run.faults
    assert (fault.rule, fault.path, fault.job_id) == (RUNS_DAMAGED, STATEPOINT_FILE, JOB_ID)
    assert fault.message.startswith(f"the run's statepoint {said}")
    assert not run.usable
    assert [run.job_id for run in store().batches.select("E001", {})] == [job_id_of(OTHER)]


DAMAGED_DOCUMENTS: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "is empty"),
    "half": ('{"status": "com', "is not valid JSON"),
    "a list": ("[]", "is not a JSON object"),
    "Latin-1": (b'{"a": "\xe9"}', "is not valid JSON"),
    "too deep": ("[" * 5_000, "is nested more than 400 deep"),
    "a link that is text": ('{"aexp": "E001"}', 'has a run link that is "E001", not a mapping'),
    "a legacy link that is a list": (
        '{"limina": []}',
        'has a run link that is "[]", not a mapping',
    ),
}


@pytest.mark.parametrize(("content", "said"), DAMAGED_DOCUMENTS.values(), ids=DAMAGED_DOCUMENTS)
def test_a_run_with_a_damaged_document_is_a_run_of_unknown_state(
    jobs: Path, content: str | bytes, said: str
) -> None:
    write(jobs, DOCUMENT_FILE, content)
    run = store().get(JOB_ID)
    assert run is not None
    (fault,) = run.faults
    assert (fault.rule, fault.path) == (RUNS_DAMAGED, DOCUMENT_FILE)
    assert fault.message.startswith(f"the run's document {said}")
    assert run.usable
    assert not run.finished
    assert run.experiments == ("E001",)


@pytest.mark.parametrize("status", [5, ["complete"], {"a-operation": 1}, "done", ""])
def test_a_status_of_another_program_is_unknown_and_no_damage(jobs: Path, status: Any) -> None:
    write(jobs, DOCUMENT_FILE, json.dumps({"status": status}))
    run = store().get(JOB_ID)
    assert run is not None
    assert (run.status, run.faults, run.finished) == ("", (), False)
    assert run.foreign_status == cleaned(str(status))


def test_no_one_is_advised_to_remove_the_folder_of_a_run_whose_statepoint_is_sound(
    jobs: Path,
) -> None:
    write(jobs, DOCUMENT_FILE, "{")
    run = store().get(JOB_ID)
    assert run is not None
    assert "folder" not in run.faults[0].fix


def test_a_run_whose_heartbeat_is_old_is_lost(jobs: Path) -> None:
    write(jobs, DOCUMENT_FILE, '{"status": "running", "heartbeat_at": "2020-01-01T00:00:00Z"}')
    run = store().get(JOB_ID)
    assert run is not None
    assert run.lost_since == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_run_without_files(jobs: Path) -> None:
    (jobs / DOCUMENT_FILE).unlink()
    run = store().get(JOB_ID)
    assert run is not None
    assert (run.status, run.faults, run.usable) == ("", (), True)
    (jobs / STATEPOINT_FILE).unlink()
    run = store().get(JOB_ID)
    assert run is not None
    assert [fault.message for fault in run.faults] == ["the run's statepoint does not exist"]


def test_files_that_are_no_files(jobs: Path) -> None:
    for path in (STATEPOINT_FILE, DOCUMENT_FILE):
        (jobs / path).unlink()
        (jobs / path).mkdir()
    run = store().get(JOB_ID)
    assert run is not None
    assert [fault.message for fault in run.faults] == [
        "the run's statepoint is a folder, not a file",
        "the run's document is a folder, not a file",
    ]


def test_a_file_that_is_too_long(jobs: Path) -> None:
    with (jobs / DOCUMENT_FILE).open("wb") as opened:
        opened.truncate(FILE_LIMIT + 1)
    run = store().get(JOB_ID)
    assert run is not None
    assert run.faults[0].message == "the run's document is larger than 16 MiB"


@pytest.mark.parametrize(
    ("document", "status", "experiments"),
    [
        ({"status": "running"}, "running", ("E001",)),
        ({"status": None, "aexp": None}, "", ("E001",)),
        ({"aexp": {"experiment_id": "E002"}}, "", ("E001", "E002")),
        ({"limina": {"experiment_id": "E003"}}, "", ("E001", "E003")),
        (
            {"aexp": {"experiment_id": "E002"}, "limina": {"experiment_id": "E003"}},
            "",
            ("E001", "E002"),
        ),
        ({"aexp": {"experiment_id": "E001"}}, "", ("E001",)),
        ({"aexp": {"experiment_id": 5}}, "", ("E001",)),
        ({"loss": float("nan"), "status": "failed"}, "failed", ("E001",)),
    ],
)
def test_what_a_document_says(
    jobs: Path, document: dict[str, Any], status: str, experiments: tuple[str, ...]
) -> None:
    write(jobs, DOCUMENT_FILE, json.dumps(document))
    run = store().get(JOB_ID)
    assert run is not None
    assert (run.status, run.experiments, run.faults) == (status, experiments, ())


@pytest.mark.parametrize("status", ["complete", "failed", "abandoned", "stopped"])
def test_the_states_in_which_a_run_has_ended(jobs: Path, status: str) -> None:
    write(jobs, DOCUMENT_FILE, json.dumps({"status": status}))
    run = store().get(JOB_ID)
    assert run is not None
    assert run.finished


@pytest.mark.parametrize("status", ["created", "queued", "running", "Complete", "complete ", ""])
def test_any_other_state_is_unfinished(jobs: Path, status: str) -> None:
    write(jobs, DOCUMENT_FILE, json.dumps({"status": status}))
    run = store().get(JOB_ID)
    assert run is not None
    assert not run.finished


def test_files_are_read_afresh_and_runs_once(jobs: Path) -> None:
    found = store()
    before = found.get(JOB_ID)
    write(jobs, DOCUMENT_FILE, '{"status": "failed"}')
    assert found.get(JOB_ID) is before
    assert found.files(JOB_ID).document == {"status": "failed"}


def test_a_damaged_marker_is_reported(repo: Path) -> None:
    assert marker_faults(Repository.open()) == ()
    write(repo, ".aexp/installed.json", "[")
    (fault,) = marker_faults(Repository.open())
    assert (fault.rule, fault.path) == (RUNS_DAMAGED, ".aexp/installed.json")
    assert "is not valid JSON" in fault.message
    assert "aexp install" in fault.fix


HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.just("complete")
KEYS = st.sampled_from(["status", "aexp", "limina", "x"])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
CONTENT = st.binary(max_size=60) | JSON.map(lambda document: json.dumps(document).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTENT, CONTENT)
def test_any_content_is_read_or_told(jobs: Path, statepoint: bytes, document: bytes) -> None:
    write(jobs, STATEPOINT_FILE, statepoint)
    write(jobs, DOCUMENT_FILE, document)
    run = store().get(JOB_ID)
    assert run is not None
    for fault in run.faults:
        for text in (fault.message, fault.fix):
            assert not {category(character) for character in text} & HIDDEN, text
            assert len(text) <= 500
    assert run.usable == (not any(fault.path == STATEPOINT_FILE for fault in run.faults))


def test_what_the_ledger_redacts_cannot_be_selected_or_counted(repo: Path) -> None:
    point = {"experiment_id": "E001", "api_key": "sk-proj-ABCDEF1234567890abcdef12", "seed": 1}
    add_jobs(repo, [{"statepoint": point, "doc": {"status": "complete"}}])
    store = RunStore.of(Repository.open(repo))
    assert store is not None
    assert store.batches.select("E001", {"api_key": point["api_key"]}) == []
    assert store.batches.counts("E001", "api_key") == {'"<redacted>"': 1}
    assert len(store.batches.select("E001", {"seed": 1})) == 1
