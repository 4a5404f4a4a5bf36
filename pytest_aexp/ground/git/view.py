"""The files of the git index or of a commit, read as those of the working tree are.

Nothing is checked out and nothing is written. Links are followed within what is read: a link to a
file that is not in it leads nowhere, and one that leaves the repository is not followed.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from pytest_aexp.ground.files import MISSING, UNMERGED, Unreadable
from pytest_aexp.ground.git.listing import (
    FOLDER,
    LINK,
    SUBMODULE,
    Index,
    Listing,
    Location,
    Node,
    Tree,
    above,
    folders_of,
)
from pytest_aexp.ground.git.listing import UNMERGED as IN_CONFLICT
from pytest_aexp.ground.git.objects import Blobs
from pytest_aexp.ground.views import DANGLING, LOOP, OUTSIDE

INDEX = "index"
A_FOLDER = Unreadable("is a folder, not a file")
_LINK_LIMIT = 4096
_MOST_LINKS = 40
_AT_ONCE = 256


class GitView:
    """A view of what ``listing`` lists. ``close`` it, or use it as a context."""

    def __init__(self, listing: Listing, blobs: Blobs) -> None:
        self.label = listing.label
        self._listing = listing
        self._blobs = blobs
        # What lies directly in a folder that was listed; empty if there is no such folder.
        self._folders: dict[str, dict[str, Node]] = {}
        self._single: dict[str, Node | None] = {}
        # Links among the paths that were only asked about those; None is nothing, or a folder.
        self._links: dict[str, Node | None] = {}

    @classmethod
    def at(cls, root: Path, revision: str, *, is_bare: bool = False) -> GitView:
        """The view of ``index``, or of a commit, of the repository at ``root``.

        Raises UsageError for a revision that does not exist, and GitError.
        """
        location = Location.bare(root) if is_bare else Location.of(root)
        listing = Index(location) if revision == INDEX else Tree(location, revision)
        return cls(listing, Blobs(location.top, location.options))

    def close(self) -> None:
        """End the process that reads objects."""
        self._blobs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def know(self, nodes: Mapping[str, Node | None]) -> None:
        """Be told what stands at paths, None for nothing, by whoever has it from git already."""
        self._single.update(nodes)

    def know_below(self, folder: str, nodes: Mapping[str, Node]) -> None:
        """Be told all that git has below a folder, to which no link leads: maybe nothing."""
        self._folders |= (folders := folders_of(folder, nodes))
        itself = Node(FOLDER, "") if folders[folder] else nodes.get(folder)
        self._single[folder] = self._single.get(folder) or itself

    def knows(self, path: str) -> bool:
        """Whether git need not be asked what stands at ``path``."""
        is_told = path in self._single or self._links.get(path) is not None
        return not path or is_told or path.rpartition("/")[0] in self._folders

    def content(self, name: str, limit: int) -> bytes | Unreadable:
        """The content of the object of that name, wherever it stands."""
        return self._blobs.read(name, limit)

    def has_folder(self, folder: str) -> bool:
        """Whether a file lies below the folder, or a submodule is there."""
        inside = f"{folder}/"
        if any(node and path.startswith(inside) for path, node in self._single.items()):
            return True
        if folder and folder not in self._folders and self._listing.holds(folder):
            return True
        real = self.real(folder)
        return isinstance(real, str) and self._is_folder(real)

    def has_file(self, path: str) -> bool:
        """Whether something lies at the path that is no folder."""
        found = self._look_up(path)
        if isinstance(found, Unreadable):
            return False
        path, node = found
        return node is not None and not self._leads_to_folder(path, node)

    def expect(self, paths: Iterable[str]) -> None:
        """Look up the files in as few questions as possible."""
        asked = [path for path in dict.fromkeys(paths) if not self.knows(path)]
        if asked:
            found = self._listing.files(asked)
            self._single.update((path, found.get(path)) for path in asked)

    def is_link(self, path: str) -> bool:
        """Whether a symbolic link lies at the path."""
        found = self._look_up(path)
        return isinstance(found, tuple) and found[1] is not None and found[1].mode == LINK

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of what lies directly in the folder and is no folder."""
        return tuple(name for name, is_folder in self._children(folder) if not is_folder)

    def folders(self, folder: str) -> tuple[str, ...]:
        """The names of the folders directly in the folder, submodules among them."""
        return tuple(name for name, is_folder in self._children(folder) if is_folder)

    def _children(self, folder: str) -> Iterator[tuple[str, bool]]:
        real = self.real(folder)
        if isinstance(real, str):
            for name, node in sorted(self._list(real).items()):
                yield name, self._leads_to_folder(_join(real, name), node)

    def walk(self, folder: str) -> Iterator[str]:
        """The paths of all files below the folder; each is entered once, by its own path first."""
        if self._single.get(folder, self) is None and self._lies_in_folder(folder):
            return
        found, seen = list[str](), set[str]()
        own, linked = [folder], deque[str]()
        while own or linked:
            here = own.pop() if own else linked.popleft()
            real = self.real(here)
            if not isinstance(real, str) or real in seen:
                continue
            seen.add(real)
            for path, leads_to in self._inside(here, real):
                if leads_to is None:
                    found.append(path)
                else:
                    is_own = leads_to == _join(real, path.rpartition("/")[2])
                    (own if is_own else linked).append(path)
        yield from sorted(found)

    def read(self, path: str, limit: int, *, whole: bool = True) -> bytes | Unreadable:
        """The content of one file; a link is followed only while it stays in the repository."""
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
            self.expect(chunk)
            nodes = [self._file(path) for path in chunk]
            contents = self._blobs.read_many([n.name for n in nodes if isinstance(n, Node)], limit)
            for path, node in zip(chunk, nodes, strict=True):
                yield path, next(contents) if isinstance(node, Node) else node

    def on_disk(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Where the files are in the work tree, by path, if git takes those to be the same."""
        self.expect(paths)
        nodes = ((path, self._file(path)) for path in paths)
        known = {path: node.name for path, node in nodes if isinstance(node, Node)}
        places = self._listing.location.unchanged(known) if known else {}
        return {path: places[name] for path, name in known.items() if name in places}

    def real(self, path: str) -> str | Unreadable:
        """``path`` with every link in it followed, whether or not anything is there."""
        node = self._known(path)
        is_plain = path in self._folders or (node is not None and node.mode != LINK)
        if not path or is_plain or self._is_known_absent(path):
            return path
        self._ask_for_links(above(path))
        todo, real, links, certain = path.split("/")[::-1], list[str](), 0, 0
        while todo:
            part = todo.pop()
            if part not in ("", ".", ".."):
                real.append(part)
                target = self._target("/".join(real))
                if target is None:
                    continue
                links += 1
                if isinstance(target, Unreadable) or links > _MOST_LINKS:
                    return target if isinstance(target, Unreadable) else LOOP
                real.pop()
                todo += target.split("/")[::-1]
                certain = len(real)
            elif len(real) > certain and not self._is_folder("/".join(real)):
                return DANGLING
            elif part == "..":
                if not real:
                    return OUTSIDE
                real.pop()
                certain = min(certain, len(real))
        return "/".join(real)

    def _target(self, path: str) -> str | Unreadable | None:
        """Where the link at ``path`` points to; None if there is no link."""
        self._ask_for_links([path])
        node = self._known(path)
        if node is None or node.mode != LINK:
            return None
        data = self._blobs.read(node.name, _LINK_LIMIT)
        if isinstance(data, Unreadable) or b"\0" in data:
            return DANGLING
        return OUTSIDE if data.startswith(b"/") else os.fsdecode(data)

    def _ask_for_links(self, paths: Iterable[str]) -> None:
        asked = [p for p in paths if not self.knows(p) and p not in self._links]
        if asked:
            found = self._listing.links(asked)
            self._links.update((path, found.get(path)) for path in asked)

    def _look_up(self, path: str) -> tuple[str, Node | None] | Unreadable:
        """What stands at ``path``, and where that is once links among its folders are followed."""
        node = self._node(path)
        if node is None and not self._is_known_absent(path):
            folder, _, name = path.rpartition("/")
            real = self.real(folder)
            if isinstance(real, Unreadable):
                return MISSING if real is DANGLING else real
            path = _join(real, name)
            node = self._node(path)
        return path, node

    def _file(self, path: str) -> Node | Unreadable:
        found = self._look_up(path)
        if isinstance(found, Unreadable):
            return found
        path, node = found
        absent = MISSING
        if node is not None and node.mode == LINK:
            real = self.real(path)
            if isinstance(real, Unreadable):
                return real
            path, node, absent = real, self._node(real), DANGLING
        if node is None:
            return absent if path else A_FOLDER
        if node.mode == IN_CONFLICT:
            return UNMERGED
        return node if node.is_file else A_FOLDER

    def _inside(self, path: str, real: str) -> list[tuple[str, str | None]]:
        """What lies in a folder: each with the folder it is or leads to, None if it is a file."""
        inner: list[tuple[str, str | None]] = []
        for name, node in sorted(self._list(real).items()):
            here = _join(real, name)
            if not self._leads_to_folder(here, node):
                inner.append((_join(path, name), None))
            elif node.mode != SUBMODULE and not name.startswith("."):
                leads_to = self.real(here)
                assert isinstance(leads_to, str)
                inner.append((_join(path, name), leads_to))
        return inner

    def _leads_to_folder(self, path: str, node: Node) -> bool:
        if node.mode != LINK:
            return node.mode in (FOLDER, SUBMODULE)
        real = self.real(path)
        return isinstance(real, str) and self._is_folder(real)

    def _is_folder(self, real: str) -> bool:
        if self._known(real) is None and self._list(real):
            return True
        node = self._known(real)
        return not real or (node is not None and node.mode in (FOLDER, SUBMODULE))

    def _lies_in_folder(self, path: str) -> bool:
        """Whether the folder of ``path`` is certainly one, and no link to another."""
        beside = path.rpartition("/")[0] + "/"
        return any(node and other.startswith(beside) for other, node in self._single.items())

    def _known(self, path: str) -> Node | None:
        folder, _, name = path.rpartition("/")
        children = self._folders.get(folder)
        if children is not None:
            return children.get(name)
        return self._single.get(path) or self._links.get(path)

    def _is_known_absent(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        children = self._folders.get(folder)
        return children is not None and bool(children) and name not in children

    def _node(self, path: str) -> Node | None:
        self.expect([path])
        return self._known(path)

    def _list(self, folder: str) -> dict[str, Node]:
        if folder not in self._folders:
            self.know_below(folder, dict(self._listing.below(folder)))
        return self._folders[folder]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
