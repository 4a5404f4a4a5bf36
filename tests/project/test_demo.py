"""``make demo`` tells the whole story, in the window's width."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.tree]


def test_the_demo_shows_each_step_in_the_width_of_the_window() -> None:
    columns = 60
    done = subprocess.run(
        [sys.executable, ROOT / "tools/demo.py"],
        env={**os.environ, "COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        check=True,
    )
    for shown in (
        "from pytest_aexp.runs import create_run, run_lifecycle",
        "supporting_runs:",
        "MemoryError: out of memory",
        "$ aexp cite F001 ",
        "1 failed, 2 passed",
        "no problems",
        "its ledger entry was deleted",
        "report.html: 1 finding",
    ):
        assert shown in done.stdout, shown
    assert "WARNING" not in done.stdout
    assert "Traceback" not in done.stdout
    # A word that is longer than the window, such as a path, stays whole.
    lines = (
        line.strip().removesuffix(" \\") for line in done.stdout.splitlines() if len(line) > columns
    )
    assert not [line for line in lines if " " in line]
