"""The repository: where its root is, what its marker says, where its run store lies."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pytest_aexp.ground.errors import RepositoryNotFound
from pytest_aexp.ground.files import Unreadable, read_bounded
from pytest_aexp.ground.find_root import MARKER_REL, main_root, nearest_root
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.settings.configuration import (
    CONFIG,
    CONFIG_LIMIT,
    Configuration,
    configuration_in,
)
from pytest_aexp.ground.views import View, WorkTree

DEFAULT_RUN_STORE = ".runs"


class Marker(NamedTuple):
    """``.aexp/installed.json``, which never enters git: this machine's own settings.

    ``fault`` says, in words that complete "the marker …", why it cannot be used; ``is_in_the_way``
    that it is no file that could be written anew.
    """

    values: Mapping[str, Any]
    fault: str | None = None
    is_in_the_way: bool = False

    def text(self, key: str) -> str | None:
        """The value of ``key`` if it is text that says something."""
        value = self.values.get(key)
        return value.strip() or None if isinstance(value, str) else None


def read_marker(root: Path) -> Marker:
    """The install marker of the repository at ``root``; empty if there is none."""
    path = root / MARKER_REL
    data = read_bounded(path, CONFIG_LIMIT)
    if isinstance(data, Unreadable):
        return Marker({}) if data.missing else Marker({}, data.reason, is_in_the_way=True)
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return Marker({}, "is not valid JSON", path.is_symlink())
    if isinstance(values, dict):
        return Marker(values)
    return Marker({}, "is not a JSON object", path.is_symlink())


def read_machine_label(repo_root: str | Path) -> str:
    """This machine's label: the marker's, else the short host name; never empty."""
    return Repository(Path(repo_root)).machine_label


def default_machine_label() -> str:
    """The host name up to its first dot."""
    # Here, since it is rarely asked for and takes as long to load as a small ledger to check.
    import socket

    return socket.gethostname().split(".")[0] or "unknown"


def find_repo_root() -> Path:
    """The nearest folder from here upwards that is a repository. Raises RepositoryNotFound."""
    here = Path.cwd().resolve()
    root = nearest_root(here)
    if root is None:
        raise RepositoryNotFound(
            f"no repository at {here} or above it: neither .git nor a ledger in .aexp was "
            "found; change into your repository, or name it (repo_root= in Python); a new one "
            "needs `git init` and `aexp install`"
        )
    return root


@dataclass(frozen=True)
class Repository:
    """A repository's root and what is configured for it."""

    root: Path
    configuration: Configuration = field(default_factory=Configuration)

    @classmethod
    def open(cls, root: str | Path | None = None) -> Repository:
        """The repository at ``root`` (default: around here), configured by its work tree.

        Raises RepositoryNotFound, ConfigurationError.
        """
        place = Path(root).resolve() if root is not None else find_repo_root()
        return cls(place, configuration_of(WorkTree(place)))

    @cached_property
    def marker(self) -> Marker:
        """The install marker."""
        return read_marker(self.root)

    @cached_property
    def main(self) -> Path | None:
        """The root in the main worktree, where this one is linked to it; None where it is not."""
        return main_root(self.root)

    def setting(self, key: str) -> str | None:
        """A setting of this machine: this marker's, else that of the main worktree."""
        own = self.marker.text(key)
        if own is None and self.main is not None:
            return read_marker(self.main).text(key)
        return own

    @property
    def machine_label(self) -> str:
        """This machine's label."""
        return self.setting("machine_label") or default_machine_label()

    @cached_property
    def foreign_store(self) -> str | None:
        """Where a marker that is in git says that the run store lies, out of the repository.

        It may be anybody's, so it is not used.
        """
        written = self.marker.text("run_store_path")
        if self.configuration.run_store or written is None or not _leaves(self.root, written):
            return None
        tracked = git_or_none(["ls-files", "-z", "--", MARKER_REL.as_posix()], self.root)
        return written if tracked else None

    @property
    def run_store(self) -> Path:
        """Where the run store lies, whether or not it exists."""
        root, marked = self.root, self.marker.text("run_store_path")
        if marked is None and self.main is not None:
            root, marked = self.main, self.setting("run_store_path")
        marked = None if marked == self.foreign_store else marked
        path = Path(self.configuration.run_store or marked or DEFAULT_RUN_STORE)
        # "~nobody": there is no such user, so nothing lies there.
        with suppress(RuntimeError, ValueError):
            path = path.expanduser()
        return root / path


def _leaves(root: Path, written: str) -> bool:
    """Whether a path that is relative to ``root`` leads out of it."""
    try:
        path = os.path.normpath(root / Path(written).expanduser())
    except (RuntimeError, ValueError):
        return False
    return not Path(path).is_relative_to(root)


def configuration_of(view: View, folder: str = "") -> Configuration:
    """The configuration of the repository in ``folder`` of a view. Raises ConfigurationError."""
    return configuration_in(view.read(f"{folder}/{CONFIG}" if folder else CONFIG, CONFIG_LIMIT))
