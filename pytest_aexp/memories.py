"""Git's own folder, where what was found out is remembered: ignored by git, and not in a clone.

What is remembered is derived. To delete it costs nothing but time, and where none can be written
nothing is remembered.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from pytest_aexp.files import Unreadable

NAME = "aexp"
_CHECKED = 65


def memory_folder(root: Path) -> Path | None:
    """Where the repository at ``root`` may remember things, there or not; None outside of git."""
    git = root / ".git"
    if not git.is_dir():
        # Here, since most repositories need not start it.
        from pytest_aexp.git import git_or_none

        told = git_or_none(["rev-parse", "--git-common-dir"], root)
        if told is None:
            return None
        git = root / os.fsdecode(told).removesuffix("\n")
    folder = git / NAME
    # Somebody else's link must not have anything written elsewhere.
    return None if folder.is_symlink() else folder


def with_checksum(content: bytes) -> bytes:
    """``content`` so that `checked` tells whether a bit of it has changed."""
    return f"{sha256(content).hexdigest()}\n".encode() + content


def checked(data: bytes | Unreadable) -> bytes | None:
    """The content that `with_checksum` made ``data`` of; None if it is not as it was written."""
    if isinstance(data, Unreadable):
        return None
    content = data[_CHECKED:]
    return content if with_checksum(content) == data else None
