"""The files of the git index or of a commit, read without checking anything out.

A symbolic link is what git has at its path, and is not followed: where it leads to may not be in
the commit, or may be another file in another checkout.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha1, sha256
from itertools import islice
from pathlib import Path
from typing import Self

from pytest_aexp.ground.files import DANGLING, MISSING, OUTSIDE, UNMERGED, Unreadable
from pytest_aexp.ground.git.listing import (
    FOLDER,
    LINK,
    SUBMODULE,
    Listing,
    Location,
    Node,
    folders_of,
)
from pytest_aexp.ground.git.listing import UNMERGED as IN_CONFLICT
from pytest_aexp.ground.git.objects import Blobs
from pytest_aexp.ground.git.run import run_git
from pytest_aexp.ground.views import WorkTree, above, is_of_ledger

INDEX = "index"
A_FOLDER = Unreadable("is a folder, not a file")
NOT_FOLLOWED = Unreadable(
    "is a symbolic link: in the index and in commits, links are not followed", is_link=True
)
A_SUBMODULE = Unreadable("is a git submodule: its files are not in this commit")
_AT_ONCE = 256
_LINK_LIMIT = 4096  # as long as Linux lets a path be


class GitView(Listing):
    """A view of the index or of a commit. ``close`` it, or use it as a context."""

    def __init__(self, location: Location, revision: str | None) -> None:
        super().__init__(location, revision)
        self._blobs = Blobs(location.top, location.options)
        # What lies directly in a folder that was listed; empty if there is no such folder.
        self._folders: dict[str, dict[str, Node]] = {}
        # What stands at a path that was asked about by itself; None if nothing does.
        self._nodes: dict[str, Node | None] = {}

    @classmethod
    def at(cls, root: Path, revision: str) -> GitView:
        """The view of ``index``, or of a commit, of the repository at ``root``.

        Raises UsageError for a revision that does not exist, and GitError.
        """
        return cls(Location.of(root), None if revision == INDEX else revision)

    def close(self) -> None:
        """End the process that reads objects."""
        self._blobs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def seed(self, nodes: Mapping[str, Node | None]) -> None:
        """Take what stands at paths, None for nothing, from a caller that has it from git."""
        self._nodes.update(nodes)

    def content(self, name: str, limit: int) -> bytes | Unreadable:
        """The content of the object of that name, wherever it stands."""
        return self._blobs.read(name, limit)

    def has_folder(self, folder: str) -> bool:
        """Whether a file lies below the folder."""
        if not folder or folder in self._folders:
            return bool(self._list(folder))
        inside = f"{folder}/"
        if any(node and path.startswith(inside) for path, node in self._nodes.items()):
            return True
        return self.holds(folder)

    def has_file(self, path: str) -> bool:
        """Whether something lies at the path that is not a folder, a link for example."""
        node = self._node(path)
        return node is not None and node.mode not in (FOLDER, SUBMODULE)

    def not_entered(self, folder: str) -> Iterator[tuple[str, str | Unreadable]]:
        """The submodules below the folder, and links to folders or out of the repository."""
        self._list(folder)
        inner = [place for place in self._folders if f"{place}/".startswith(f"{folder}/")]
        for place in inner:
            for name, inside in self._folders[place].items():
                if inside.mode == SUBMODULE:
                    yield f"{place}/{name}".lstrip("/"), A_SUBMODULE
        for path in self.walk(folder):
            node = self._node(path)
            if node is None or node.mode != LINK:
                continue
            data = self._blobs.read(node.name, _LINK_LIMIT)
            target = os.fsdecode(data) if isinstance(data, bytes) else ""
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if not place.startswith(("/", "..")) and self.has_folder(place):
                yield path, place
            elif "." in posixpath.basename(path):
                continue
            elif place.startswith(("/", "..")):
                yield path, OUTSIDE
            elif not self.has_file(place):
                yield path, DANGLING

    def spelled_otherwise(self, folder: str) -> Sequence[str]:
        """The paths of files in folders that differ from it in the case of letters only."""
        at = self.location
        if self.tree is None:
            place = f":(top,icase,literal){at.prefix}{folder}/"
            answer = run_git([*at.options, "ls-files", "-z", "--", place], at.top)
        else:
            command = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.tree, "--")
            answer = at.ask(*command, paths=[at.prefix] if at.prefix else [])
        below = (p.removeprefix(at.prefix) for p in os.fsdecode(answer).split("\0")[:-1])
        alike = (path for path in below if path.lower().startswith(f"{folder}/".lower()))
        return [path for path in alike if not path.startswith(f"{folder}/")]

    def blocked(self, folder: str) -> tuple[str, Unreadable] | None:
        """The link or submodule in place of ``folder`` or above it, and why it is not followed."""
        places = above(folder)
        self.prefetch(places)
        for path in places:
            node = self._node(path)
            if node is not None and node.mode in (LINK, SUBMODULE):
                return path, NOT_FOLLOWED if node.mode == LINK else A_SUBMODULE
        return None

    def prefetch(self, paths: Iterable[str]) -> None:
        """Look up the files in as few questions to git as possible."""
        unknown = [
            path
            for path in dict.fromkeys(paths)
            if path not in self._nodes and path.rpartition("/")[0] not in self._folders
        ]
        if unknown:
            nodes = self.files(unknown)
            self._nodes.update((path, nodes.get(path)) for path in unknown)
            self._folders.update((path, {}) for path in unknown if path not in nodes)

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of what lies directly in the folder and is not a folder."""
        nodes = self._list(folder).items()
        return tuple(sorted(name for name, node in nodes if node.mode not in (FOLDER, SUBMODULE)))

    def blobs(self, folder: str) -> dict[str, str]:
        """What git calls the contents of the files directly in the folder, by file name."""
        return {name: node.name for name, node in self._list(folder).items() if node.is_file}

    def folders(self, folder: str) -> tuple[str, ...]:
        """The names of the folders directly in the folder, submodules among them."""
        nodes = self._list(folder).items()
        return tuple(sorted(name for name, node in nodes if node.mode in (FOLDER, SUBMODULE)))

    def walk(self, folder: str, *, hidden: bool = False) -> Iterator[str]:
        """The paths of all files below the folder, sorted; of hidden folders only if asked for.

        In ``.aexp`` also of what is in a folder's place, a link or a submodule.
        """
        paths: list[str] = []
        pending = [folder]
        while pending:
            here = pending.pop()
            for name, node in self._list(here).items():
                path = f"{here}/{name}" if here else name
                if node.mode not in ((FOLDER,) if is_of_ledger(folder) else (FOLDER, SUBMODULE)):
                    paths.append(path)
                elif node.mode == FOLDER and (hidden or not name.startswith(".")):
                    pending.append(path)
        itself = self._nodes.get(folder) if is_of_ledger(folder) else None
        yield from [folder] if itself and itself.mode != FOLDER else sorted(paths)

    def read(self, path: str, limit: int, *, whole: bool = True) -> bytes | Unreadable:
        """The content of one file."""
        node = self._file(path)
        if isinstance(node, Unreadable):
            return node
        return self._blobs.read(node.name, limit, whole=whole)

    def read_many(
        self, paths: Iterable[str], limit: int
    ) -> Iterator[tuple[str, bytes | Unreadable]]:
        """The content of many files, in the order given."""
        left = iter(paths)
        while chunk := list(islice(left, _AT_ONCE)):
            self.prefetch(chunk)
            nodes = [self._file(path) for path in chunk]
            contents = self._blobs.read_many([n.name for n in nodes if isinstance(n, Node)], limit)
            for path, node in zip(chunk, nodes, strict=True):
                yield path, next(contents) if isinstance(node, Node) else node

    def on_disk(self, _paths: Sequence[str]) -> Mapping[str, str]:
        """Nothing: the file in the folder may differ from the object, whatever git believes."""
        return {}

    def _file(self, path: str) -> Node | Unreadable:
        node = self._node(path)
        if node is None:
            return MISSING if path else A_FOLDER
        if node.mode == LINK:
            return NOT_FOLLOWED
        if node.mode == IN_CONFLICT:
            return UNMERGED
        return node if node.is_file else A_FOLDER

    def _node(self, path: str) -> Node | None:
        self.prefetch([path])
        folder, _, name = path.rpartition("/")
        children = self._folders.get(folder)
        return self._nodes.get(path) if children is None else children.get(name)

    def _list(self, folder: str) -> dict[str, Node]:
        if folder not in self._folders:
            nodes = self.below(folder)
            self._folders |= (folders := folders_of(folder, nodes))
            itself = Node(FOLDER, "") if folders[folder] else nodes.get(folder)
            self._nodes[folder] = self._nodes.get(folder) or itself
        return self._folders[folder]


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
