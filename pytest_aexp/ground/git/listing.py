"""What git lists: the files of the index or of one commit, each with its mode and object name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.find_root import git_top, nearest_root, uses_ledger
from pytest_aexp.ground.git.run import (
    bare_around,
    git_or_none,
    in_bare,
    is_shallow,
    own_bare,
    run_git,
    start_git,
)
from pytest_aexp.ground.git.variables import require_own_repository
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.views import above

FOLDER, LINK, SUBMODULE, UNMERGED = "040000", "120000", "160000", "unmerged"

EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
"""The object of an empty file, by either hash; ``git add -N`` puts it in the index as well."""
_AEXP = (":(icase)*.aexp*", ":(exclude,top).aexp/ledger/*.json")
"""All that is called ``.aexp``, but for the entries at the top, which may be very many."""
# Paths are arguments of git, and systems differ in how much of those they take.
_AT_ONCE = 200


class Node(NamedTuple):
    """What git has at a path; ``mode`` is as git writes it, or UNMERGED."""

    mode: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, executable or not."""
        return self.mode.startswith("100")


class Location(NamedTuple):
    """Where git is asked: in ``top``, above whose folder ``prefix`` our paths begin.

    There, since git takes the current folder for the top of the work tree where GIT_DIR alone is
    set, as it is in the hooks of a linked work tree.
    """

    top: Path
    prefix: str = ""
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path) -> Location:
        """The location of the repository at ``root``, which may lie below git's top level.

        Raises UsageError if an environment variable points git elsewhere.
        """
        if own_bare(root):
            return cls(root, options=in_bare(root))
        top = git_top(root) or root
        require_own_repository(top)
        return cls(top, "" if top == root else f"{root.relative_to(top).as_posix()}/")

    def ask(self, *arguments: str, paths: Iterable[str] = ()) -> bytes:
        """What git answers about ``paths``. Raises GitError."""
        return run_git([*self.options, "--literal-pathspecs", *arguments, *paths], self.top)

    def control_paths(self, tree: str | None, changed: Sequence[str] | None = None) -> list[str]:
        """The paths of git's control files, and of all that is called ``.aexp`` or lies in that.

        In the tree of that name, or in the index; or, given what is staged, only those that lie in
        a folder with something that is ``changed``, for which the index need not be read. Raises
        GitError.
        """
        folders = {f"{folder}/" for path in changed or () for folder in above(path)[:-1]}
        outside = sorted(folder for folder in folders if project_of(folder) is None)
        if changed is not None and len(outside) <= _AT_ONCE:
            command = ("ls-tree", "-z", "--name-only", "--full-tree", "HEAD", "--", ".aexp")
            answer = self.ask(*command, paths=outside) + os.fsencode("\0".join((*changed, "")))
        elif tree is None:
            # All but the entries: to match the names of those with patterns takes git longer than
            # all the rest takes here.
            listed = ("ls-files", "-z", "--", ":(top)", _AEXP[1])
            answer = run_git([*self.options, *listed], self.top)
        else:
            answer = self.ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
        paths = os.fsdecode(answer).split("\0")[:-1]
        control_files = ("/.gitignore", "/.gitattributes")
        maybe = (p for p in paths if ".git" in p or ".aexp" in p.lower())
        return [p for p in maybe if project_of(p) is not None or f"/{p}".endswith(control_files)]

    def deleted_paths(self, tree: str | None, revision: str) -> Iterator[str]:
        """What the commit ``revision`` deletes of ``.aexp`` folders, or the index after it."""
        commands = [["diff-tree", "-m", "-r", "--no-commit-id", revision]]
        if tree is None:
            commands.append(["diff-index", "--cached", revision])
        for command in commands:
            only = ("--name-only", "--diff-filter=D", "-z", "--", *_AEXP)
            # The first commit comes after none, and what is no commit, too.
            answer = git_or_none([*self.options, *command, *only], self.top)
            yield from os.fsdecode(answer or b"").split("\0")[:-1]

    def records(self, answer: bytes) -> Iterator[tuple[list[str], str]]:
        """The fields and the path of each record of a listing ended by NUL."""
        skipped = len(self.prefix)
        for record in os.fsdecode(answer).split("\0")[:-1]:
            about, _, path = record.partition("\t")
            yield about.split(" "), path[skipped:]


def project_of(path: str) -> str | None:
    """The folder whose ``.aexp``, in any case of letters, ``path`` is or lies in."""
    start = f"/{path}/".lower().find("/.aexp/")
    return None if start < 0 else path[: max(start - 1, 0)]


def bare_root(start: Path) -> Path | None:
    """The folder of the bare repository that ``start`` lies in; None if it lies in none.

    Raises UsageError if that in turn lies in a repository: it may have come with its files.
    """
    bare = None if "GIT_DIR" in os.environ else bare_around(start)
    if bare is not None and ".git" in bare.parts:
        return None
    around = None if bare is None else nearest_root(bare.parent)
    if around is not None:
        raise UsageError(
            f"{bare} is laid out as a bare git repository within the repository {around}, so it "
            f"may be somebody else's; if it is yours, run `GIT_DIR={quote(str(bare))} aexp …`"
        )
    options = () if bare is None else in_bare(bare)
    command = (*options, "rev-parse", "--is-bare-repository", "--absolute-git-dir")
    is_bare, _, folder = (git_or_none(command, start) or b"").partition(b"\n")
    return Path(os.fsdecode(folder.rstrip(b"\n"))) if is_bare == b"true" else None


class Listing:
    """The files of the index, or of a commit, a tag or a tree.

    Paths are relative to the repository's root.
    """

    def __init__(self, location: Location, revision: str | None) -> None:
        """``revision`` is None for the index: what is staged, as the next commit would have it.

        Raises UsageError if there is no such revision, and GitError.
        """
        self.location = location
        self.revision = revision or "HEAD"
        self.label = f"the commit {quoted(revision)}" if revision else "the index"
        self.tree = None if revision is None else tree_of(location, revision)
        parents = (f"{self.revision}^1", f"{self.revision}^2")
        self.earlier: tuple[str, ...] = parents if revision else ("HEAD", *parents)

    def files(self, paths: Sequence[str]) -> dict[str, Node]:
        """What stands at the paths, folders included."""
        nodes: dict[str, Node] = {}
        for start in range(0, len(paths), _AT_ONCE):
            nodes |= self._at(self._full(paths[start : start + _AT_ONCE]))
        return _at_paths(nodes, paths)

    def below(self, folder: str) -> dict[str, Node]:
        """Every file below the folder, or the file of that name."""
        path = f"{self.location.prefix}{folder}".rstrip("/")
        return self._at([path] if path else [], "-r")

    def holds(self, folder: str) -> bool:
        """Whether a file lies below the folder: git has no empty ones."""
        if self.tree is not None:
            node = self.files([folder]).get(folder)
            return node is not None and node.mode == FOLDER
        at, path = self.location, f"{self.location.prefix}{folder}/"
        command = [*at.options, "--literal-pathspecs", "ls-files", "-z", "--", path]
        # Git is stopped at the first that it names.
        process = start_git(command, at.top)
        assert process.stdout is not None
        first = process.stdout.read(1)
        process.kill()
        process.communicate()
        return bool(first)

    def _full(self, paths: Iterable[str]) -> list[str]:
        return [f"{self.location.prefix}{path}" for path in paths]

    def _at(self, full: Sequence[str], *options: str) -> dict[str, Node]:
        at = self.location
        if self.tree is not None:
            command = ("ls-tree", *options, "--full-tree", "-z", self.tree, "--")
            records = at.records(at.ask(*command, paths=full))
            return {path: Node(mode, name) for (mode, _, name), path in records}
        records = at.records(at.ask("ls-files", "-s", "-z", "--", paths=full))
        nodes = {p: Node(m if stage == "0" else UNMERGED, n) for (m, n, stage), p in records}
        return self._without_intended(nodes)

    def _without_intended(self, nodes: dict[str, Node]) -> dict[str, Node]:
        """``nodes`` but for what ``git add -N`` announced: that is not in the commit."""
        empty = [path for path, node in nodes.items() if node.name in EMPTY_BLOBS]
        for start in range(0, len(empty), _AT_ONCE):
            new = ("diff-files", "--name-only", "--diff-filter=A", "-z", "--")
            answer = self.location.ask(*new, paths=self._full(empty[start : start + _AT_ONCE]))
            for path in os.fsdecode(answer).split("\0")[:-1]:
                nodes.pop(path[len(self.location.prefix) :], None)
        return nodes


def tree_of(location: Location, revision: str) -> str:
    """The name of the tree that ``revision`` leads to. Raises UsageError, GitError."""
    # No name of git's begins with a dash, so that one would only be taken for an option.
    if revision and not revision.startswith("-"):
        # What is added to `:/text` would be taken for more of the text.
        is_text = revision.startswith(":/")
        named = _object_named(location, revision) if is_text else revision
        tree = named and _object_named(location, f"{named}^{{tree}}")
        if tree:
            return tree
    if revision == "HEAD":
        raise UsageError("there is no commit yet, so there is no HEAD; `--at index` can be judged")
    if ".." in revision or revision.startswith("^"):
        raise UsageError(f"{quoted(revision)} is not one commit: name a single one, such as HEAD")
    shallow = is_shallow(location.top, location.options)
    more = "; this clone is shallow: run `git fetch --unshallow`" if shallow else ""
    raise UsageError(f"git knows no commit, branch or tag {quoted(revision)} here{more}")


def _object_named(location: Location, revision: str) -> str:
    """The name of the one object that ``revision`` stands for; empty if there is none."""
    command = ["rev-parse", "--verify", "--quiet", revision]
    try:
        answer = run_git([*location.options, *command], location.top, accept=(0, 1))
    except GitError:
        # It may be no fault of the revision's that git refuses: then it refuses this, too.
        location.ask("rev-parse", "--git-dir")
        return ""
    name = answer.decode("ascii", "replace").strip()
    return name if name.isalnum() else ""


def _at_paths(nodes: dict[str, Node], paths: Sequence[str]) -> dict[str, Node]:
    """What stands at the paths that were asked for, given what was found there and below."""
    wanted = set(paths)
    there = {path: node for path, node in nodes.items() if path in wanted}
    for path in nodes:
        folder = path.rpartition("/")[0]
        while folder:
            if folder in wanted:
                there[folder] = Node(FOLDER, "")
            folder = folder.rpartition("/")[0]
    return there


def earlier_revision_with(root: Path, revisions: Iterable[str], path: str) -> str | None:
    """The first of ``revisions`` in which git has a folder or a submodule at ``path``."""
    location = Location.of(root)
    full = f"{location.prefix}{path}"
    for revision in revisions:
        command = (*location.options, "ls-tree", "-d", "--full-tree", "-z", revision, "--", full)
        if not revision.startswith("-") and git_or_none(command, location.top):
            return revision
    return None


def folders_of(top: str, nodes: Mapping[str, Node]) -> dict[str, dict[str, Node]]:
    """What lies directly in ``top`` and in each folder below it, given all files below it."""
    folders: dict[str, dict[str, Node]] = {top: {}}
    for path, node in nodes.items():
        place, entry = path, node
        while place != top:
            place, _, name = place.rpartition("/")
            is_new = place not in folders
            folders.setdefault(place, {})[name] = entry
            if not is_new:
                break
            entry = Node(FOLDER, "")
    return folders


def uses_ledger_below(top: Path) -> bool:
    """Whether git has a ledger, or our block in a control file, in a folder below ``top``."""
    try:
        paths = Location.of(top).control_paths(None)
    except (GitError, UsageError):
        return False
    folders = {path.rpartition("/")[0] for path in paths} - {""}
    return any(map(project_of, paths)) or any(uses_ledger(top / folder) for folder in folders)
