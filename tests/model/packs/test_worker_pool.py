"""Segments shared out among processes: the same is found, whatever becomes of a process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import entry_of, packed, segment

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.model.packs import worker_pool
from pytest_aexp.model.packs.segment import Survey, survey
from pytest_aexp.model.packs.worker_pool import surveys

COUNT = 12


def segments() -> list[tuple[str, bytes | Unreadable]]:
    found: list[tuple[str, bytes | Unreadable]] = []
    for number in range(COUNT):
        entries = [
            entry_of({"experiment_id": f"E{n % 3:03d}", "seed": n, "segment": number})
            for n in range(30)
        ]
        leaky = packed(entry_of({"at": number}, code_commit="/home/me"))
        found.append((f"packs/box/{number}.jsonl", segment(entries) + leaky + b"{\n"))
    found[5] = (found[5][0], Unreadable("is a named pipe"))
    return found


def alone() -> list[Survey]:
    return [survey(path, data) for path, data in segments()]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[worker_pool._Helper]:
    """Three processes whatever the machine has; they are listed here."""
    monkeypatch.setattr(worker_pool, "_processes", lambda count: 3)
    started: list[worker_pool._Helper] = []
    original = worker_pool._Helper.__init__

    def start(self: worker_pool._Helper) -> None:
        original(self)
        started.append(self)

    monkeypatch.setattr(worker_pool._Helper, "__init__", start)
    return started


def test_several_processes_find_what_one_finds(processes: list[worker_pool._Helper]) -> None:
    assert list(surveys(segments(), COUNT)) == alone()
    assert len(processes) == 3
    assert all(helper._process is None for helper in processes)


def test_what_a_killed_process_was_asked_is_found_without_it(
    processes: list[worker_pool._Helper],
) -> None:
    found = []
    for number, each in enumerate(surveys(segments(), COUNT)):
        found.append(each)
        if number in (2, 6):
            process = processes[number % 3]._process
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
    assert found == alone()


@pytest.mark.parametrize("program", ["", "raise SystemExit(3)", "print('what?')", "import nothing"])
def test_a_process_that_cannot_work_costs_nothing_but_time(
    processes: list[worker_pool._Helper], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(worker_pool, "_PROGRAM", program)
    assert list(surveys(segments(), COUNT)) == alone()


def test_without_an_interpreter_to_start_this_process_does_it(
    processes: list[worker_pool._Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert list(surveys(segments(), COUNT)) == alone()


def test_no_process_outlives_a_survey_that_is_given_up(
    processes: list[worker_pool._Helper],
) -> None:
    running = surveys(segments(), COUNT)
    next(running)
    started = [helper._process for helper in processes]
    running.close()  # type: ignore[attr-defined]
    assert len(started) == 3
    assert all(process is not None and process.returncode is not None for process in started)


def test_an_error_while_reading_ends_the_processes_too(
    processes: list[worker_pool._Helper],
) -> None:
    def failing() -> Iterator[tuple[str, bytes | Unreadable]]:
        yield from segments()[:4]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(surveys(failing(), COUNT))
    assert all(helper._process is None for helper in processes)


def test_nothing_in_the_current_folder_is_run(
    processes: list[worker_pool._Helper], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    for name in ("json.py", "re.py", "sitecustomize.py", "pytest_aexp.py", "ruamel.py"):
        (tmp_path / name).write_text(trap, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert list(surveys(segments(), COUNT)) == alone()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(("count", "started"), [(0, 0), (1, 0), (7, 0), (8, 2), (1000, 4)])
def test_few_segments_are_not_worth_a_process(
    monkeypatch: pytest.MonkeyPatch, count: int, started: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    assert worker_pool._processes(count) == started


def test_one_processor_needs_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    assert worker_pool._processes(1000) == 0
