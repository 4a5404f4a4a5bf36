"""Whether folders below git's top level use a ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git, write

from pytest_aexp.ground.git.below import uses_ledger_below


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("one/.aexp/ledger/x.json", "", True),
        ("one/two/.gitattributes", "# agentic-experiments:begin\n", True),
        ("one/.gitignore", "*.pyc\n", False),
        (".gitignore", "# agentic-experiments:begin\n", False),
    ],
)
def test_what_git_has_of_other_folders_counts(
    repo: Path, path: str, text: str, expected: bool
) -> None:
    write(repo, path, text)
    assert not uses_ledger_below(repo)
    git(repo, "add", "--all")
    assert uses_ledger_below(repo) is expected


def test_without_git_there_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert not uses_ledger_below(tmp_path)
