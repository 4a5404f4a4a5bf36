"""A pool gives what one process would, whatever becomes of a worker; without one, too."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from pytest_aexp.ground import processes
from pytest_aexp.ground.processes import in_processes

HERE = os.getpid()
NUMBERS = list(range(20))


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def killed(number: int) -> int:
    if os.getpid() != HERE and number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.fixture(params=[True, False], ids=["pool", "alone"])
def may_fork(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(processes, "may_fork", lambda: request.param)
    monkeypatch.setattr(processes, "processors", lambda: 3)
    return bool(request.param)


def test_results_come_in_order(may_fork: bool) -> None:
    results = list(in_processes(squared, NUMBERS, 3))
    assert [square for square, _ in results] == [n * n for n in NUMBERS]
    assert {pid == HERE for _, pid in results} == {not may_fork}


@pytest.mark.usefixtures("may_fork")
def test_what_a_killed_worker_had_to_do_is_done_here() -> None:
    assert list(in_processes(killed, NUMBERS, 3)) == [n * n for n in NUMBERS]


@pytest.mark.usefixtures("may_fork")
def test_few_items_are_held_at_once() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in NUMBERS:
            taken.append(number)
            yield number

    results = in_processes(squared, items(), 3)
    next(results)
    assert len(taken) <= 4
    assert len(list(results)) == len(NUMBERS) - 1


@pytest.mark.usefixtures("may_fork")
def test_an_error_while_items_are_read_comes_out() -> None:
    def failing() -> Iterator[int]:
        yield from NUMBERS[:4]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(in_processes(squared, failing(), 3))


def test_a_process_with_threads_is_never_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 3)
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert {pid for _, pid in in_processes(squared, NUMBERS, 3)} == {HERE}
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(("wanted", "processors"), [(0, 8), (1, 8), (8, 1)])
def test_one_worker_is_none(monkeypatch: pytest.MonkeyPatch, wanted: int, processors: int) -> None:
    monkeypatch.setattr(processes, "may_fork", lambda: True)
    monkeypatch.setattr(processes, "processors", lambda: processors)
    assert {pid for _, pid in in_processes(squared, NUMBERS, wanted)} == {HERE}
