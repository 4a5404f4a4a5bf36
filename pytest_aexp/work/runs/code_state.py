"""Which code a run is made with, as git knows it: evidence is never part of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.files import read_bounded
from pytest_aexp.ground.git.run import own_environment, run_git
from pytest_aexp.ground.settings.configuration import Configuration
from pytest_aexp.ground.stderr import notice, reason
from pytest_aexp.ground.text import listed, quoted

_SHALLOW_LIMIT = 1 << 20
_EVIDENCE = (":(exclude,glob)**/.aexp/**", ":(exclude)kb")
_SOURCE_SUFFIXES = frozenset(
    ".bash .c .cc .cpp .cs .cu .cuh .cxx .f .f03 .f08 .f90 .f95 .go .h .hh .hpp .hs .hxx .ipynb "
    ".java .jl .js .kt .lua .m .mjs .ml .pl .pxd .py .pyi .pyx .r .rb .rs .scala .sh .swift .ts "
    ".zig .zsh".split()
)


@dataclass(frozen=True, slots=True)
class CodeState:
    """The latest commit that changed the code, and the files that differ from it.

    ``dirty`` is None where that is not known, and so is ``commit``, also before the first commit.
    """

    commit: str | None = None
    dirty: bool | None = None
    changed: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, str | bool | None]:
        """The two values as statepoints, documents and entries have them."""
        return {"code_commit": self.commit, "code_dirty": self.dirty}


UNKNOWN = CodeState()


def code_state(root: Path, configuration: Configuration, *, quiet: bool = False) -> CodeState:
    """The state of the code in the repository at ``root``.

    The code is what ``[tool.aexp.runs] code`` names; by default every file but ledger, findings
    and ``kb/``, and of the files that git does not track those whose suffix is a source file's. So
    neither entries and findings nor what a run leaves beside them make another run of the next
    one. Where a repository's git gives no answer, a notice says why, unless ``quiet``.
    """
    chosen = configuration.runs.code
    findings = (f":(exclude,glob){pattern}" for pattern in configuration.findings)
    paths = chosen or (".", *_EVIDENCE, *findings)
    environment = own_environment()
    head = ("rev-parse", "--verify", "--quiet", "HEAD")
    # Without locks: else `git status` writes a refreshed index, and a commit at that moment fails
    # at index.lock (git-status(1), "Background refresh"). What is untracked in a submodule is no
    # file of the repository, and as often the output of a run.
    status = (
        *("--no-optional-locks", "status", "--porcelain", "-z", "--untracked-files=all"),
        "--ignore-submodules=untracked",
    )
    try:
        commit = run_git(head, root, env=environment, accept=(0, 1)).decode().strip()
        if commit:
            latest = ("rev-list", "-1", "HEAD", "--", *paths)
            commit = run_git(latest, root, env=environment).decode().strip()
        listing = run_git((*status, "--", *paths), root, env=environment)
    except GitError as error:
        if not quiet and (root / ".git").exists():
            notice(f"the run is registered without its commit, for {reason(error)}")
        return UNKNOWN
    if not quiet:
        _warn_of_shallow(root, commit)
    changed = tuple(_changed(os.fsdecode(listing), every=bool(chosen)))
    return CodeState(commit or None, bool(changed), changed)


def _warn_of_shallow(root: Path, commit: str) -> None:
    data = read_bounded(root / ".git" / "shallow", _SHALLOW_LIMIT)
    if isinstance(data, bytes) and commit and commit.encode() in data.split():
        notice(
            f"this clone's history begins with commit {commit[:12]}, so it is not known which one "
            "changed the code last, and the run may have another id in other clones: run "
            "`git fetch --unshallow`"
        )


def _changed(listing: str, *, every: bool) -> list[str]:
    """The paths in the output of ``git status -z`` that count as changed code."""
    records = iter(listing.split("\0"))
    changed = []
    for record in records:
        state, path = record[:2], record[3:]
        if state[:1] in "RC" and state.strip():
            next(records, None)  # where it was before
        is_source = os.path.splitext(path)[1].lower() in _SOURCE_SUFFIXES
        if path and (state != "??" or every or is_source):
            changed.append(path)
    return changed


def put_code(document: dict[str, Any], statepoint: Mapping[str, Any], state: CodeState) -> None:
    """Record the code beside the statepoint that does not hold it, until the run has started.

    A run that has started was made with the code of that time.
    """
    if "code_commit" not in statepoint and document.get("started_at") is None:
        put_attempts_code(document, state)


def put_attempts_code(document: dict[str, Any], state: CodeState) -> None:
    """Make ``state`` the code that the document says the run is executed with."""
    for name, value in state.fields.items():
        document.pop(name, None)
        if value is not None:
            document[name] = value


def warn_of_dirty_code(job_id: str, state: CodeState) -> None:
    """Name in one line the first files whose changes no commit holds."""
    if state.changed:
        names = listed([quoted(path, 60) for path in state.changed], 3)
        commit = f"differs from commit {state.commit[:12]}" if state.commit else "is in no commit"
        notice(f"the code of run {job_id} {commit}: {names}")
