"""One read-only view of a repository's files, whichever place they are read from.

Paths are relative to the repository's root and use ``/``. The rules above this module never ask
where the bytes come from; ``WorkTree`` reads the folder, ``GitView`` the index or a commit. What is
there and cannot be listed or looked for is an OSError that names it: every citation would be called
broken for a folder that is taken for an empty one.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from pytest_aexp.ground.containment import opened_folder
from pytest_aexp.ground.files import (
    DANGLING,
    LINK,
    LOOP,
    OUTSIDE,
    Unreadable,
    is_absence,
    is_directory,
    read_bounded,
)
from pytest_aexp.ground.settings.globs import fixed_part, matched


class View(Protocol):
    """What the rules may ask of a repository's files."""

    label: str
    """What is being read, as a message names it: ``the working tree``, ``the index``."""
    revision: str
    """The commit that is read, or the one that the files come after: ``HEAD``."""
    tree: str | None
    """The name of the git tree that is read; None for the working tree and the index."""
    earlier: tuple[str, ...]
    """The revisions that what is read comes after."""

    def has_folder(self, folder: str) -> bool:
        """Whether ``folder`` exists, empty or not (git keeps no empty ones)."""

    def has_file(self, path: str) -> bool:
        """Whether something lies at ``path`` that is not a folder, readable or not."""

    def not_entered(self, folder: str) -> Iterator[tuple[str, str | Unreadable]]:
        """What below ``folder`` may lead to more files and is not entered by ``walk``.

        With each path comes the folder it leads to, or why there is none in the repository.
        """

    def spelled_otherwise(self, folder: str) -> Sequence[str]:
        """The paths of files in folders that differ from ``folder`` in the case of letters only."""

    def blocked(self, folder: str) -> tuple[str, Unreadable] | None:
        """The link or submodule in place of ``folder`` or above it, and why nothing there is read.

        None where the way to ``folder`` is clear, whether or not anything is there.
        """

    def prefetch(self, paths: Iterable[str]) -> None:
        """Look up files that will be read soon, in as few questions as possible."""

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of what lies directly in ``folder`` and is not a folder, sorted."""

    def folders(self, folder: str) -> tuple[str, ...]:
        """The names of the folders directly in ``folder``, or of what leads to some, sorted."""

    def walk(self, folder: str, *, hidden: bool = False) -> Iterator[str]:
        """The paths of all files below ``folder``, sorted.

        Hidden folders are passed over unless asked for; git's own always is.
        """

    def read(self, path: str, limit: int, *, whole: bool = True) -> bytes | Unreadable:
        """The content of one file: at most ``limit`` bytes, cut there if not ``whole``."""

    def read_many(
        self, paths: Iterable[str], limit: int
    ) -> Iterator[tuple[str, bytes | Unreadable]]:
        """The same for many files, in the order given."""

    def on_disk(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Where on the disk files can be looked into without reading all of them, by path.

        Those that are not as they are in the view are left out; but lines may end otherwise.
        """


class WorkTree:
    """The files as they lie in the repository's folder."""

    label = "the working tree"
    earlier: tuple[str, ...] = ("HEAD", "HEAD^1", "HEAD^2")
    revision = "HEAD"
    tree: str | None = None

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._real_root = os.path.realpath(root)
        self._inside: dict[str, bool] = {}
        self._folders: dict[str, tuple[str, ...]] = {}

    def has_folder(self, folder: str) -> bool:
        """Whether the folder exists inside the repository."""
        return os.path.isdir(f"{self._root}/{folder}") and self._stays_inside(folder)

    def has_file(self, path: str) -> bool:
        """Whether something lies at the path that is not a folder."""
        full = f"{self._root}/{path}"
        if not self._stays_inside(path.rpartition("/")[0]):
            return False
        try:
            os.lstat(full)
        except ValueError:
            return False
        except OSError as error:
            if is_absence(error):
                return False
            raise
        return not (os.path.isdir(full) and (not is_of_ledger(path) or self._stays_inside(path)))

    def not_entered(self, folder: str) -> Iterator[tuple[str, str | Unreadable]]:
        """The folders behind links that leave the repository, and broken links."""
        pending = [folder]
        while pending:
            here = pending.pop()
            for name, is_inner_folder in self._entries(here):
                path = f"{here}/{name}" if here else name
                full = f"{self._root}/{path}"
                if name.startswith("."):
                    continue
                if not os.path.islink(full):
                    pending += [path] if is_inner_folder else []
                elif is_inner_folder or "." not in name:
                    target = self._target(full)
                    if isinstance(target, Unreadable):
                        yield path, target

    def spelled_otherwise(self, folder: str) -> Sequence[str]:
        """The paths of files in folders that differ from it in the case of letters only."""
        places = [""]
        for part in folder.lower().split("/"):
            names = [(here, name) for here in places for name in self.folders(here)]
            places = [f"{here}/{n}".lstrip("/") for here, n in names if n.lower() == part]
        return [path for place in places if place != folder for path in self.walk(place)]

    def blocked(self, folder: str) -> tuple[str, Unreadable] | None:
        """The link that leaves the repository, or is broken, on the way to ``folder``."""
        for path in above(folder):
            full = f"{self._root}/{path}"
            target = self._target(full) if os.path.islink(full) else ""
            if isinstance(target, Unreadable):
                return path, target
        return None

    def prefetch(self, paths: Iterable[str]) -> None:
        """Nothing: each file costs the same however many are asked for."""

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of what lies directly in the folder and is not a folder."""
        entries = self._entries(folder)
        # Who asks for the folders next wants those of the same moment, and the folder may be large.
        self._folders[folder] = tuple(name for name, is_folder in entries if is_folder)
        return tuple(name for name, is_folder in entries if not is_folder)

    def folders(self, folder: str) -> tuple[str, ...]:
        """The names of the folders directly in the folder."""
        cached = self._folders.pop(folder, None)
        if cached is not None:
            return cached
        return tuple(name for name, is_folder in self._entries(folder) if is_folder)

    def walk(self, folder: str, *, hidden: bool = False) -> Iterator[str]:
        """The paths of all files below the folder; each folder is entered once.

        One that links lead to as well has its own path; one that is hidden and links lead to not.
        """
        paths: list[str] = []
        seen: set[str] = set()
        # Hidden folders last, and those behind links before: a folder's own path names its files.
        own, linked, last = [folder], deque[str](), deque[str]()
        while own or linked or last:
            here = own.pop() if own else (linked or last).popleft()
            real = os.path.realpath(f"{self._root}/{here}")
            if real in seen:
                continue
            seen.add(real)
            for name, is_inner in self._entries(here):
                path = f"{here}/{name}" if here else name
                if not is_inner:
                    paths.append(path)
                elif not name.startswith("."):
                    (linked if os.path.islink(f"{self._root}/{path}") else own).append(path)
                elif hidden and name != ".git":
                    last.append(path)
        yield from [folder] if is_of_ledger(folder) and self.has_file(folder) else sorted(paths)

    def read(self, path: str, limit: int, *, whole: bool = True) -> bytes | Unreadable:
        """The content of one file; a link is followed only while it stays in the repository."""
        if not self._stays_inside(path.rpartition("/")[0]):
            return OUTSIDE
        return self._read(path, limit, self._real_root, whole=whole)

    def _read(
        self, path: str, limit: int, inside: str | int, *, whole: bool = True
    ) -> bytes | Unreadable:
        full = f"{self._root}/{path}"
        data = read_bounded(full, limit, whole=whole, follow=False, inside=inside)
        if data is not LINK:
            return data
        target = self._target(full)
        if isinstance(target, Unreadable):
            return target
        return read_bounded(target, limit, whole=whole, follow=False, inside=self._real_root)

    def read_many(
        self, paths: Iterable[str], limit: int
    ) -> Iterator[tuple[str, bytes | Unreadable]]:
        """The content of many files, one after the other.

        Those of one folder are opened by their names in it: it is looked at once.
        """
        for folder, group in groupby(paths, lambda path: path.rpartition("/")[0]):
            with opened_folder(f"{self._root}/{folder}", self._real_root) as opened:
                for path in group:
                    if opened is None:
                        yield path, self.read(path, limit)
                    else:
                        yield path, self._read(path, limit, opened)

    def on_disk(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Where the files are, by path."""
        inside = (path for path in paths if self._stays_inside(path.rpartition("/")[0]))
        return {path: f"{self._root}/{path}" for path in inside}

    def _target(self, full: str) -> str | Unreadable:
        """Where the link at ``full`` leads."""
        try:
            target = os.path.realpath(full, strict=True)
        except (FileNotFoundError, NotADirectoryError):
            return DANGLING
        except OSError:
            return LOOP
        return target if self._contains(target) else OUTSIDE

    def _entries(self, folder: str) -> list[tuple[str, bool]]:
        if not self._stays_inside(folder):
            return []
        try:
            with os.scandir(f"{self._root}/{folder}") as entries:
                every = [(entry.name, is_directory(entry)) for entry in entries]
        except OSError as error:
            if is_absence(error):
                return []
            raise
        every.sort(key=itemgetter(0))
        if not is_of_ledger(folder):
            return every
        # A folder that is a link out is named as a file, since nobody reads what is behind it.
        return [(name, is_in and self._stays_inside(f"{folder}/{name}")) for name, is_in in every]

    def _stays_inside(self, folder: str) -> bool:
        cached = self._inside.get(folder)
        if cached is None:
            cached = self._contains(os.path.realpath(f"{self._root}/{folder}"))
            self._inside[folder] = cached
        return cached

    def _contains(self, real: str) -> bool:
        return real == self._real_root or real.startswith(self._real_root.rstrip("/") + os.sep)


def is_of_ledger(path: str) -> bool:
    """Whether ``path`` is a part of the ledger: nothing in its place may hide what is recorded."""
    return f"{path}/".startswith(".aexp/")


def above(path: str) -> list[str]:
    """``path`` and the folders it lies in, the uppermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def matching(view: View, globs: Sequence[str]) -> list[str]:
    """The paths in ``view`` that fit one of the globs, sorted, each once."""
    return matched(files_below(view, globs), globs)


def files_below(view: View, globs: Sequence[str]) -> list[str]:
    """The paths of all files in the folders that the globs name, sorted, each once.

    Those of hidden folders are among them, unless a glob is about the whole repository.
    """
    folders = set(map(fixed_part, globs))
    hidden = all(folders)
    return sorted({path for folder in folders for path in view.walk(folder, hidden=hidden)})
