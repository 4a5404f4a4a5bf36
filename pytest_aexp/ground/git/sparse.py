"""Sparse checkouts: what git knows of and has not put into the folder is not missing.

Source: git-sparse-checkout(1); `git ls-files -t` marks with S what is left out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pytest_aexp.ground.errors import NotCheckedOut

_LEFT_OUT = b"S "


def require_checked_out(root: Path, folders: Sequence[str]) -> None:
    """Raise NotCheckedOut if git leaves files of ``folders`` out of the repository's folder."""
    if not _may_be_sparse(root):
        return
    # Here, for start-up time: hardly any checkout is sparse.
    from pytest_aexp.ground.git.run import git_or_none

    listed = git_or_none(["ls-files", "-t", "-z", "--", *folders], root) or b""
    for line in listed.split(b"\0"):
        if line.startswith(_LEFT_OUT):
            path = os.fsdecode(line.removeprefix(_LEFT_OUT))
            raise NotCheckedOut(next(f for f in folders if path.startswith(f"{f}/")))


def _may_be_sparse(root: Path) -> bool:
    # Without asking git, which costs more than all that is done before the first file is read.
    git = root / ".git"
    try:
        if git.is_file():
            git = root / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        return (git / "info" / "sparse-checkout").exists()
    except (OSError, ValueError):
        return False
