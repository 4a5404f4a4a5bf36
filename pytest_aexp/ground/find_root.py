"""Where a repository's root is. Imports next to nothing: every pytest run asks."""

from __future__ import annotations

import os
from pathlib import Path

MARKER_REL = Path(".aexp") / "installed.json"
BLOCK_MARK = b"# agentic-experiments:begin"
"""The first line of the block that `aexp install` keeps in git's control files."""
BLOCK_FILES = (".gitignore", ".gitattributes")
BLOCK_LIMIT = 1 << 20


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
    return any(BLOCK_MARK in _beginning_of(folder / name) for name in BLOCK_FILES)


def git_top(start: Path) -> Path | None:
    """The nearest folder from ``start`` upwards that holds ``.git``, a folder or a file."""
    return next((f for f in (start, *start.parents) if os.path.lexists(f / ".git")), None)


def git_folder(top: Path) -> Path | None:
    """Git's own folder of the repository at ``top``: ``.git``, or what that names if it is a file.

    To ask git takes longer than all else that an inert plugin does.
    """
    git = top / ".git"
    if git.is_dir():
        return git
    data = _beginning_of(git)
    if not data.startswith(b"gitdir:") or b"\0" in data:
        return None
    return top / os.fsdecode(data).removeprefix("gitdir:").strip()


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
    # Source: gitrepository-layout(5).
    shared = _beginning_of(folder / "commondir").strip()
    if not shared or b"\0" in shared:
        return None
    return Path(os.path.normpath(folder / os.fsdecode(shared)))


def may_hold_nested_roots(top: Path) -> bool:
    """Whether git's index may name a ledger, or a repository, in a folder below ``top``."""
    git = git_folder(top)
    try:
        # A split index has what it shares with an earlier one in another file.
        files = (git / "index", *git.glob("sharedindex.*")) if git is not None else ()
        index = b"".join(path.read_bytes() for path in files)
    except (OSError, ValueError):
        return False
    # Newer indexes leave out what a name has in common with the one before.
    return any(part in index for part in (b"exp/ledger/", b"exp/runs-index/", b"/.git"))


def _beginning_of(path: Path) -> bytes:
    try:
        # Not a pipe, which would be waited for.
        if not os.path.isfile(path):
            return b""
        with open(path, "rb") as stream:
            return stream.read(BLOCK_LIMIT)
    except OSError:
        return b""
