"""A second process does part of the work, and where it fails the first does it all."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from repositories import add_entry, write

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model import ledger as ledger_module
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.sharing import Parts, Share, uncollected

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="shared on Linux only"),
    # The workers of this suite have threads; the copies here touch none of them.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def test_what_the_work_returned() -> None:
    assert Share(lambda: [os.getpid(), "x"]).result() != [os.getpid(), "x"]
    assert Share(lambda: {"a": 1}).result() == {"a": 1}


def test_more_than_a_pipe_holds() -> None:
    assert Share(lambda: "x" * 10_000_000).result() == "x" * 10_000_000


def test_work_that_raises_is_work_not_done(capfd: pytest.CaptureFixture[str]) -> None:
    assert Share(lambda: 1 // 0).result() is None
    assert capfd.readouterr() == ("", "")


def test_a_copy_that_is_killed_is_work_not_done() -> None:
    assert Share(lambda: os.kill(os.getpid(), signal.SIGKILL)).result() is None


def test_a_copy_whose_end_nobody_can_tell_is_work_not_done() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert Share(lambda: "x").result() is None
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_no_process_is_left() -> None:
    share = Share(os.getpid)
    copy = share.result()
    assert copy is not None
    with pytest.raises(ChildProcessError):
        os.waitpid(copy, os.WNOHANG)


def test_a_copy_that_nobody_waits_for_cleans_up_and_ends(tmp_path: Path) -> None:
    started, cleaned = tmp_path / "started", tmp_path / "cleaned"

    def work() -> None:
        try:
            started.write_text(str(os.getpid()))
            time.sleep(60)
        finally:
            cleaned.touch()

    with Share(work):
        while not started.exists() or not started.read_text():
            time.sleep(0.01)
    assert cleaned.exists()
    with pytest.raises(ChildProcessError):
        os.waitpid(int(started.read_text()), os.WNOHANG)


def test_each_part_is_taken_once() -> None:
    everything = list(range(100_000))
    with closing(Parts(everything, 3)) as parts:

        def taken() -> list[int]:
            return [item for part in parts for item in part]

        with Share(taken) as share:
            ours = taken()
            theirs = share.result()
    assert theirs is not None
    assert sorted((*ours, *theirs)) == everything


@pytest.mark.parametrize("before", [True, False])
def test_garbage_is_collected_afterwards_as_before(before: bool) -> None:
    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()


def test_there_may_be_no_part_at_all() -> None:
    with closing(Parts([], 3)) as parts:
        assert list(parts) == []


@pytest.mark.parametrize("fails", [False, True])
def test_the_ledger_is_the_same(repo: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    for seed in range(9):
        add_entry(repo, {"experiment_id": "E001", "seed": seed})
    write(repo, f".aexp/ledger/{'0' * 32}.json", "[]")
    write(repo, f".aexp/ledger/{'f' * 32}.json", "[]")
    alone = list(Ledger(WorkTree(repo)))
    monkeypatch.setattr(ledger_module, "MANY", 1)
    monkeypatch.setattr(ledger_module, "can_share", lambda: True)
    if fails:
        monkeypatch.setattr(Share, "result", lambda _: None)
    ledger = Ledger(WorkTree(repo))
    with ledger.judged_meanwhile():
        pass
    assert ledger.judged <= len(alone)
    assert list(ledger) == alone


def test_the_command_shares_and_says_the_same(repo: Path) -> None:
    for seed in range(ledger_module.MANY + 1):
        add_entry(repo, {"experiment_id": "E001", "seed": seed})
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aexp", "validate"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0 findings, 0 citations, 2,001 ledger entries: all hold\n"
