"""What is about to be committed or pushed: the files as they would be, and what changes."""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.files import MISSING
from pytest_aexp.ground.git.listing import Location, Node
from pytest_aexp.ground.git.run import git_or_none, run_git
from pytest_aexp.ground.git.view import INDEX, GitView
from pytest_aexp.ground.repository import Repository, configuration_of
from pytest_aexp.ground.settings.configuration import (
    CONFIG,
    CONFIG_LIMIT,
    Configuration,
    configuration_in,
)
from pytest_aexp.ground.stderr import notice
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.runs.machine_index import INDEX_DIR

from .early_exit import DIFF, STAGED, FileChange, StagedDiff, may_be_pushing, parse

# What git writes to its pre-push hook, a line for each ref.
_LINE = re.compile(rb"\S+ ([0-9a-f]{40,64}) \S+ ([0-9a-f]{40,64})", re.ASCII)
_PATIENCE = 2.0
"""Seconds that git may take to say what is pushed; another program may never say anything."""
_READ = 1 << 16

# The mode that git gives a file which is not there.
_NO_FILE = "000000"


@dataclass(frozen=True, slots=True)
class Push:
    """A commit that is pushed, and what the other side has; None if that is not known."""

    commit: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to be, or one to be pushed, as ``view`` shows it.

    ``changes`` is what it changes below the repository's root. It is None where nothing is staged,
    and where it is not clear what is new: then everything counts. ``pushed`` is the commit
    that is pushed, None where the index is committed. ``base`` has what it leaves as it was; None
    before the first commit.
    """

    repository: Repository
    location: Location
    view: GitView
    changes: tuple[FileChange, ...] | None
    pushed: str | None
    base: str | None

    @property
    def brings_something(self) -> bool:
        """Whether findings are on their way to others, or only looked at."""
        return self.changes is not None or self.pushed is not None

    @property
    def kept(self) -> list[str]:
        """The paths that it adds or changes."""
        return [change.path for change in self.changes or () if change.status != "D"]

    @property
    def had_ledger(self) -> bool:
        """Whether there were sources to judge by, be it that nothing is left of them."""
        folders = (f"{LEDGER_DIR}/", f"{INDEX_DIR}/")
        return any(change.path.startswith(folders) for change in self.changes or ())

    def entries(self) -> dict[str, FileChange]:
        """The changes of ledger entries, by job id."""
        named = {
            change.path[len(LEDGER_DIR) + 1 : -5]: change
            for change in self.changes or ()
            if change.path.startswith(f"{LEDGER_DIR}/") and change.path.endswith(".json")
        }
        return {name: change for name, change in named.items() if is_job_id(name)}

    @property
    def replaces_ledger(self) -> bool:
        """Whether a file or link takes, or took, the place of the ledger folder or one above it."""
        places = (LEDGER_DIR, LEDGER_DIR.partition("/")[0])
        return any(change.path in places for change in self.changes or ())

    def configuration_before(self) -> Configuration | None:
        """What was configured before; None if that could not be used."""
        change = next((c for c in self.changes or () if c.path == CONFIG), None)
        if change is None:
            return self.repository.configuration
        try:
            if change.old_mode == _NO_FILE:
                return configuration_in(MISSING)
            return configuration_in(self.view.content(change.old_name, CONFIG_LIMIT))
        except ConfigurationError:
            return None


@contextmanager
def open_commit(root: Path, staged: StagedDiff, push: Push | None) -> Iterator[Commit]:
    """The commit in the repository at ``root``.

    Raises ConfigurationError, UsageError, GitError.
    """
    location = Location.of(root)
    pushed = push.commit if push is not None else None
    with GitView.at(root, pushed or INDEX) as view:
        base: str | None = pushed or "HEAD"
        raw = staged.raw
        if push is not None:
            raw = _pushed(location, push.before, push.commit)
        elif raw is None:
            raw, base = _staged(location)
        changes = tuple(parse(raw, location.prefix)) if raw else None
        view.seed({c.path: _node(c) for c in changes or () if c.status != "U"})
        configuration = _configuration(location, view, staged)
        yield Commit(Repository(root, configuration), location, view, changes, pushed, base)


def _pushed(location: Location, before: str | None, pushed: str) -> bytes:
    """What is pushed; nothing where what was there before is not known."""
    # What an environment says must not become an option of git's.
    if before is None or before.startswith("-") or pushed.startswith("-"):
        return b""
    if (
        git_or_none(["rev-parse", "--verify", "--quiet", f"{before}^{{commit}}"], location.top)
        is None
    ):
        return b""
    # What the other side has, and this branch lacks, is not pushed.
    base = git_or_none(["merge-base", before, pushed], location.top)
    start = base.decode().strip() if base else before
    return run_git(["diff-tree", "-r", *DIFF, start, pushed, "--"], location.top)


def _staged(location: Location) -> tuple[bytes, str | None]:
    """What is staged, and the commit that this is compared with; None before the first."""
    top = location.top
    committed = git_or_none(["rev-parse", "--verify", "--quiet", "HEAD^{tree}"], top)
    # Before the first commit everything is new; git knows the empty tree by its name alone.
    tree = committed or run_git(["hash-object", "-t", "tree", "--stdin"], top, stdin=b"")
    raw = run_git([*STAGED, tree.decode().strip(), "--"], top)
    return raw, None if committed is None else "HEAD"


def _node(change: FileChange) -> Node | None:
    return None if change.mode == _NO_FILE else Node(change.mode, change.name)


def _configuration(location: Location, view: GitView, staged: StagedDiff) -> Configuration:
    # What is not staged is as it was committed, and that costs less to ask for than the index.
    is_top = staged.raw is not None and not location.prefix
    if is_top and not any(c.path == CONFIG for c in parse(staged.raw or b"")):
        if staged.config is not None and b"\n" in staged.config:
            return configuration_in(staged.config)
        listed = location.ask("ls-tree", "-z", "--full-tree", "HEAD", paths=[CONFIG])
        for (mode, _, name), path in location.records(listed):
            view.seed({path: Node(mode, name)})
        if not listed:
            return Configuration()
    return configuration_of(view)


def pushes() -> list[Push] | None:
    """What is pushed; None where something is committed or only looked at."""
    before, pushed = (os.environ.get(f"PRE_COMMIT_{end}_REF") for end in ("FROM", "TO"))
    branch = os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
    # pre-commit sets PRE_COMMIT beside them; without it they are left over in somebody's shell, or
    # meant.
    if (pushed or branch) and not os.environ.get("PRE_COMMIT"):
        names = [f"PRE_COMMIT_{name}" for name in ("FROM_REF", "TO_REF", "LOCAL_BRANCH")]
        variables = " and ".join(name for name in names if name in os.environ)
        notice(f"{variables} set: that push is checked, and not what is staged")
    if before and pushed:
        return [Push(pushed, before)]
    if branch:
        return [Push(branch)]
    return _from_git() if may_be_pushing() else None


def _from_git() -> list[Push] | None:
    """What git writes to its pre-push hook: a line for each ref, none for what is deleted."""
    lines = [_LINE.fullmatch(line) for line in _standard_input().splitlines()]
    matches = [match for match in lines if match is not None]
    if not matches:
        return None
    pushed = (
        Push(new.decode(), old.decode() if old.strip(b"0") else None)
        for new, old in (match.groups() for match in matches)
        if new.strip(b"0")
    )
    return list(dict.fromkeys(pushed))  # many tags may name one commit


def _standard_input() -> bytes:
    stream = sys.stdin.fileno() if sys.stdin is not None else 0
    data = b""
    while select.select([stream], [], [], _PATIENCE)[0]:
        piece = os.read(stream, _READ)
        if not piece:
            break
        data += piece
    return data
