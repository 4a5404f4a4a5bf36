"""Promotion: a finished run becomes an entry on disk, once, and stays as it is."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import signac
from repositories import add_jobs

from pytest_aexp import ledger
from pytest_aexp.ground.errors import NotPromotable, RunNotFound, RunStoreNotInitialized, UsageError
from pytest_aexp.work.promote import entry_file

POINT = {"experiment_id": "E001", "seed": 1}
DONE = {"status": "complete", "aexp": {"experiment_id": "E001"}}


@pytest.fixture
def job_id(repo: Path) -> str:
    return add_jobs(repo, [{"statepoint": POINT, "doc": DONE}])[0]


def entry(repo: Path, job_id: str) -> Path:
    return repo / ".aexp/ledger" / f"{job_id}.json"


def age(path: Path) -> bytes:
    """Make an entry look as if it had been promoted long ago; its bytes."""
    document = json.loads(path.read_bytes())
    document["promoted_at"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return path.read_bytes()


def test_a_run_is_promoted_by_its_job_id_and_by_its_job(repo: Path, job_id: str) -> None:
    path = ledger.promote_to_ledger(job_id)
    assert path == entry(repo, job_id)
    path.unlink()
    project = signac.get_project(str(repo / ".runs"), search=False)
    assert ledger.promote_to_ledger(project.open_job(id=job_id)) == path
    assert json.loads(path.read_text())["statepoint"] == POINT


def test_promoting_again_changes_no_byte(repo: Path, job_id: str) -> None:
    before = age(ledger.promote_to_ledger(job_id))
    ledger.promote_to_ledger(job_id)
    assert entry(repo, job_id).read_bytes() == before


def test_an_entry_written_with_escapes_is_left_as_it_is(repo: Path) -> None:
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
        lambda data: data.replace(b'"seed": 1', b'"seed": true'),
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


def of_cluster(path: Path, **fields: Any) -> str:
    """The entry at ``path`` as another machine could have promoted it."""
    whole = {**json.loads(path.read_bytes()), "registered_machine": "cluster", **fields}
    return json.dumps(whole, indent=2, sort_keys=True) + "\n"


def test_an_entry_in_conflict_is_left_to_resolve_for_a_version_of_it_may_count_more(
    repo: Path,
) -> None:
    (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "failed"}}])
    path = ledger.promote_to_ledger(job_id)
    mine, other = path.read_text(), of_cluster(path, status="complete")
    path.write_text(f"<<<<<<< ours\n{mine}=======\n{other}>>>>>>> theirs\n")
    markers = path.read_bytes()
    with pytest.raises(NotPromotable, match=f"run `aexp ledger resolve {job_id}`"):
        ledger.promote_to_ledger(job_id)
    assert ledger.backfill_ledger(repo) == (0, 0)
    assert path.read_bytes() == markers
    ledger.promote_to_ledger(job_id, replace=True)
    assert json.loads(path.read_bytes())["status"] == "failed"


@pytest.mark.parametrize(("status", "is_kept"), [("failed", True), ("complete", False)])
def test_a_damaged_entry_that_says_complete_gives_way_to_a_complete_one_alone(
    repo: Path, status: str, is_kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": status}}])
    path = ledger.promote_to_ledger(job_id)
    path.write_text(of_cluster(path, status="complete", started_at=5))
    damaged = path.read_bytes()
    ledger.promote_to_ledger(job_id)
    assert (path.read_bytes() == damaged) is is_kept
    assert (f"`aexp ledger promote {job_id} --replace`" in capsys.readouterr().err) is is_kept


@pytest.mark.parametrize("slash", ["/", "\\u002f"])
def test_an_entry_with_what_should_be_redacted_is_written_again(repo: Path, slash: str) -> None:
    point = {"experiment_id": "E001", "data": "/home/jane/data"}
    (job_id,) = add_jobs(repo, [{"statepoint": point, "doc": DONE}])
    path = ledger.promote_to_ledger(job_id)
    document = json.loads(path.read_bytes())
    assert document.pop("redacted") == ["/statepoint/data"]
    text = json.dumps({**document, "statepoint": point}, indent=2, sort_keys=True)
    path.write_text(text.replace("/", slash) + "\n")
    assert ledger.backfill_ledger(repo) == (1, 0)
    assert json.loads(path.read_bytes())["redacted"] == ["/statepoint/data"]


def test_the_mode_of_an_entry_follows_the_umask(repo: Path, job_id: str) -> None:
    before = os.umask(0o027)
    try:
        path = ledger.promote_to_ledger(job_id)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_no_temporary_file_is_left_beside_the_entry(repo: Path, job_id: str) -> None:
    ledger.promote_to_ledger(job_id)
    assert os.listdir(repo / ".aexp/ledger") == [f"{job_id}.json"]


def test_a_run_that_is_unfinished_or_not_here_is_refused(repo: Path, job_id: str) -> None:
    (running,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "running"}}])
    with pytest.raises(NotPromotable, match=f"aexp mark {running} complete"):
        ledger.promote_to_ledger(running)
    for unknown in ("0" * 32, "../../x", job_id[:8]):
        with pytest.raises(RunNotFound):
            ledger.promote_to_ledger(unknown)


def test_without_a_run_store_the_message_names_aexp_install(repo: Path) -> None:
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
    with pytest.raises(UsageError, match="is a link"):
        ledger.promote_to_ledger(job_id)
    assert list(outside.iterdir()) == []


def test_a_document_that_changes_during_promotion_is_promoted_again(
    repo: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = repo / f".runs/workspace/{job_id}/signac_job_document.json"
    write_atomic = entry_file.write_atomic

    def write_and_link(path: Path, data: bytes, **options: Any) -> None:
        write_atomic(path, data, **options)
        linked = {"status": "complete", "aexp": {"experiment_id": "E002"}}
        document.write_text(json.dumps(linked))

    monkeypatch.setattr(entry_file, "write_atomic", write_and_link)
    path = ledger.promote_to_ledger(job_id)
    assert json.loads(path.read_text())["run_link"]["experiment_id"] == "E002"


@pytest.mark.parametrize(
    ("run", "field"),
    [
        ({"statepoint": {"prompt": "x " * 600_000}, "doc": DONE}, "statepoint"),
        ({"statepoint": POINT, "doc": {**DONE, "tracker": {"url": "x " * 600_000}}}, "tracker"),
    ],
)
def test_an_entry_over_the_size_limit_is_not_written(
    repo: Path, run: dict[str, Any], field: str
) -> None:
    (job_id,) = add_jobs(repo, [run])
    with pytest.raises(
        NotPromotable, match=f"bytes, most of it the {field}, and 1 MiB is the most"
    ):
        ledger.promote_to_ledger(job_id)
    assert not entry(repo, job_id).exists()
    assert ledger.backfill_ledger(repo) == (0, 0)
