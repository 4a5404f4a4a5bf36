"""Many entries: each has its file at once, and the disk has them all at the end."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from pytest_aexp.work.promote import entry_file
from pytest_aexp.work.promote.entry_file import DiskSync, sync_file_system


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each sync, whether it was in the main thread."""
    synced: list[bool] = []
    main = threading.main_thread()
    monkeypatch.setattr(
        entry_file,
        "sync_file_system",
        lambda _: synced.append(threading.current_thread() is main),
    )
    return synced


def test_the_disk_begins_while_more_is_written(tmp_path: Path, threads: list[bool]) -> None:
    disk = DiskSync(tmp_path)
    for _ in range(1000):
        disk.count()
    disk.finish()
    assert threads == [False, True]


def test_few_files_wait_for_the_end_and_none_for_nothing(
    tmp_path: Path, threads: list[bool]
) -> None:
    disk = DiskSync(tmp_path)
    disk.finish()
    assert threads == []
    disk.count()
    disk.finish()
    assert threads == [True]


def test_without_another_thread_it_is_done_at_the_end(
    tmp_path: Path, threads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    disk = DiskSync(tmp_path)
    for _ in range(2000):
        disk.count()
    disk.finish()
    assert threads == [True]


def test_only_the_file_system_in_question_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything: list[None] = []
    monkeypatch.setattr(os, "sync", lambda: everything.append(None))
    sync_file_system(tmp_path)
    assert len(everything) == (0 if sys.platform == "linux" else 1)
    sync_file_system(tmp_path / "missing")
    assert everything
