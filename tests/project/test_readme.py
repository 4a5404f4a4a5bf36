"""The first minute of the README, typed in a new repository by somebody who has nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import run_shell, sections
from repositories import git, new_repository

pytestmark = [pytest.mark.slow, pytest.mark.tree]

README = sections("README.md")
NOT_HERE = ("pip install", "cd your-repository")


def blocks(section: str, language: str) -> list[str]:
    found: list[str] = re.findall(
        rf"^```{language}\n(.*?)^```", README[section], re.MULTILINE | re.DOTALL
    )
    return found


def test_the_first_minute_works_as_it_is_typed(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "repo")
    git(repo, "commit", "-q", "--allow-empty", "-m", "begin")
    (script,) = blocks("Sixty seconds", "python")
    (repo / "train.py").write_text(script)
    printed = ""
    for block in (*blocks("Sixty seconds", "sh"), *blocks("The gate", "sh")):
        lines = (line for line in block.splitlines() if not line.startswith(NOT_HERE))
        printed += run_shell("set -e\n" + "\n".join(lines) + "\necho done", repo)
        assert printed.endswith("done\n"), printed
    assert not re.search("warning|uncommitted|differs", printed, re.IGNORECASE), printed
    assert "1 finding, 1 citation, 1 ledger entry: no problems" in printed
    assert "aexp: 1 finding ok" in printed
    assert "2 passed" in printed
    git(repo, "add", "--all")
    assert run_shell("aexp-findings && aexp-ledger && echo done", repo) == "done\n"
