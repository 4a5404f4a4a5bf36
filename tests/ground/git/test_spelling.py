"""Folders that git has under another spelling of their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git, write

from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.spelling import spelled_otherwise


@pytest.mark.parametrize("prefix", ["", "sub/"])
def test_what_differs_in_the_case_of_letters_in_the_index_and_in_a_tree(
    repo: Path, prefix: str
) -> None:
    for path in ("a/b/1.md", "a/B/2.md", "A/b/c/3.md", "a/bb/4.md", "x/a/B/5.md"):
        write(repo, prefix + path, "")
    git(repo, "add", "--all")
    location = Location.of(repo)
    if prefix:
        location = Location(repo, prefix)
    tree = git(repo, "write-tree").strip()
    for place in (None, tree):
        assert sorted(spelled_otherwise(location, place, "a/b")) == ["A/b/c/3.md", "a/B/2.md"]
        assert spelled_otherwise(location, place, "x/a/B") == []
