"""Which passes ``make test`` and ``make test-all`` are made of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

import suite
from environments import minimums
from interpreters import Interpreter
from suite import Lane, all_passes

pytestmark = pytest.mark.tree


def passes(
    lane: Lane, *versions: tuple[int, int, int], tree: tuple[int, int]
) -> list[tuple[str, str | None]]:
    made = all_passes([Interpreter(version, "/python3") for version in versions], tree)
    return [
        (this.name, this.interpreter and str(this.interpreter))
        for this in made
        if this.lane == lane
    ]


def test_the_quick_lane_is_the_tree_and_the_wheel_tried_once() -> None:
    quick = passes("quick", (3, 11, 7), (3, 13, 0), tree=(3, 11))
    assert quick == [("tree", None), ("wheel", "CPython 3.11.7")]


FULL = [
    ("the oldest has the tree", (3, 11), ["lowest 3.12", "wheel-3.13 3.13", "pure 3.14"]),
    ("one between has the tree", (3, 12), ["lowest 3.11", "wheel-3.13 3.13", "pure 3.14"]),
    ("the newest has the tree", (3, 14), ["lowest 3.11", "wheel-3.12 3.12", "pure 3.13"]),
]


@pytest.mark.parametrize(("_", "tree", "expected"), FULL, ids=[row[0] for row in FULL])
def test_every_python_but_the_trees_runs_the_whole_on_the_wheel_once(
    _: str, tree: tuple[int, int], expected: list[str]
) -> None:
    full = passes("full", (3, 11, 0), (3, 12, 0), (3, 13, 0), (3, 14, 0), tree=tree)
    assert full[0] == ("slow", None)
    assert [f"{name} {str(python)[8:12]}" for name, python in full[1:]] == expected


def test_one_python_is_enough() -> None:
    full = passes("full", (3, 12, 1), tree=(3, 12))
    assert [name for name, _ in full] == ["slow", "lowest", "pure"]


def test_the_oldest_dependencies_are_not_tried_on_a_python_that_came_after_them() -> None:
    newer = passes("full", (3, 14, 0), (3, 15, 0), (3, 16, 0), tree=(3, 16))
    assert [name for name, _ in newer] == ["slow", "wheel-3.14", "pure"]


def test_every_dependency_states_the_oldest_version_it_works_with() -> None:
    names = {constraint.partition("==")[0] for constraint in minimums()}
    assert names == {
        "pytest", "ruamel.yaml", "ruamel.yaml.clib", "jsonschema", "jsonschema-rs",
        "signac", "jinja2", "shtab",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("free", "flags", "is_fit"),
    [(2 << 30, 0, True), (64 << 20, 0, False), (2 << 30, os.ST_NOEXEC, False)],
    ids=["roomy", "small", "nothing may be executed"],
)
def test_the_files_of_tests_are_in_memory_where_there_is_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, flags: int, is_fit: bool
) -> None:
    monkeypatch.setattr(suite, "MEMORY", tmp_path)
    place = SimpleNamespace(f_bavail=free // 4096, f_frsize=4096, f_flag=flags)
    monkeypatch.setattr(os, "statvfs", lambda _: place)
    assert suite.memory_disk() == (tmp_path if is_fit else None)


def test_a_machine_may_have_no_disk_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "MEMORY", Path("/no/such/folder"))
    assert suite.memory_disk() is None


@pytest.mark.parametrize("end", [KeyboardInterrupt(), suite.PassFailed("no")], ids=repr)
def test_a_run_that_ends_early_makes_no_more_environments(
    monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    passes = all_passes([Interpreter((3, 11, 0), "/python3")], (3, 11))
    made: list[suite.Pass] = []
    is_ahead, is_over = Event(), Event()

    def start_pytest(this: suite.Pass, *_: object) -> subprocess.Popen[bytes]:
        made.append(this)
        if len(made) > 1:
            is_ahead.set()
            is_over.wait()
            time.sleep(1)  # for the run to end meanwhile
        return endless()

    def follow(_: object) -> str:
        is_ahead.wait()
        is_over.set()
        raise end

    monkeypatch.setattr(suite, "start_pytest", start_pytest)
    monkeypatch.setattr(suite, "follow", follow)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        suite.execute(passes)
    assert made == passes[:2]


def endless() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])


def test_passes_run_at_once_and_all_end_with_the_first_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes = all_passes([Interpreter((3, 11, 0), "/python3")], (3, 11))[:3]
    started: list[subprocess.Popen[bytes]] = []
    are_all = Event()

    def start_pytest(*_: object) -> subprocess.Popen[bytes]:
        started.append(endless())
        if len(started) == len(passes):
            are_all.set()
        return started[-1]

    def follow(process: subprocess.Popen[bytes]) -> str:
        are_all.wait()
        if process is started[0]:
            return "passed"
        raise suite.PassFailed("no")

    monkeypatch.setattr(suite, "start_pytest", start_pytest)
    monkeypatch.setattr(suite, "follow", follow)
    with pytest.raises(SystemExit, match=f"FAILED in {passes[1]}: no"):
        suite.execute(passes)
    assert {process.wait() for process in started} == {-signal.SIGKILL}
