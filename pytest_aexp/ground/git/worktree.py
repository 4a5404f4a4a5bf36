"""Linked worktrees (`git worktree add`): which folder is the main one.

Source: gitrepository-layout(5): `.git` is a file there, and its folder holds `commondir`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pytest_aexp.ground.files import read_bounded

_LIMIT = 1 << 16


def main_root(root: Path) -> Path | None:
    """The folder in the main worktree that ``root`` in a linked one stands for; None if neither."""
    top = next((f for f in (root, *root.parents) if os.path.lexists(f / ".git")), None)
    if top is None or not os.path.isfile(top / ".git"):
        return None
    git_dir = _path_in(top / ".git", top, "gitdir:")
    common = _path_in(git_dir / "commondir", git_dir) if git_dir is not None else None
    if common is None or common.name != ".git":
        return None  # a submodule, or the worktree of a bare repository
    main = common.parent / root.relative_to(top)
    return main if os.path.isdir(main) else None


def _path_in(file: Path, base: Path, prefix: str = "") -> Path | None:
    data = read_bounded(file, _LIMIT)
    if not isinstance(data, bytes) or b"\0" in data:
        return None
    text = os.fsdecode(data).strip()
    if not text.startswith(prefix) or text == prefix:
        return None
    return Path(os.path.normpath(base / text.removeprefix(prefix).strip()))
