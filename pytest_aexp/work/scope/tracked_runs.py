"""Files of the run store in git, where they must not be: they may hold anything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from shlex import quote

from pytest_aexp.ground.files import can_be_named
from pytest_aexp.ground.git.run import bare_around, git_or_none, own_environment
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import counted
from pytest_aexp.model.problems import RUNS_STAGED, RUNS_TRACKED, Fault

_INNER = ("workspace/", ".signac/")
_IGNORING = "`aexp install` to ignore it"
_LONGEST = 4096
"""What no system opens a longer path than, while to look for links in one takes minutes."""


def store_places(repository: Repository) -> tuple[str, ...]:
    """Where in the repository the run store's files lie, each with a final slash."""
    name = str(repository.run_store)
    if len(name) > _LONGEST or not can_be_named(name):
        return ()
    # The store's folder may be a link to where git sees its files.
    store, root = map(os.path.realpath, (repository.run_store, repository.root))
    relative = os.path.relpath(store, root).replace(os.sep, "/")
    if relative == ".":
        return _INNER
    is_outside = relative.partition("/")[0] == ".." or os.path.isabs(relative)
    return () if is_outside else (f"{relative}/",)


def staged_faults(repository: Repository, paths: Iterable[str]) -> Iterator[Fault]:
    """One fault for all of ``paths`` that are files of the run store."""
    places = store_places(repository)
    runs = [path for path in paths if path.startswith(places)] if places else []
    if runs:
        message = f"{counted(len(runs), 'file')} of the run store would be in the commit"
        yield Fault(RUNS_STAGED, runs[0], message, f"{removal(places)}, and {_IGNORING}")


def tracked_faults(repository: Repository) -> Iterator[Fault]:
    """One fault if git has files of the run store."""
    places = store_places(repository)
    paths = tracked_paths(repository) if places else []
    if paths:
        message = f"git has {counted(len(paths), 'file')} of the run store, which is this machine's"
        fix = f"{removal(places)}, and {_IGNORING}, and commit"
        yield Fault(RUNS_TRACKED, paths[0], message, fix)


def tracked_paths(repository: Repository) -> list[str]:
    """The files of the run store that git has."""
    places = store_places(repository)
    if not places or bare_around(repository.root) is not None:
        return []
    command = ("--literal-pathspecs", "ls-files", "-z", "--", *places)
    listed = git_or_none(command, repository.root, env=own_environment()) or b""
    return os.fsdecode(listed).split("\0")[:-1]


def removal(places: Iterable[str]) -> str:
    """What takes the run store out of git and leaves it on the disk."""
    folders = " ".join(quote(place.rstrip("/")) for place in places)
    return f"run `git rm -r -q --cached {folders}`"
