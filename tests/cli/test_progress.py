"""The progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repositories import add_jobs
from terminals import in_pipe, on_terminal

from pytest_aexp.cli.progress import with_progress

if TYPE_CHECKING:
    import pytest


def test_long_work_shows_progress_on_a_terminal_and_none_in_a_pipe(repo: Path) -> None:
    jobs = [{"statepoint": {"seed": seed}, "doc": {"status": "complete"}} for seed in range(3)]
    add_jobs(repo, jobs)
    shown = on_terminal(repo, "ledger", "backfill")
    assert "] 3/3 runs" in shown
    # The bar is gone when the work is done.
    assert shown.rpartition("] 3/3 runs")[2].startswith("\r\x1b[K")
    assert in_pipe(repo, "ledger", "backfill") == (
        "0 runs promoted, 3 already there, 0 unfinished\n"
    )


def test_a_bar_is_for_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress(range(3), 3, "runs")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
