"""What is about to be committed or pushed: the files as they would be, and what changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.files import MISSING
from pytest_aexp.ground.git.listing import EMPTY_BLOBS, Location, Node
from pytest_aexp.ground.git.run import git_or_none, run_git
from pytest_aexp.ground.git.view import INDEX, GitView
from pytest_aexp.ground.repository import (
    CONFIG,
    CONFIG_LIMIT,
    Configuration,
    Repository,
    configuration_in,
    find_repo_root,
)
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.machine_index import INDEX_DIR

from .early_exit import DIFF, PACKS, STAGED, Change, Glance, leads_through_link, parse

_NO_FILE = "000000"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit to be, or one to be pushed, as ``view`` shows it.

    ``changes`` is what it changes below the repository's root. It is None where nothing is staged,
    and where nobody can tell what is new: then everything there is counts. ``pushed`` is the commit
    that is pushed, None where the index is committed.
    """

    repository: Repository
    location: Location
    view: GitView
    changes: tuple[Change, ...] | None
    pushed: str | None

    @property
    def is_pushed(self) -> bool:
        """Whether it is a commit already, to which nothing can be added."""
        return self.pushed is not None

    @property
    def brings_something(self) -> bool:
        """Whether findings are on their way to others, or only looked at."""
        return self.changes is not None or self.is_pushed

    @property
    def had_ledger(self) -> bool:
        """Whether there were sources to judge by, be it that nothing is left of them."""
        folders = (f"{LEDGER_DIR}/", f"{INDEX_DIR}/")
        return any(change.path.startswith(folders) for change in self.changes or ())

    def entries(self) -> dict[str, Change]:
        """The changes of ledger entries, by job id."""
        folder = ledger_folder(self)
        named = {
            change.path[len(folder) + 1 : -5]: change
            for change in self.changes or ()
            if change.path.startswith(f"{folder}/") and change.path.endswith(".json")
        }
        return {name: change for name, change in named.items() if is_job_id(name)}

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


def ledger_folder(candidate: Candidate) -> str:
    """Where git has the entries, which a link may lead to."""
    if not leads_through_link(LEDGER_DIR, str(candidate.repository.root)):
        return LEDGER_DIR
    real = candidate.view.real(LEDGER_DIR)
    return real if isinstance(real, str) else LEDGER_DIR


def replaces_ledger(candidate: Candidate) -> bool:
    """Whether entries may be others than those that git has, and changes, by their own names."""
    above = LEDGER_DIR.partition("/")[0]
    changed = any(change.path in (above, LEDGER_DIR) for change in candidate.changes or ())
    return changed or leads_through_link(LEDGER_DIR, str(candidate.repository.root))


@contextmanager
def open_candidate(glance: Glance) -> Iterator[Candidate]:
    """The candidate in the repository around the current folder.

    Raises RepositoryNotFound, ConfigurationError, UsageError, GitError.
    """
    root = find_repo_root()
    location = Location.of(root)
    before, pushed = _push()
    with GitView.at(root, pushed or INDEX) as view:
        if pushed:
            raw = _pushed(location, before, pushed)
        else:
            raw = glance.raw if glance.raw is not None else _staged(location)
        changes = tuple(parse(raw, location.prefix)) if raw else None
        _foresee(glance, view)
        view.know({c.path: _node(c) for c in changes or () if c.status != "U"})
        configuration = _configuration(location, view, glance)
        yield Candidate(Repository(root, configuration), location, view, changes, pushed)


def _foresee(glance: Glance, view: GitView) -> None:
    """Tell the view what is known already."""
    found, packs = glance.foreseen()
    nodes = {path: told and Node(*told) for path, told in found.items()}
    view.know({p: n for p, n in nodes.items() if n is None or n.name not in EMPTY_BLOBS})
    if packs is not None and not any(name in EMPTY_BLOBS for _, name in packs.values()):
        view.know_below(PACKS, {path: Node(*told) for path, told in packs.items()})


def _push() -> tuple[str | None, str | None]:
    """What was pushed last, and what is pushed now; nothing where something is committed.

    For a branch's first push pre-commit names no range, but says which branch it is.
    """
    before, pushed = (os.environ.get(f"PRE_COMMIT_{end}_REF") for end in ("FROM", "TO"))
    if before and pushed:
        return before, pushed
    return None, os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or None


def _pushed(location: Location, before: str | None, pushed: str) -> bytes:
    """What is pushed; nothing where it cannot be told from what was there before."""
    if before is None or before.startswith("-") or pushed.startswith("-"):
        return b""
    if (
        git_or_none(["rev-parse", "--verify", "--quiet", f"{before}^{{commit}}"], location.top)
        is None
    ):
        return b""
    base = git_or_none(["merge-base", before, pushed], location.top)
    start = base.decode().strip() if base else before
    return run_git(["diff-tree", "-r", *DIFF, start, pushed, "--"], location.top)


def _staged(location: Location) -> bytes:
    top = location.top
    committed = git_or_none(["rev-parse", "--verify", "--quiet", "HEAD^{tree}"], top)
    # Before the first commit everything is new; git knows the empty tree by its name alone.
    base = committed or run_git(["hash-object", "-t", "tree", "--stdin"], top, stdin=b"")
    return run_git([*STAGED, base.decode().strip(), "--"], top)


def _node(change: Change) -> Node | None:
    return None if change.mode == _NO_FILE else Node(change.mode, change.name)


def _configuration(location: Location, view: GitView, glance: Glance) -> Configuration:
    # What is not staged is as it was committed, and that costs less to ask for than the index.
    if glance.raw is not None and not view.knows(CONFIG):
        if glance.config is not None and b"\n" in glance.config:
            return configuration_in(glance.config)
        listed = location.ask("ls-tree", "-z", "--full-tree", "HEAD", paths=[CONFIG])
        for (mode, _, name), path in location.records(listed):
            view.know({path: Node(mode, name)})
        if not listed:
            return Configuration()
    return configuration_in(view.read(CONFIG, CONFIG_LIMIT))
