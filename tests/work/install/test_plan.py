"""Installs at once, as the tasks of an array job do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from repositories import git


def test_eight_at_once_all_succeed(repo: Path) -> None:
    command = [sys.executable, "-m", "pytest_aexp", "install"]
    running = [
        subprocess.Popen(command, cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    answers = [(process.communicate()[1], process.returncode) for process in running]
    assert answers == [(b"", 0)] * 8
    assert (repo / ".gitignore").read_text().count("agentic-experiments:begin") == 1
    assert len(git(repo, "config", "--get-all", "merge.aexp-ledger.driver").splitlines()) == 1
    assert (repo / ".runs/.signac/config").is_file()
