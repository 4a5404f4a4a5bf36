"""What lies in the folder and is not, or not so, in what is committed."""

from __future__ import annotations

from hashlib import sha1, sha256
from pathlib import Path

from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.views import WorkTree

_LIMIT = 1 << 20
_SHA1 = 40
"""Digits of an object's name where git has not been told to use SHA-256."""


class Unstaged(WorkTree):
    """The working tree, in whose listings is nothing that ``view`` has to the byte.

    Files are compared by their content: git may have been told to take one for unchanged. One of
    more than a mebibyte is listed in any case.
    """

    def __init__(self, root: Path, view: GitView) -> None:
        super().__init__(root)
        self._view = view

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of the files in the folder that differ from those in the view."""
        names, there = super().names(folder), self._view.blobs(folder)
        paths = [f"{folder}/{name}" for name in names if name in there]
        same = {
            path.rpartition("/")[2]
            for path, data in self.read_many(paths, _LIMIT)
            if isinstance(data, bytes) and _is_blob(there[path.rpartition("/")[2]], data)
        }
        return tuple(name for name in names if name not in same)


def _is_blob(name: str, data: bytes) -> bool:
    # As `git hash-object --no-filters` does.
    content = b"blob %d\0%b" % (len(data), data)
    make = sha1 if len(name) == _SHA1 else sha256
    return make(content, usedforsecurity=False).hexdigest() == name
