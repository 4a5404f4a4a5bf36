"""A repository's root is the nearest folder with `.git` or an install marker."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_aexp.ground.find_root import nearest_root


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
        ([".git/", "a/.aexp/ledger/x.json"], "a/b", "."),
        ([".git/", "a/.aexp/installed.json/"], "a/b", "."),
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
