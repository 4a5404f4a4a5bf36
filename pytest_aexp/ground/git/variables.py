"""What points git at another repository than the one that is checked: variables, its settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.find_root import common_folder, git_folder, git_top
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import shown

_SETTINGS_LIMIT = 1 << 20


def require_own_repository(top: Path) -> None:
    """Raise UsageError if a variable that is left over sends git elsewhere than to ``top``.

    Git itself sets them for hooks, to what lies there.
    """
    folder = git_folder(top)
    if folder is None:
        return
    own, tree = os.path.realpath(folder), os.path.realpath(top)
    common = os.path.realpath(common_folder(folder) or folder)
    elsewhere: dict[str, Callable[[str], bool]] = {
        "GIT_DIR": lambda value: value != own,
        "GIT_WORK_TREE": lambda value: value != tree,
        "GIT_INDEX_FILE": lambda value: _is_of_another(value, own),
        "GIT_COMMON_DIR": lambda value: value != common,
        "GIT_OBJECT_DIRECTORY": lambda value: not _is_in(value, common),
    }
    for name, points_elsewhere in elsewhere.items():
        value = os.environ.get(name)
        # As git does: where the work tree begins, and not where a caller happens to be.
        if value and points_elsewhere(os.path.realpath(top / value)):
            raise UsageError(
                f"{name}={value} is set and does not belong to {top}, which is checked: "
                f"run `unset {name}`, or change into the repository that it belongs to"
            )
    _require_own_tree(top, folder, tree)


def notice_other_index(root: Path) -> None:
    """Say that an index is judged that lies in no git folder: a command's own, or left over."""
    value, top = os.environ.get("GIT_INDEX_FILE"), git_top(root)
    folder = git_folder(top) if top is not None and value else None
    if folder is None or top is None or not value:
        return
    if not _is_in(os.path.realpath(top / value), os.path.realpath(folder)):
        notice(f"the index that is checked is {shown(value)}, as GIT_INDEX_FILE says")


def _require_own_tree(top: Path, folder: Path, tree: str) -> None:
    """Raise UsageError if git's settings name another work tree."""
    try:
        with open(folder / "config", "rb") as stream:
            has_setting = b"worktree" in stream.read(_SETTINGS_LIMIT).lower()
    except OSError:
        return
    answer = git_or_none(["config", "core.worktree"], top) if has_setting else None
    named = os.fsdecode(answer or b"").rstrip("\n")
    if named and os.path.realpath(folder / named) != tree:
        raise UsageError(
            f"git's setting core.worktree={named} does not belong to {top}, which is checked: "
            "run `git config --unset core.worktree`, or change into that folder"
        )


def _is_of_another(index: str, own: str) -> bool:
    """Whether an index file is missing, or lies in the git folder of another repository."""
    folder = os.path.dirname(index)
    if not (_is_in(index, own) or os.path.lexists(index)):
        return True
    return folder != own and all(
        os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")
    )


def _is_in(path: str, folder: str) -> bool:
    return f"{path}{os.sep}".startswith(f"{folder}{os.sep}")
