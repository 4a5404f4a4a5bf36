"""Promotion: a finished run becomes an entry on disk, once, and stays as it is."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import signac
from hypothesis import given, settings
from hypothesis import strategies as st
from repositories import add_jobs, job_id_of, new_repository, write

from pytest_aexp import ledger
from pytest_aexp.ground.errors import NotPromotable, RunNotFound, RunStoreNotInitialized, UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.run_store import RunStore
from pytest_aexp.work.promote import backfill, promote

POINT = {"experiment_id": "E001", "seed": 1}
DONE = {"status": "complete", "aexp": {"experiment_id": "E001"}}


@pytest.fixture
def job_id(repo: Path) -> str:
    return add_jobs(repo, [{"statepoint": POINT, "doc": DONE}])[0]


def entry(repo: Path, job_id: str) -> Path:
    return repo / ".aexp/ledger" / f"{job_id}.json"


def age(path: Path) -> bytes:
    """Make an entry look as if it had been promoted long ago; its bytes."""
    told = json.loads(path.read_bytes())
    told["promoted_at"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
    return path.read_bytes()


def test_by_job_id_and_by_job(repo: Path, job_id: str) -> None:
    path = ledger.promote_to_ledger(job_id)
    assert path == entry(repo, job_id)
    path.unlink()
    project = signac.get_project(str(repo / ".runs"), search=False)
    assert ledger.promote_to_ledger(project.open_job(id=job_id)) == path
    assert json.loads(path.read_text())["statepoint"] == POINT


def test_again_changes_no_byte(repo: Path, job_id: str) -> None:
    before = age(ledger.promote_to_ledger(job_id))
    ledger.promote_to_ledger(job_id)
    assert entry(repo, job_id).read_bytes() == before


def test_an_entry_that_another_writer_escaped_is_the_same(repo: Path) -> None:
    point = {"experiment_id": "E001", "name": "Überraschung"}
    (job_id,) = add_jobs(repo, [{"statepoint": point, "doc": DONE}])
    before = age(ledger.promote_to_ledger(job_id))
    assert b"\\u00dc" in before
    ledger.promote_to_ledger(job_id)
    assert entry(repo, job_id).read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:40],
        lambda _: b"",
        lambda data: data.replace(b'"seed": 1', b'"seed": 2'),
        lambda data: data.replace(b'"complete"', b'"failed"'),
        lambda data: data.replace(b'"status"', b'"extra": 1,\n  "status"'),
        lambda data: b"\xff" + data,
    ],
)
def test_a_damaged_or_outdated_entry_is_repaired(repo: Path, job_id: str, damage: Any) -> None:
    path = ledger.promote_to_ledger(job_id)
    whole = json.loads(path.read_text())
    path.write_bytes(damage(path.read_bytes()))
    assert ledger.backfill_ledger(repo) == (1, 0)
    repaired = json.loads(path.read_text())
    assert {**repaired, "promoted_at": ""} == {**whole, "promoted_at": ""}


def test_the_mode_follows_the_umask(repo: Path, job_id: str) -> None:
    before = os.umask(0o027)
    try:
        path = ledger.promote_to_ledger(job_id)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_nothing_but_the_entry_is_left(repo: Path, job_id: str) -> None:
    ledger.promote_to_ledger(job_id)
    assert os.listdir(repo / ".aexp/ledger") == [f"{job_id}.json"]


def test_only_a_run_that_is_here_and_finished(repo: Path, job_id: str) -> None:
    (running,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "running"}}])
    with pytest.raises(NotPromotable, match=f"aexp mark {running} complete"):
        ledger.promote_to_ledger(running)
    for unknown in ("0" * 32, "../../x", job_id[:8]):
        with pytest.raises(RunNotFound):
            ledger.promote_to_ledger(unknown)


def test_without_a_run_store(repo: Path) -> None:
    with pytest.raises(RunStoreNotInitialized, match="aexp install"):
        ledger.promote_to_ledger("0" * 32)
    assert ledger.backfill_ledger(repo) == (0, 0)


def test_a_ledger_that_leads_out_of_the_repository_is_not_written(
    repo: Path, job_id: str, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / ".aexp").mkdir()
    (repo / ".aexp/ledger").symlink_to(outside)
    with pytest.raises(UsageError, match="leaves the repository"):
        ledger.promote_to_ledger(job_id)
    assert list(outside.iterdir()) == []


def test_what_changes_while_it_is_promoted_is_in_the_entry(
    repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = repo / f".runs/workspace/{job_id}/signac_job_document.json"
    write_atomic = promote.write_atomic

    def write_and_link(path: Path, data: bytes, **options: Any) -> None:
        write_atomic(path, data, **options)
        linked = {"status": "complete", "aexp": {"experiment_id": "E002"}}
        document.write_text(json.dumps(linked))

    monkeypatch.setattr(promote, "write_atomic", write_and_link)
    path = ledger.promote_to_ledger(job_id)
    assert json.loads(path.read_text())["run_link"]["experiment_id"] == "E002"


@pytest.mark.parametrize(
    ("run", "field"),
    [
        ({"statepoint": {"prompt": "x " * 600_000}, "doc": DONE}, "statepoint"),
        ({"statepoint": POINT, "doc": {**DONE, "tracker": {"url": "x " * 600_000}}}, "tracker"),
    ],
)
def test_an_entry_that_nobody_would_read_is_not_written(
    repo: Path, run: dict[str, Any], field: str
) -> None:
    (job_id,) = add_jobs(repo, [run])
    with pytest.raises(
        NotPromotable, match=f"bytes, most of it the {field}, and 1 MiB is the most"
    ):
        ledger.promote_to_ledger(job_id)
    assert not entry(repo, job_id).exists()
    assert [p.written for p in backfill.backfill(Repository.open(repo))] == [False]


@pytest.mark.skipif(sys.platform != "linux", reason="shared on Linux only")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
class TestBackfill:
    """Every finished run of this machine, and one bad one does not stop the rest."""

    def test_counts(self, repo: Path) -> None:
        jobs = [{"statepoint": {"seed": n}, "doc": DONE} for n in range(3)]
        jobs.append({"statepoint": {"seed": 9}, "doc": {"status": "queued"}})
        add_jobs(repo, jobs)
        assert ledger.backfill_ledger(repo) == (3, 0)
        assert ledger.backfill_ledger(repo) == (0, 3)
        assert ledger.backfill_ledger(repo, overwrite=True, machine_label="other") == (3, 0)
        for path in (repo / ".aexp/ledger").iterdir():
            assert json.loads(path.read_text())["registered_machine"] == "other"

    def test_the_disk_has_what_was_written(
        self, repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[Path] = []
        monkeypatch.setattr(backfill, "sync_file_system", synced.append)
        ledger.backfill_ledger(repo)
        assert synced == [repo / ".aexp/ledger"]
        ledger.backfill_ledger(repo)
        assert len(synced) == 1

    def test_bad_runs_are_named(self, repo: Path, job_id: str) -> None:
        half, without = "1" * 32, "2" * 32
        (half_id,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": DONE}])
        (nan_id,) = add_jobs(repo, [{"statepoint": {"a": float("nan")}, "doc": DONE}])
        write(repo, f".runs/workspace/{half_id}/signac_job_document.json", '{"status": "comp')
        write(repo, f".runs/workspace/{without}/signac_job_document.json", json.dumps(DONE))
        told = {p.job_id: p for p in ledger.backfill(Repository.open(repo))}
        assert told[job_id].written
        assert "not valid JSON" in str(told[half_id].refused)
        assert "does not exist" in str(told[without].refused)
        assert "NaN" in str(told[nan_id].refused)
        assert half not in told
        assert ledger.list_ledger_job_ids(repo) == {job_id}


class TestReading:
    """The public functions never trust an id or a file."""

    def test_paths_are_made_of_job_ids_only(self, repo: Path) -> None:
        for wrong in ("../x", "A" * 32, "0" * 31, ""):
            with pytest.raises(ValueError, match="not a job id"):
                ledger.ledger_path(repo, wrong)
            assert ledger.load_ledger_entry(repo, wrong) is None

    @pytest.mark.parametrize("content", ["[]", "{", "", "[" * 100_000])
    def test_what_is_no_entry_is_none(self, repo: Path, content: str) -> None:
        write(repo, f".aexp/ledger/{'0' * 32}.json", content)
        assert ledger.load_ledger_entry(repo, "0" * 32) is None

    def test_ids_are_those_of_entries(self, repo: Path) -> None:
        for name in ("0" * 32, "A" * 32, "README"):
            write(repo, f".aexp/ledger/{name}.json", "{}")
        assert ledger.list_ledger_job_ids(repo) == {"0" * 32}


# signac takes no dots in keys.
KEYS = st.from_regex("[a-zü_]{1,6}", fullmatch=True)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex("[a-zü_]{1,6}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)
POINTS = st.dictionaries(KEYS, JSON, max_size=5)


@settings(max_examples=40)
@given(st.lists(POINTS, min_size=1, max_size=4))
def test_reading_says_what_signac_says(points: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = new_repository(Path(folder))
        ids = add_jobs(
            repo, [{"statepoint": p, "doc": {"x": p, "status": "complete"}} for p in points]
        )
        store = RunStore.of(Repository.open(repo))
        assert store is not None
        project = signac.get_project(str(repo / ".runs"), search=False)
        assert store.job_ids == {job.id for job in project} == set(ids)
        for job in project:
            files = store.files(job.id)
            assert files.faults == ()
            assert files.statepoint == job.statepoint()
            assert files.document == job.doc()
            assert job_id_of(files.statepoint) == job.id
            ledger.promote_to_ledger(job, repo_root=repo)
            promoted = ledger.load_ledger_entry(repo, job.id)
            assert promoted is not None
            if "redacted" not in promoted:
                assert promoted["statepoint"] == job.statepoint()
