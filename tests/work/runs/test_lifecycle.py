"""What ``run_lifecycle`` records, however a run goes on and however it ends."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reference import reference_python, run_reference
from runscripts import document_of, entry_in, run_script

from pytest_aexp.ledger import load_ledger_entry
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.runs import create_run, get_run_store, init_run_store, open_run, run_lifecycle
from pytest_aexp.work.runs import job_document, lifecycle
from pytest_aexp.work.runs.status import mark_status

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def job(repo: Path) -> Any:
    init_run_store(repo)
    return create_run(experiment_id="E001", statepoint={"seed": 1})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Each time that is written is later than the one before."""
    ticks = iter(range(10_000_000))

    def now() -> str:
        return f"2026-01-01T00:00:00.{next(ticks):07d}Z"

    for module in ("attempt", "status"):
        monkeypatch.setattr(f"pytest_aexp.work.runs.{module}.utc_now", now)
    return now


class Own(Exception):
    pass


def test_a_run_that_goes_well_is_complete_and_its_entry_has_both_times(
    repo: Path, job: Any
) -> None:
    with run_lifecycle(job) as given:
        assert given is job
        during = document_of(repo, job.id)
    assert during["status"] == "running"
    assert TIME.fullmatch(during["started_at"])
    assert TIME.fullmatch(during["heartbeat_at"])
    assert not {"ended_at", "wallclock_s"} & set(during)
    after = document_of(repo, job.id)
    entry = entry_in(repo, job.id)
    assert entry["status"] == after["status"] == "complete"
    assert entry["started_at"] == after["started_at"] == during["started_at"]
    assert TIME.fullmatch(entry["ended_at"])
    assert entry["ended_at"] == after["ended_at"]
    assert 0 <= entry["wallclock_s"] == after["wallclock_s"] < 60


def test_wallclock_is_measured_in_seconds(repo: Path, job: Any) -> None:
    with run_lifecycle(job):
        time.sleep(0.2)
    assert 0.2 <= entry_in(repo, job.id)["wallclock_s"] < 10


@pytest.mark.slow
def test_the_package_this_replaces_promotes_before_it_knows_the_times(
    tmp_path: Path, repo: Path
) -> None:
    made = run_reference(
        reference_python(),
        repo,
        "from aexp.runs import *; init_run_store('.')\n"
        "job = create_run(experiment_id='E001', statepoint={'seed': 1})\n"
        "with run_lifecycle(job): pass\n"
        "print(job.id)",
    )
    job_id = made.strip()
    theirs = entry_in(repo, job_id)
    assert "ended_at" not in theirs
    assert "wallclock_s" not in theirs
    with run_lifecycle(open_run(job_id)):
        pass
    assert {"ended_at", "wallclock_s"} <= set(entry_in(repo, job_id))


def fails() -> None:
    raise Own


def interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("body", "raised", "status"),
    [
        (fails, Own, "failed"),
        (lambda: 1 / 0, ZeroDivisionError, "failed"),
        (interrupted, KeyboardInterrupt, "stopped"),
        (lambda: sys.exit(1), SystemExit, "stopped"),
        (lambda: sys.exit("no data"), SystemExit, "stopped"),
        (lambda: sys.exit(0.0), SystemExit, "stopped"),  # type: ignore[arg-type]
        (lambda: sys.exit(0), SystemExit, "complete"),
        (sys.exit, SystemExit, "complete"),
        (lambda: sys.exit(None), SystemExit, "complete"),
        (lambda: pytest.skip("an exception that is no Exception"), BaseException, "stopped"),
    ],
)
def test_how_the_block_ends_is_how_the_run_ends(
    repo: Path, job: Any, body: Callable[[], object], raised: type[BaseException], status: str
) -> None:
    with pytest.raises(raised), run_lifecycle(job):
        body()
    entry = entry_in(repo, job.id)
    assert entry["status"] == status
    assert {"ended_at", "wallclock_s"} <= set(entry)


def test_the_exception_that_comes_out_is_the_very_one(job: Any) -> None:
    own = Own("mine")
    with pytest.raises(Own) as caught, run_lifecycle(job):
        raise own
    assert caught.value is own
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_generator_that_is_closed_is_a_run_that_was_stopped(repo: Path, job: Any) -> None:
    def steps() -> Iterator[int]:
        with run_lifecycle(job):
            yield from range(10)

    running = steps()
    next(running)
    running.close()
    assert entry_in(repo, job.id)["status"] == "stopped"


def test_a_task_that_is_cancelled_is_a_run_that_was_stopped(repo: Path, job: Any) -> None:
    async def train() -> None:
        with run_lifecycle(job):
            await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(train())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert entry_in(repo, job.id)["status"] == "stopped"


def test_it_decorates_a_function_that_may_be_called_again(repo: Path, job: Any) -> None:
    @run_lifecycle(job)
    def train(outcome: int) -> int:
        return 1 // outcome

    with pytest.raises(ZeroDivisionError):
        train(0)
    assert entry_in(repo, job.id)["status"] == "failed"
    assert train(1) == 1
    assert entry_in(repo, job.id)["status"] == "complete"
    assert entry_in(repo, job.id)["attempt"] == 2


def test_a_decorated_coroutine_is_recorded_as_it_is_awaited(repo: Path, job: Any) -> None:
    @run_lifecycle(job)
    async def train() -> None:
        await asyncio.sleep(0)
        assert job.doc["status"] == "running"
        raise Own

    coroutine = train()
    assert job.doc["status"] == "created"
    with pytest.raises(Own):
        asyncio.run(coroutine)
    assert entry_in(repo, job.id)["status"] == "failed"


def test_a_generator_is_not_decorated_for_it_would_be_complete_before_its_first_step(
    job: Any,
) -> None:
    def steps() -> Iterator[int]:
        yield 1

    async def async_steps() -> AsyncIterator[int]:
        yield 1

    for function in (steps, async_steps):
        with pytest.raises(ValueError, match="write `with run_lifecycle"):
            run_lifecycle(job)(function)
    assert job.doc["status"] == "created"


def test_a_generator_that_python_closes_when_it_ends_is_told_of_in_one_line(repo: Path) -> None:
    init_run_store(repo)
    body = """
        def steps():
            with run_lifecycle(create_run(experiment_id="E001", include_commit=False)) as run:
                yield run.id

        left = steps()
        print(next(left))
    """
    ended = run_script(repo, body)
    assert ended.err.count("\n") == 1, ended.err
    assert f"next: `aexp mark {ended.out.strip()} stopped`" in ended.err


def test_a_decorated_function_may_call_itself(repo: Path, job: Any) -> None:
    @run_lifecycle(job, heartbeat_s=60)
    def train(depth: int) -> None:
        if depth:
            train(depth - 1)

    train(2)
    assert entry_in(repo, job.id)["status"] == "complete"
    assert not any("heartbeat" in thread.name for thread in threading.enumerate())


# A run that is done again


@pytest.mark.parametrize("last", TERMINAL_STATUSES)
def test_a_rerun_has_its_own_times(repo: Path, job: Any, last: str) -> None:
    old = {
        "started_at": "2020-01-01T00:00:00Z",
        "heartbeat_at": "2020-01-01T00:30:00Z",
        "ended_at": "2020-01-01T01:00:00Z",
        "wallclock_s": 3600.0,
    }
    job.doc.update({"status": last, **old})
    with run_lifecycle(job, heartbeat_s=0):
        during = document_of(repo, job.id)
        assert during["status"] == "running"
        assert not {"ended_at", "wallclock_s", "heartbeat_at"} & set(during)
        assert during["started_at"] > "2026"
    entry = entry_in(repo, job.id)
    assert entry["status"] == "complete"
    assert entry["started_at"] > "2026"
    assert entry["ended_at"] > "2026"
    assert entry["wallclock_s"] < 60


def test_a_run_that_was_killed_can_be_done_again(repo: Path, job: Any) -> None:
    ended = run_script(repo, f"with run_lifecycle(open_run('{job.id}')): ready(); sleep()", 9)
    assert ended.status == -9
    assert document_of(repo, job.id)["status"] == "running"
    assert "heartbeat_at" in document_of(repo, job.id)
    assert load_ledger_entry(repo, job.id) is None
    with run_lifecycle(job, heartbeat_s=0):
        assert "heartbeat_at" not in document_of(repo, job.id)
    assert entry_in(repo, job.id)["status"] == "complete"


def test_the_caller_may_set_the_first_status_himself(repo: Path, job: Any) -> None:
    with run_lifecycle(job, mark_started=False):
        during = document_of(repo, job.id)
    assert during["status"] == "created"
    assert TIME.fullmatch(during["started_at"])
    assert entry_in(repo, job.id)["status"] == "complete"


def test_the_start_that_the_caller_recorded_is_kept(repo: Path, job: Any, clock: Any) -> None:
    mark_status(job, "running")
    started = document_of(repo, job.id)["started_at"]
    with run_lifecycle(job, mark_started=False):
        pass
    assert entry_in(repo, job.id)["started_at"] == started


def test_without_a_start_the_last_end_is_not_the_end_of_this_attempt(repo: Path, job: Any) -> None:
    mark_status(job, "failed")
    with run_lifecycle(job, mark_started=False):
        pass
    assert entry_in(repo, job.id)["status"] == "complete"


# Someone else ends the run meanwhile


@pytest.mark.parametrize("status", TERMINAL_STATUSES)
@pytest.mark.parametrize("error", [None, Own()])
def test_what_someone_else_said_of_the_run_is_kept_unless_it_then_fails(
    repo: Path, job: Any, status: str, error: Own | None
) -> None:
    def body() -> None:
        with run_lifecycle(job):
            subprocess.run(
                [sys.executable, "-m", "pytest_aexp", "mark", job.id, status], check=True
            )
            if error:
                raise error

    if error:
        with pytest.raises(Own):
            body()
    else:
        body()
    expected = "failed" if error and status == "complete" else status
    assert document_of(repo, job.id)["status"] == expected
    assert entry_in(repo, job.id)["status"] == expected


@pytest.mark.parametrize("status", ["stopped", "abandoned"])
def test_the_times_are_those_of_the_run_whoever_said_how_it_ended(
    repo: Path, job: Any, clock: Any, status: str
) -> None:
    with pytest.raises(KeyboardInterrupt), run_lifecycle(job, heartbeat_s=0):  # noqa: PT012
        mark_status(get_run_store().open_job(id=job.id), status)
        marked = document_of(repo, job.id)
        raise KeyboardInterrupt
    ended, entry = document_of(repo, job.id), entry_in(repo, job.id)
    assert ended["status"] == entry["status"] == status
    assert ended["ended_at"] > marked["ended_at"]
    assert entry["ended_at"] == ended["ended_at"]
    assert entry["wallclock_s"] == ended["wallclock_s"]


def test_a_status_that_was_only_written_still_reaches_the_ledger(repo: Path, job: Any) -> None:
    with run_lifecycle(job):
        get_run_store().open_job(id=job.id).doc["status"] = "stopped"
    entry = entry_in(repo, job.id)
    assert entry["status"] == "stopped"
    assert TIME.fullmatch(entry["ended_at"])


def test_what_the_block_says_of_itself_is_kept_with_its_times(repo: Path, job: Any) -> None:
    with run_lifecycle(job):
        mark_status(job, "complete")
    assert "wallclock_s" in entry_in(repo, job.id)


# The heartbeat


def test_the_heart_beats_while_the_block_runs_and_not_after(
    repo: Path, job: Any, clock: Callable[[], str]
) -> None:
    beats = set()
    with run_lifecycle(job, heartbeat_s=0.005):
        until = time.monotonic() + 30
        while len(beats) < 4 and time.monotonic() < until:
            beats.add(document_of(repo, job.id)["heartbeat_at"])
    last = document_of(repo, job.id)
    assert len(beats) == 4
    assert last["heartbeat_at"] < last["ended_at"]
    assert not any("heartbeat" in thread.name for thread in threading.enumerate())
    time.sleep(0.05)
    assert document_of(repo, job.id) == last


def test_without_a_heart_there_is_no_beat(repo: Path, job: Any) -> None:
    with run_lifecycle(job, heartbeat_s=0):
        assert not any("heartbeat" in thread.name for thread in threading.enumerate())
    assert "heartbeat_at" not in document_of(repo, job.id)


def test_the_heartbeat_loses_nothing_that_the_run_writes(repo: Path, job: Any) -> None:
    with run_lifecycle(job, heartbeat_s=0.0001):
        for step in range(300):
            job.doc["step"] = step
            assert document_of(repo, job.id)["step"] == step
    assert document_of(repo, job.id)["status"] == "complete"


# Documents that cannot be read or written


def test_a_heartbeat_that_cannot_read_leaves_no_lock_behind(repo: Path, job: Any) -> None:
    # A write through job.doc that failed in the thread would keep signac's locks for good, and
    # the next write of the main thread would wait for ever.
    ended = run_script(
        repo,
        f"""
        from pathlib import Path
        from pytest_aexp.work.runs import job_document, lifecycle
        job_document.PAUSES = (0.001,)
        job = open_run("{job.id}")
        other = create_run(experiment_id="E002", include_commit=False)
        path = Path(job.fn("signac_job_document.json"))
        with run_lifecycle(job, heartbeat_s=0.001):
            good = path.read_bytes()
            path.write_bytes(good[:-5])
            time.sleep(0.2)
            path.write_bytes(good)
            job.doc["loss"] = 0.5
            other.doc["loss"] = 0.5
            print(job.doc["loss"])
        """,
    )
    assert (ended.status, ended.out) == (0, "0.5\n"), ended.err
    assert entry_in(repo, job.id)["status"] == "complete"


RUDE = """
import sys, time, pathlib
path = pathlib.Path(sys.argv[1])
while True:
    data = path.read_bytes()
    if not data.endswith(b'}'): continue
    with path.open('r+b', buffering=0) as file:
        file.truncate(len(data) // 2)
        time.sleep(0.002)
        file.seek(0); file.write(data)
    print('.', flush=True)
    time.sleep(0.005)
"""


def test_a_process_that_writes_halves_of_the_document_does_no_harm(repo: Path, job: Any) -> None:
    path = Path(job.fn("signac_job_document.json"))
    rude = subprocess.Popen(
        [
            sys.executable,
            "-c",
            RUDE,
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    with rude:
        try:
            assert rude.stdout is not None
            rude.stdout.readline()
            with pytest.raises(Own), run_lifecycle(job, heartbeat_s=0.001):  # noqa: PT012
                time.sleep(0.3)
                raise Own
        finally:
            rude.kill()
    assert not any("heartbeat" in thread.name for thread in threading.enumerate())


def damaged(path: Path) -> None:
    path.write_text('{"status": "runn')


def a_list(path: Path) -> None:
    path.write_text("[1, 2]")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def deep(path: Path) -> None:
    path.write_text('{"a":' * 100_000 + "1" + "}" * 100_000)


def latin(path: Path) -> None:
    path.write_bytes(b'{"a": "\xff"}')


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_document, "PAUSES", (0.001,))


@pytest.mark.parametrize("harm", [damaged, a_list, a_folder, deep, latin])
@pytest.mark.usefixtures("impatient")
def test_a_document_that_cannot_be_used_stops_no_run(
    repo: Path, job: Any, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    harm(Path(job.fn("signac_job_document.json")))
    with pytest.raises(Own), run_lifecycle(job, heartbeat_s=0.001):  # noqa: PT012
        time.sleep(0.01)
        raise Own
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2, lines
    assert lines[0].startswith(f"aexp: the start of run {job.id} could not be recorded: ")
    assert lines[1].startswith(
        f"aexp: the end of run {job.id} could not be recorded in its document, but its ledger "
        "entry is written: "
    )
    assert lines[1].endswith(f"next: `aexp mark {job.id} failed`")
    entry = entry_in(repo, job.id)
    assert entry["status"] == "failed"
    assert {"started_at", "ended_at", "wallclock_s", "attempt"} <= set(entry)


def locked_for(monkeypatch: pytest.MonkeyPatch, tries: float) -> None:
    """Refuse to replace a document so many times, as Windows does while another reads it."""
    replace, refusals = os.replace, iter(range(10_000))

    def refuse(source: Any, target: Any, **kwargs: Any) -> None:
        if str(target).endswith("signac_job_document.json") and next(refusals) < tries:
            os.unlink(source)
            raise PermissionError(13, "Permission denied", str(target))
        replace(source, target, **kwargs)

    monkeypatch.setattr(os, "replace", refuse)


def test_a_document_that_is_locked_for_a_moment_is_waited_for(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_lifecycle(job, heartbeat_s=0):
        locked_for(monkeypatch, 3)
    assert entry_in(repo, job.id)["status"] == "complete"
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("impatient")
def test_a_document_that_stays_locked_stops_no_run(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Own), run_lifecycle(job, heartbeat_s=0):  # noqa: PT012
        locked_for(monkeypatch, float("inf"))
        raise Own
    assert document_of(repo, job.id)["status"] == "running"
    assert "Permission denied" in capsys.readouterr().err
    assert entry_in(repo, job.id)["status"] == "failed"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("last", TERMINAL_STATUSES)
def test_a_start_that_could_not_be_recorded_is_made_up_for_at_the_end(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    old = dict.fromkeys(("started_at", "heartbeat_at", "ended_at"), "2020-01-01T00:00:00Z")
    job.doc.update({"status": last, **old})
    with monkeypatch.context() as patch:
        locked_for(patch, float("inf"))
        with pytest.raises(Own), run_lifecycle(job, heartbeat_s=0):  # noqa: PT012
            patch.undo()
            raise Own
    entry = entry_in(repo, job.id)
    if last in ("complete", "failed"):
        assert entry["status"] == "failed"
        assert entry["started_at"] > "2026"
        assert entry["ended_at"] > "2026"
    else:  # nobody can tell whether that was said of the last time or of this one
        assert entry["status"] == last


def test_where_no_document_can_be_written_the_entry_still_has_its_number_and_link(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Own), run_lifecycle(job):
        raise Own
    monkeypatch.setattr(job_document, "PAUSES", ())
    monkeypatch.setattr(job_document.RunDocument, "_edit", refuse_to_write)
    with run_lifecycle(job):
        pass
    entry = entry_in(repo, job.id)
    assert (entry["status"], entry["attempt"]) == ("complete", 2)
    assert entry["run_link"]["experiment_id"] == "E001"
    assert capsys.readouterr().err.count("\n") == 2


def test_a_repository_that_was_moved_is_not_made_again_where_it_was(
    repo: Path, job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_lifecycle(job):
        repo.rename(repo.with_name("moved"))
    assert not repo.exists()
    err = capsys.readouterr().err
    assert "nor in the ledger" in err
    assert f"if it was moved, run `aexp mark {job.id} complete` there" in err


def refuse_to_write(*_: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_an_end_that_somebody_overwrote_with_what_he_had_read_is_recorded_again(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(job.fn("signac_job_document.json"))
    promote = lifecycle.try_to_promote

    def write_back(*given: Any) -> bool:
        is_written = promote(*given)
        path.write_bytes(read)
        return is_written

    monkeypatch.setattr(lifecycle, "try_to_promote", write_back)
    with run_lifecycle(job):
        read = path.read_bytes()
    document, entry = document_of(repo, job.id), entry_in(repo, job.id)
    names = ("status", "started_at", "ended_at", "wallclock_s")
    assert [document.get(name) for name in names] == [entry[name] for name in names]


def test_a_process_that_can_have_no_more_threads_has_no_heartbeat(
    repo: Path, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with run_lifecycle(job):
        pass
    assert entry_in(repo, job.id)["status"] == "complete"


@pytest.mark.usefixtures("impatient")
def test_a_run_that_the_block_removed_does_not_come_back_but_has_its_entry(
    tmp_path: Path, repo: Path, job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Own), run_lifecycle(job, heartbeat_s=0.001):  # noqa: PT012
        Path(job.path).rename(tmp_path / "removed")
        time.sleep(0.05)
        raise Own
    assert not Path(job.path).exists()
    entry = entry_in(repo, job.id)
    assert (entry["status"], entry["run_link"]["experiment_id"]) == ("failed", "E001")
    assert {"started_at", "ended_at", "wallclock_s"} <= set(entry)
    assert capsys.readouterr().err == (
        f"aexp: the end of run {job.id} could not be recorded in its document, but its ledger "
        f"entry is written: its folder {job.path} is gone\n"
    )


def test_a_run_whose_statepoint_file_is_gone_has_its_entry(
    repo: Path, job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_lifecycle(job):
        Path(job.fn("signac_statepoint.json")).unlink()
    assert entry_in(repo, job.id)["status"] == "complete"
    assert capsys.readouterr().err == ""


def test_a_thread_that_keeps_the_document_locked_is_not_waited_for_forever(
    job: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(job_document, "LOCK_WAIT", 0.05)
    free, taken = threading.Event(), threading.Event()

    def keep() -> None:
        with job.doc._thread_lock:
            taken.set()
            free.wait(30)

    keeper = threading.Thread(target=keep)
    with run_lifecycle(job, heartbeat_s=0):
        keeper.start()
        taken.wait(30)
    free.set()
    keeper.join()
    assert "another thread has kept" in capsys.readouterr().err


def test_a_run_in_a_thread_is_recorded_too(repo: Path, job: Any) -> None:
    def train() -> None:
        with run_lifecycle(job):
            pass

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert entry_in(repo, job.id)["status"] == "complete"


def test_the_entry_goes_to_the_repository_that_the_run_began_in(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signac

    (repo / "pyproject.toml").write_text(f'[tool.aexp]\nrun_store = "{tmp_path}/elsewhere"\n')
    init_run_store(repo, tmp_path / "elsewhere")
    job = signac.get_project(str(tmp_path / "elsewhere")).open_job({"a": 1}).init()
    with run_lifecycle(job):
        monkeypatch.chdir(tmp_path)
    assert entry_in(repo, job.id)["status"] == "complete"


def test_a_run_while_signac_is_buffering_has_its_entry_at_once(
    repo: Path, job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    import signac

    with signac.buffered():
        with run_lifecycle(job, heartbeat_s=0.001):
            job.doc["loss"] = 0.5
        first = entry_in(repo, job.id)
        assert first["status"] == "complete"
        assert {"started_at", "ended_at"} <= set(first)
        with run_lifecycle(job, heartbeat_s=0):
            time.sleep(1.1)
        assert entry_in(repo, job.id)["ended_at"] > first["ended_at"]
        assert entry_in(repo, job.id)["attempt"] == 2
    assert document_of(repo, job.id)["status"] == "complete"
    assert document_of(repo, job.id)["loss"] == 0.5
    assert capsys.readouterr().err == ""
