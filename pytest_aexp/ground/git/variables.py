"""Git's environment variables that point at another repository than the one that is checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.find_root import git_folder


def require_own_repository(top: Path) -> None:
    """Raise UsageError if a variable that is left over sends git elsewhere than to ``top``.

    Git itself sets them for hooks, to what lies there.
    """
    folder = git_folder(top)
    if folder is None:
        return
    own = os.path.realpath(folder)
    elsewhere: dict[str, Callable[[str], bool]] = {
        "GIT_DIR": lambda value: os.path.realpath(value) != own,
        "GIT_WORK_TREE": lambda value: os.path.realpath(value) != os.path.realpath(top),
        "GIT_INDEX_FILE": lambda value: _is_of_another(os.path.realpath(value), own),
    }
    for name, points_elsewhere in elsewhere.items():
        value = os.environ.get(name)
        if value and points_elsewhere(value):
            raise UsageError(
                f"{name}={value} is set and does not belong to {top}, which is checked: "
                f"run `unset {name}`, or change into the repository that it belongs to"
            )


def _is_of_another(index: str, own: str) -> bool:
    """Whether an index file lies in the git folder of another repository."""
    folder = os.path.dirname(index)
    return folder != own and all(
        os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")
    )
