"""A backfill that is killed or interrupted at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_jobs, new_repository

from pytest_aexp.cli import main
from pytest_aexp.ground.files import write_atomic
from pytest_aexp.install import install_scaffold
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.entry_check import judge_entry

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

RUNS, OUTDATED, MOMENTS = 80, 20, 15


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with finished runs, of which some have an entry that says something else."""
    repo = new_repository(tmp_path_factory.mktemp("before") / "repo")
    install_scaffold(repo)
    points = [{"experiment_id": "E001", "seed": seed} for seed in range(RUNS)]
    add_jobs(repo, [{"statepoint": p, "doc": {"status": "complete"}} for p in points])
    for point in points[:OUTDATED]:
        add_entry(repo, point, status="failed")
    return repo


def begun(repo: Path) -> int:
    """A process group that backfills ``repo``; its id, which is that of its leader."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        with suppress(OSError):  # whoever of the two comes first
            os.setpgid(child, child)
        return child
    status = 99
    try:
        with suppress(OSError):
            os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        null = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(null, stream)
        os.chdir(repo)
        status = main(["ledger", "backfill"])
    except KeyboardInterrupt:
        status = 130
    finally:
        os._exit(status)


def alive(group: int) -> list[str]:
    """The processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group, *_ = path.read_text().rpartition(")")[2].split()
            if int(its_group) == group and state != "Z":
                found.append(path.parent.name)
    return found


def ended(child: int) -> int:
    """How the leader ended, once nobody of its group is left."""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    until = time.monotonic() + 20
    while alive(child):
        assert time.monotonic() < until, "a process was left behind"
        time.sleep(0.005)
    return status


def entries(repo: Path) -> dict[str, str]:
    """What each entry says; each must be whole."""
    statuses = {}
    for path in (repo / LEDGER_DIR).iterdir():
        entry = judge_entry(path.stem, path.name, path.read_bytes())
        assert entry.usable, entry.faults
        statuses[entry.job_id] = entry.status
    return statuses


def temporary(repo: Path) -> list[str]:
    return [path.name for path in (repo / ".aexp").rglob("*") if path.suffix == ".tmp"]


def leader(group: int) -> bool:
    os.kill(group, signal.SIGKILL)
    return True


def interrupt(group: int) -> bool:
    os.killpg(group, signal.SIGINT)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("stop", [leader, interrupt])
def test_nothing_is_lost_and_the_next_one_finishes(before: Path, tmp_path: Path, stop: Any) -> None:
    old = entries(before)
    chance = random.Random(stop.__name__)
    shutil.copytree(before, tmp_path / "peaceful")
    started = time.monotonic()
    assert ended(begun(tmp_path / "peaceful")) == 0
    longest = time.monotonic() - started
    whole = entries(tmp_path / "peaceful")
    assert whole == dict.fromkeys(whole, "complete")
    assert len(whole) == RUNS
    stopped = reached = 0
    for number in range(MOMENTS):
        repo = tmp_path / str(number)
        shutil.copytree(before, repo)
        group = begun(repo)
        time.sleep(chance.uniform(0, longest))
        with suppress(ProcessLookupError):
            reached += stop(group)
        status = ended(group)
        assert status in ((0, -9) if stop is leader else (0, 130))
        stopped += status != 0
        left = entries(repo)
        assert old.keys() <= left.keys() <= whole.keys()
        assert status or left == whole
        if stop is interrupt:
            assert temporary(repo) == []
        assert ended(begun(repo)) == 0
        assert entries(repo) == whole
        shutil.rmtree(repo)
    assert reached
    assert stopped


def test_an_interrupt_right_after_the_temporary_file_was_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def interrupted(*arguments: Any) -> int:
        os.close(real(*arguments))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_atomic(tmp_path / "x", b"1")
    assert list(tmp_path.iterdir()) == []
