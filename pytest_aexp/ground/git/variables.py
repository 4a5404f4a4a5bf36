"""Git's environment variables that point at another repository than the one that is checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import read_bounded

_LIMIT = 1 << 16


def require_own_repository(top: Path) -> None:
    """Raise UsageError if a variable that is left over sends git elsewhere than to ``top``.

    Git itself sets them for hooks, to what lies there.
    """
    own = _git_dir(top)
    if own is None:
        return
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


def _git_dir(top: Path) -> str | None:
    """Git's own folder of the repository at ``top``; None where there is none to compare."""
    path = top / ".git"
    if os.path.isdir(path):
        return os.path.realpath(path)
    data = read_bounded(path, _LIMIT)
    if not isinstance(data, bytes) or not data.startswith(b"gitdir:") or b"\0" in data:
        return None
    return os.path.realpath(top / os.fsdecode(data).removeprefix("gitdir:").strip())


def _is_of_another(index: str, own: str) -> bool:
    """Whether an index file lies in the git folder of another repository."""
    folder = os.path.dirname(index)
    return folder != own and all(
        os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")
    )
