"""A repository's root is the nearest folder with `.git` or a ledger."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_aexp.ground.find_root import BLOCK_FILES, BLOCK_MARK, nearest_root


@pytest.mark.parametrize(
    ("made", "start", "expected"),
    [
        ([".git/"], ".", "."),
        ([".git/"], "a/b/c", "."),
        ([".git"], "a/b", "."),
        ([".aexp/installed.json"], "a/b", "."),
        ([".git/", "a/.git/"], "a/b", "a"),
        ([".git/", "a/.git"], "a/b", "a"),
        ([".git/", "a/.aexp/installed.json"], "a/b", "a"),
        ([".git/", "a/.aexp/"], "a/b", "."),
        ([".git/", "a/.aexp/ledger/x.json"], "a/b", "a"),
        ([".git/", "a/.aexp/runs-index/"], "a/b", "a"),
        ([".git/", "a/.aexp/other"], "a/b", "."),
        ([".git/", "a/.aexp/installed.json/"], "a/b", "a"),
        ([".git/", ".aexp/installed.json", "a/.git/"], "a", "a"),
        (["b/.git/"], "a", None),
    ],
)
def test_the_nearest_folder_that_git_shares_is_the_root(
    tmp_path: Path, made: list[str], start: str, expected: str | None
) -> None:
    for name in made:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text("")
    (tmp_path / start).mkdir(parents=True, exist_ok=True)
    found = nearest_root(tmp_path / start)
    assert found == (None if expected is None else tmp_path / expected)


@pytest.mark.parametrize("name", BLOCK_FILES)
def test_a_folder_with_the_managed_block_is_a_root_in_every_clone(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a" / name).write_bytes(b"*.log\n" + BLOCK_MARK + b"\n")
    assert nearest_root(tmp_path / "a/b") == tmp_path / "a"


def test_a_pipe_in_the_place_of_a_control_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/.gitignore")
    assert nearest_root(tmp_path / "a") == tmp_path
