"""Where a repository's root is. Imports next to nothing: every pytest run asks."""

from __future__ import annotations

import os
from pathlib import Path

MARKER_REL = Path(".aexp") / "installed.json"
BLOCK_MARK = b"# agentic-experiments:begin"
"""The first line of the block that `aexp install` keeps in git's control files."""
BLOCK_FILES = (".gitignore", ".gitattributes")
_BLOCK_LIMIT = 1 << 20


def nearest_root(start: Path) -> Path | None:
    """The nearest folder from ``start`` upwards that holds ``.git`` or uses the ledger."""
    for folder in (start, *start.parents):
        if os.path.exists(folder / ".git") or uses_ledger(folder):
            return folder
    return None


def uses_ledger(folder: Path) -> bool:
    """Whether a folder holds a ledger, machine indexes, the install marker or our block.

    Empty folders and the marker are not in git, the block is: a clone has the same roots.
    """
    aexp = folder / ".aexp"
    if os.path.isdir(aexp) and any(
        map(os.path.lexists, (aexp / "ledger", aexp / "runs-index", folder / MARKER_REL))
    ):
        return True
    return any(_has_block(folder / name) for name in BLOCK_FILES)


def may_hold_others(top: Path) -> bool:
    """Whether git's index names what a folder below ``top`` would have that uses a ledger.

    The file itself is looked into: to ask git takes longer than all else that an inert plugin does.
    """
    git = top / ".git"
    try:
        if git.is_file():
            git = top / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        # A split index has what it shares with an earlier one in another file.
        index = b"".join(path.read_bytes() for path in (git / "index", *git.glob("sharedindex.*")))
    except (OSError, ValueError):
        return False
    # Newer indexes leave out what a name has in common with the one before.
    return any(part in index for part in (b"exp/ledger/", b"exp/runs-index/", b"/.git"))


def _has_block(path: Path) -> bool:
    try:
        # Not a pipe, which would be waited for.
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as stream:
            return BLOCK_MARK in stream.read(_BLOCK_LIMIT)
    except OSError:
        return False
