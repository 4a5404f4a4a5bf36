"""``mark_status``: the one place where a run ends."""

from __future__ import annotations

import io
import math
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from repositories import write
from runscripts import document_of, entry_in

from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.runs.run_attempt import lost_since
from pytest_aexp.runs import create_run, get_run_store, init_run_store, mark_status, open_run
from pytest_aexp.work.runs import job_document, status
from pytest_aexp.work.runs.job_document import DamagedDocument

OLD = "2020-01-01T00:00:00Z"
UNFINISHED = ("created", "queued", "running")


@pytest.fixture
def job(repo: Path) -> Any:
    init_run_store(repo)
    return create_run(experiment_id="E001", statepoint={"seed": 1})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_document, "PAUSES", (0.001,))
    monkeypatch.setattr(status, "PAUSES", (0.001,))


@pytest.mark.parametrize("status", TERMINAL_STATUSES)
def test_a_run_that_has_ended_is_in_the_ledger(repo: Path, job: Any, status: str) -> None:
    mark_status(job, status)
    entry = entry_in(repo, job.id)
    assert entry["status"] == document_of(repo, job.id)["status"] == status
    assert entry["ended_at"] == document_of(repo, job.id)["ended_at"]


@pytest.mark.parametrize("status", UNFINISHED)
def test_a_run_that_has_not_is_not(repo: Path, job: Any, status: str) -> None:
    mark_status(job, status)
    document = document_of(repo, job.id)
    assert document["status"] == status
    assert "ended_at" not in document
    assert load_ledger_entry(repo, job.id) is None


@pytest.mark.parametrize("status", ["completed", "Complete", "", None, 1, "done\nFAKE"])
def test_an_unknown_status_is_refused_and_the_known_ones_are_named(
    repo: Path, job: Any, status: Any
) -> None:
    with pytest.raises(ValueError, match="unknown status") as caught:
        mark_status(job, status)
    assert all(known in str(caught.value) for known in (*UNFINISHED, *TERMINAL_STATUSES))
    assert "\n" not in str(caught.value)
    assert document_of(repo, job.id)["status"] == "created"


def test_the_time_of_the_end_is_set_once(repo: Path, job: Any) -> None:
    job.doc["ended_at"] = OLD
    mark_status(job, "complete")
    assert entry_in(repo, job.id)["ended_at"] == OLD
    mark_status(job, "failed")
    assert entry_in(repo, job.id)["ended_at"] == OLD
    assert entry_in(repo, job.id)["status"] == "failed"


def test_the_time_of_the_end_is_left_to_the_caller_who_asks_for_that(repo: Path, job: Any) -> None:
    mark_status(job, "complete", set_ended_at=False)
    assert "ended_at" not in document_of(repo, job.id)
    assert "ended_at" not in entry_in(repo, job.id)


@pytest.mark.parametrize("last", TERMINAL_STATUSES)
@pytest.mark.parametrize("status", UNFINISHED)
def test_a_run_that_begins_again_has_none_of_the_last_times(
    repo: Path, job: Any, last: str, status: str
) -> None:
    times = dict.fromkeys(("started_at", "heartbeat_at", "ended_at"), OLD)
    job.doc.update({"status": last, "wallclock_s": 7.0, "loss": 0.5, **times})
    mark_status(job, status)
    document = document_of(repo, job.id)
    assert not {"heartbeat_at", "ended_at", "wallclock_s"} & set(document)
    assert document.get("started_at", OLD) != OLD or status != "running"
    assert document["loss"] == 0.5
    mark_status(job, "complete")
    assert OLD not in entry_in(repo, job.id).values()
    assert "wallclock_s" not in entry_in(repo, job.id)


@pytest.mark.parametrize("status", UNFINISHED)
def test_a_run_that_was_lost_and_goes_on_is_lost_no_more(job: Any, status: str) -> None:
    job.doc.update({"status": "running", "heartbeat_at": OLD})
    assert lost_since(job.doc()) is not None
    mark_status(job, status)
    assert lost_since(job.doc()) is None


def test_the_start_of_a_run_is_kept_while_it_goes_on(repo: Path, job: Any) -> None:
    job.doc.update({"status": "queued", "started_at": OLD})
    mark_status(job, "running")
    mark_status(job, "complete")
    assert entry_in(repo, job.id)["started_at"] == OLD


def test_marking_again_leaves_the_entry_as_it_is(repo: Path, job: Any) -> None:
    mark_status(job, "complete")
    path = repo / f".aexp/ledger/{job.id}.json"
    before = path.stat().st_mtime_ns, path.read_bytes()
    mark_status(open_run(job.id), "complete")
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_run_that_signac_has_not_initialised_yet_is(repo: Path) -> None:
    job = init_run_store(repo).open_job({"experiment_id": "E001"})
    mark_status(job, "abandoned")
    assert entry_in(repo, job.id)["statepoint"] == {"experiment_id": "E001"}


def test_what_other_handles_of_the_run_wrote_is_kept(repo: Path, job: Any) -> None:
    other = get_run_store().open_job(id=job.id)
    job.doc["mine"] = 1
    other.doc["theirs"] = 2
    mark_status(job, "complete")
    other.doc["later"] = 3
    document = document_of(repo, job.id)
    assert [document[key] for key in ("mine", "theirs", "later")] == [1, 2, 3]
    assert document["status"] == other.doc["status"] == "complete"


# Promotion fails


def a_file_for_a_ledger(repo: Path, _: Any) -> None:
    write(repo, ".aexp/ledger", "")


def a_link_out_for_a_ledger(repo: Path, _: Any) -> None:
    (repo / ".aexp").mkdir()
    (repo / ".aexp/ledger").symlink_to(repo.parent)


def bad_configuration(repo: Path, _: Any) -> None:
    write(repo, "pyproject.toml", "[tool.aexp\n")


def no_statepoint(_: Path, job: Any) -> None:
    Path(job.fn("signac_statepoint.json")).unlink()


def half_a_statepoint(_: Path, job: Any) -> None:
    Path(job.fn("signac_statepoint.json")).write_text('{"a"')


def another_statepoint(_: Path, job: Any) -> None:
    Path(job.fn("signac_statepoint.json")).write_text('{"a": 1}')


def a_deep_statepoint(_: Path, job: Any) -> None:
    Path(job.fn("signac_statepoint.json")).write_text('{"a":' * 5000 + "1" + "}" * 5000)


def a_folder_for_a_statepoint(_: Path, job: Any) -> None:
    Path(job.fn("signac_statepoint.json")).unlink()
    Path(job.fn("signac_statepoint.json")).mkdir()


def a_link_that_is_a_list(_: Path, job: Any) -> None:
    job.doc["aexp"] = [1, 2]


@pytest.mark.parametrize(
    "harm",
    [
        *(a_file_for_a_ledger, a_link_out_for_a_ledger, bad_configuration, no_statepoint),
        *(half_a_statepoint, another_statepoint, a_deep_statepoint, a_folder_for_a_statepoint),
        a_link_that_is_a_list,
    ],
)
def test_a_promotion_that_fails_is_one_line_and_no_more(
    repo: Path,
    job: Any,
    harm: Callable[[Path, Any], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    harm(repo, job)
    mark_status(job, "complete")
    assert document_of(repo, job.id)["status"] == "complete"
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith(f"aexp: run {job.id} has ended, but its ledger entry could not be ")
    assert line.endswith(f"next: `aexp ledger promote {job.id}`")
    assert len(line) < 600


def test_a_statepoint_that_is_not_json_is_one_line_too(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = init_run_store(repo).open_job({"lr": math.nan}).init()
    mark_status(job, "failed")
    assert "NaN" in capsys.readouterr().err
    assert job.doc["status"] == "failed"


class Odd(str):
    """Text that JSON writers and signac take for text."""


@pytest.mark.parametrize(
    "value", ["\ud800", "a\nb", Odd("x"), math.inf, 10**400, {"a": [{}]}, "/home/me", None]
)
def test_odd_values_in_a_document_stop_no_promotion(
    repo: Path, job: Any, value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    job.doc.update({"tracker": {"url": value}, "started_at": value, "odd": value})
    mark_status(job, "complete")
    assert capsys.readouterr().err == ""
    assert entry_in(repo, job.id)["status"] == "complete"
    assert "/home/me" not in (repo / f".aexp/ledger/{job.id}.json").read_text()


def test_without_a_standard_error_nothing_is_said_elsewhere(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_file_for_a_ledger(repo, job)
    monkeypatch.setattr(sys, "stderr", None)
    mark_status(job, "complete")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["closed", "full"])
def test_a_standard_error_that_takes_nothing_does_no_harm(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    a_file_for_a_ledger(repo, job)
    useless = io.StringIO() if kind == "closed" else open("/dev/full", "w")  # noqa: SIM115
    if kind == "closed":
        useless.close()
    monkeypatch.setattr(sys, "stderr", useless)
    mark_status(job, "complete")
    with suppress(OSError):
        useless.close()
    assert document_of(repo, job.id)["status"] == "complete"


# The document cannot be changed


@pytest.mark.parametrize(
    "content",
    ['{"status": "runn', "[1]", '{"a":' * 100_000 + "1" + "}" * 100_000],
    ids=["half", "list", "deep"],
)
def test_a_damaged_document_is_named(job: Any, content: str) -> None:
    path = Path(job.fn("signac_job_document.json"))
    path.write_text(content)
    with pytest.raises(DamagedDocument) as caught:
        mark_status(job, "complete")
    assert str(path) in str(caught.value)
    assert path.read_text() == content


def test_a_run_that_is_gone_is_an_os_error(repo: Path, job: Any) -> None:
    opened = open_run(job.id)
    assert opened.doc["status"] == "created"
    shutil.rmtree(job.path)
    with pytest.raises(FileNotFoundError):
        mark_status(opened, "complete")
    assert load_ledger_entry(repo, job.id) is None
