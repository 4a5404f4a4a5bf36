"""What git has and did not put into the folder: sparse checkouts, and submodules.

Source: git-sparse-checkout(1); `git ls-files -t` marks with S what is left out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pytest_aexp.ground.errors import NotCheckedOut
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.settings.globs import fixed_part, matched
from pytest_aexp.ground.views import above

_LEFT_OUT = b"S "
_SUBMODULE = b"160000 "


def require_checked_out(root: Path, folders: Sequence[str], globs: Sequence[str] = ()) -> None:
    """Raise NotCheckedOut if git leaves files of ``folders``, or files that fit ``globs``, out."""
    if not _may_be_sparse(root):
        return
    places = {*folders, *(fixed_part(glob.split("/")) or "." for glob in globs)}
    listed = git_or_none(["ls-files", "-t", "-z", "--", *sorted(places)], root) or b""
    for line in listed.split(b"\0"):
        if line.startswith(_LEFT_OUT):
            path = os.fsdecode(line.removeprefix(_LEFT_OUT))
            for folder in folders:
                if path.startswith(f"{folder}/"):
                    raise NotCheckedOut(folder)
            if matched([path], globs):
                raise NotCheckedOut(path.rpartition("/")[0] or path)


def missing_submodule(root: Path, folder: str) -> str | None:
    """The submodule in the place of ``folder`` or above it whose files are not checked out."""
    places = [path for path in above(folder) if _is_empty_folder(root / path)]
    return next(iter(_submodules(root, places)), None)


def missing_submodules(root: Path, folder: str) -> list[str]:
    """The submodules below ``folder`` whose files are not checked out."""
    empty = [
        Path(here).relative_to(root).as_posix()
        for here, folders, files in os.walk(root / folder)
        if not folders and not files
    ]
    return _submodules(root, [path for path in empty if path != folder])


def _submodules(root: Path, places: Sequence[str]) -> list[str]:
    if not places:
        return []
    listed = git_or_none(["ls-files", "-s", "-z", "--", *places], root) or b""
    records = (line.partition(b"\t") for line in listed.split(b"\0"))
    return [os.fsdecode(path) for mode, _, path in records if mode.startswith(_SUBMODULE)]


def _is_empty_folder(path: Path) -> bool:
    try:
        return not os.listdir(path)
    except OSError:
        return False


def _may_be_sparse(root: Path) -> bool:
    # Without asking git, which costs more than all that is done before the first file is read.
    git = next((f / ".git" for f in (root, *root.parents) if os.path.lexists(f / ".git")), None)
    if git is None:
        return False
    try:
        if git.is_file():
            git = git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        return (git / "info" / "sparse-checkout").exists()
    except (OSError, ValueError):
        return False
