"""Git's own folder, where what was found out is remembered: ignored by git, and not in a clone.

What is remembered is derived. To delete it costs nothing but time, and where none can be written
nothing is remembered.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.schema import schema_text

PACKAGE = Path(__file__).parents[2]
"""Where the sources are that decide what is remembered."""

_CHECKED = 65


def memory_folder(root: Path) -> Path | None:
    """Where the repository at ``root`` may remember things, there or not; None outside of git."""
    git = root / ".git"
    if not git.is_dir():
        # Here, since most repositories need not start it.
        from pytest_aexp.ground.git.run import git_or_none

        answer = git_or_none(["rev-parse", "--git-common-dir"], root)
        if answer is None:
            return None
        git = root / os.fsdecode(answer).removesuffix("\n")
    return folder_in(git)


def folder_in(git: Path) -> Path | None:
    """The same in git's own folder; None if it is a link, which might lead anywhere."""
    folder = git / "aexp"
    return None if folder.is_symlink() else folder


def rules() -> str:
    """A name for all that decides what is read and judged: other sources, another name."""
    total = sha256(schema_text("ledger-entry").encode())
    for source in sorted(PACKAGE.rglob("*.py")):
        total.update(source.read_bytes())
    return total.hexdigest()[:16]


def with_checksum(content: bytes) -> bytes:
    """``content`` so that `checked` tells whether a bit of it has changed."""
    return f"{sha256(content).hexdigest()}\n".encode() + content


def checked(data: bytes | Unreadable) -> bytes | None:
    """The content that `with_checksum` made ``data`` of; None if it is not as it was written."""
    if isinstance(data, Unreadable):
        return None
    content = data[_CHECKED:]
    return content if with_checksum(content) == data else None
