"""Folders that git has under another spelling of their names."""

from __future__ import annotations

import os

from pytest_aexp.ground.git.listing import Location
from pytest_aexp.ground.git.run import run_git


def spelled_otherwise(location: Location, tree: str | None, folder: str) -> list[str]:
    """The paths of files in folders that differ from ``folder`` in the case of letters only.

    In the tree of that name, or in the index. Raises GitError.
    """
    prefix = location.prefix
    if tree is None:
        place = f":(top,icase,literal){prefix}{folder}/"
        answer = run_git([*location.options, "ls-files", "-z", "--", place], location.top)
    else:
        command = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree, "--")
        answer = location.ask(*command, paths=[prefix] if prefix else [])
    below = (p.removeprefix(prefix) for p in os.fsdecode(answer).split("\0")[:-1])
    alike = (path for path in below if path.lower().startswith(f"{folder}/".lower()))
    return [path for path in alike if not path.startswith(f"{folder}/")]
