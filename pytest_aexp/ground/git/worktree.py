"""Linked worktrees (`git worktree add`): which folder is the main one.

Source: gitrepository-layout(5): `.git` is a file there, and its folder holds `commondir`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pytest_aexp.ground.files import read_bounded
from pytest_aexp.ground.find_root import git_folder, git_top

_LIMIT = 1 << 16


def main_root(root: Path) -> Path | None:
    """The folder in the main worktree that ``root`` in a linked one stands for; None if neither."""
    top = git_top(root)
    folder = git_folder(top) if top is not None and os.path.isfile(top / ".git") else None
    common = common_folder(folder) if folder is not None else None
    if top is None or common is None or common.name != ".git":
        return None  # a submodule, or the worktree of a bare repository
    main = common.parent / root.relative_to(top)
    return main if os.path.isdir(main) else None


def common_folder(folder: Path) -> Path | None:
    """Git's own folder of the main worktree, where ``folder`` is that of a linked one."""
    shared = read_bounded(folder / "commondir", _LIMIT)
    if not isinstance(shared, bytes) or b"\0" in shared:
        return None
    return Path(os.path.normpath(folder / os.fsdecode(shared).strip()))
