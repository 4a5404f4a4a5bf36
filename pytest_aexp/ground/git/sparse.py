"""What git has and did not put into the folder: sparse checkouts, and submodules.

Source: git-sparse-checkout(1); `git ls-files -t` marks with S what is left out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from pytest_aexp.ground.errors import NotCheckedOut
from pytest_aexp.ground.find_root import git_folder, git_top
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.settings.globs import fixed_part, matched
from pytest_aexp.ground.views import above

_LEFT_OUT = b"S "
_SUBMODULE = b"160000 "


def require_checked_out(root: Path, folders: Sequence[str], globs: Sequence[str] = ()) -> None:
    """Raise NotCheckedOut if git leaves files of ``folders``, or files that fit ``globs``, out."""
    top = git_top(root)
    git = None if top is None else git_folder(top)
    if git is None or not (_is_sparse(git) or _may_have_marks(git)):
        return
    places = {*folders, *(fixed_part(glob) or "." for glob in globs)}
    listed = git_or_none(["ls-files", "-t", "-z", "--", *sorted(places)], root) or b""
    for line in listed.split(b"\0"):
        path = os.fsdecode(line.removeprefix(_LEFT_OUT))
        if line.startswith(_LEFT_OUT) and not os.path.lexists(root / path):
            lacking = [folder for folder in folders if path.startswith(f"{folder}/")]
            if matched([path], globs):
                lacking.append(path.rpartition("/")[0] or path)
            if lacking and _is_sparse(git):
                raise NotCheckedOut(
                    f"files of {lacking[0]} are not checked out here (sparse checkout), so not "
                    "everything can be checked; run `git sparse-checkout add "
                    f"{quote(lacking[0])}`, or `aexp validate --at HEAD`"
                )
            if lacking:
                file = quote(path)
                raise NotCheckedOut(
                    f"{file} is missing, and git was told to ignore that (skip-worktree), so not "
                    "everything can be checked; run `git update-index --no-skip-worktree "
                    f"{file}` and `git restore {file}`, or `aexp validate --at HEAD`"
                )


def missing_submodule(root: Path, folder: str) -> str | None:
    """The submodule in the place of ``folder`` or above it whose files are not checked out."""
    places = [path for path in above(folder) if _is_empty_folder(root / path)]
    return next(iter(_submodules(root, places)), None)


def submodules_at(root: Path, folder: str) -> list[str]:
    """The submodules above ``folder``, in its place and below it, checked out or not."""
    places = [
        path
        for path in above(folder)
        if folder and (os.path.lexists(root / path / ".git") or _is_empty_folder(root / path))
    ]
    for here, folders, files in os.walk(root / folder):
        if Path(here) == root:
            folders[:] = [name for name in folders if name != ".git"]
        elif not (folders or files) or ".git" in (*folders, *files):
            places.append(Path(here).relative_to(root).as_posix())
            folders.clear()
    return _submodules(root, list(dict.fromkeys(places)))


def how_to_check_out_submodule(path: str) -> str:
    """The command that gets a submodule's files."""
    return f"run `git submodule update --init {quote(path)}`"


def how_to_absorb_submodule(path: str) -> str:
    """The commands that make a submodule's files those of the repository around it."""
    name = quote(path)
    return f"run `git rm -q --cached {name}`, `rm -rf {name}/.git` and `git add {name}`"


def is_checked_out(root: Path, submodule: str) -> bool:
    """Whether a folder that is there, perhaps a submodule, has files."""
    return not _is_empty_folder(root / submodule)


def _submodules(root: Path, places: Sequence[str]) -> list[str]:
    if not places:
        return []
    listed = git_or_none(["ls-files", "-s", "-z", "--", *places], root) or b""
    records = (line.partition(b"\t") for line in listed.split(b"\0"))
    return [os.fsdecode(path) for mode, _, path in records if mode.startswith(_SUBMODULE)]


def _is_empty_folder(path: Path) -> bool:
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def _is_sparse(git: Path) -> bool:
    return os.path.exists(git / "info" / "sparse-checkout")


def _may_have_marks(git: Path) -> bool:
    """Whether the index is of a version that can tell git not to mind that a file is missing."""
    # Source: gitformat-index(5): the skip-worktree bit is there from version 3 on.
    try:
        with open(git / "index", "rb") as index:
            return index.read(8) > b"DIRC\0\0\0\2"
    except OSError:
        return False
