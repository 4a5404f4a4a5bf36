"""Run git: a list of arguments, no shell, its own words when it fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.find_root import git_top
from pytest_aexp.ground.text import shown

TIMEOUT = 60
"""Seconds that one git command may take."""

# A clone may hold a folder that is laid out as a bare repository, whose configuration names
# programs: git must not come upon it by itself, nor start what only speeds it up or follows it.
_CAREFULLY = (
    "-c",
    "safe.bareRepository=explicit",
    "-c",
    "core.fsmonitor=",
    "-c",
    "core.hooksPath=/dev/null",
)
_GIT_DIR = "--git-dir="
_POINTERS = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)


def run_git(
    args: Sequence[str],
    cwd: str | Path,
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    accept: Collection[int] = (0,),
) -> bytes:
    """What ``git`` with ``args``, run in the folder ``cwd``, writes to its standard output.

    A bare repository is asked only where ``args`` begin with what `in_bare` gives, or GIT_DIR
    names it. No hook and no file system monitor is run.

    ``stdin`` is what it reads there (default: nothing). ``env`` is the whole environment it gets
    (default: this process's, so that a hook's ``GIT_INDEX_FILE`` and ``GIT_DIR`` count); messages
    are always English. ``accept`` are the exit statuses that are answers: ``check-ignore`` and
    ``config --get`` say no with 1. Raises GitError with git's own message.
    """
    environment = os.environ if env is None else env
    _refuse_bare(args, cwd, environment)
    try:
        done = subprocess.run(
            ["git", *_CAREFULLY, *args],
            cwd=cwd,
            env=_in_english(environment),
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise GitError(_not_run(args, cwd, error)) from error
    if done.returncode not in accept:
        raise GitError(_refused(args, done.returncode, done.stderr))
    return done.stdout


def start_git(args: Sequence[str], cwd: str | Path) -> subprocess.Popen[bytes]:
    """A ``git`` with ``args`` that stays, to be asked and read through pipes. Raises GitError.

    What it says on its standard error is lost; the caller ends it.
    """
    _refuse_bare(args, cwd, os.environ)
    try:
        return subprocess.Popen(
            ["git", *_CAREFULLY, *args],
            cwd=cwd,
            env=_in_english(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        raise GitError(_not_run(args, cwd, error)) from error


def git_or_none(
    args: Sequence[str],
    cwd: str | Path,
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> bytes | None:
    """As `run_git`; None where git is missing, refuses, or there is no repository."""
    try:
        return run_git(args, cwd, stdin=stdin, env=env)
    except GitError:
        return None


def own_environment() -> dict[str, str]:
    """This process's environment without what points git at another repository than ``cwd``'s."""
    return {name: value for name, value in os.environ.items() if name not in _POINTERS}


def is_shallow(cwd: Path, options: Sequence[str] = ()) -> bool:
    """Whether the clone lacks a part of the history; ``options`` as `in_bare` gives them."""
    return git_or_none([*options, "rev-parse", "--is-shallow-repository"], cwd) == b"true\n"


def in_bare(folder: Path) -> tuple[str, ...]:
    """What a command begins with that is meant for the bare repository ``folder``."""
    return (f"{_GIT_DIR}{folder}",)


def bare_around(start: str | Path) -> Path | None:
    """The folder that git would come upon as a bare repository from ``start``; None if none."""
    here = Path(os.path.realpath(start))
    for folder in (here, *here.parents):
        if os.path.lexists(folder / ".git"):
            return None
        if _is_laid_out_as_bare(folder):
            return folder
    return None


def own_bare(root: Path) -> Path | None:
    """``root`` if it is a bare repository of the user's; None if it may have come with a clone.

    What a folder of a clone is laid out as is for its author to say: git would take commands from
    its configuration, and run them where an object is missing.
    """
    named = os.environ.get("GIT_DIR")
    is_own = git_top(root) is None if named is None else os.path.realpath(named) == str(root)
    return root if is_own and bare_around(root) == root else None


def _is_laid_out_as_bare(folder: Path) -> bool:
    # With `commondir`, the rest is elsewhere.
    has_refs = any(os.path.lexists(folder / name) for name in ("refs", "commondir"))
    return has_refs and os.path.lexists(folder / "HEAD")


def _refuse_bare(args: Sequence[str], cwd: str | Path, environment: Mapping[str, str]) -> None:
    """Raise GitError where git would come upon a bare repository; before 2.38 it would use it."""
    # Its first argument alone: a path may be named like an option.
    if "GIT_DIR" in environment or any(arg.startswith(_GIT_DIR) for arg in args[:1]):
        return
    bare = bare_around(cwd)
    if bare is not None:
        raise GitError(
            f"git {_verb(args)}: {bare} is laid out as a bare git repository, which may be "
            "somebody else's and is not asked"
        )


def _in_english(environment: Mapping[str, str]) -> dict[str, str]:
    # How paths are read is said with each command: GIT_LITERAL_PATHSPECS would have it otherwise.
    kept = {name: value for name, value in environment.items() if not name.endswith("_PATHSPECS")}
    return {
        **kept,
        "LC_ALL": "C",
        # A partial clone may fetch what is read: without this git would wait for a password.
        "GIT_TERMINAL_PROMPT": "0",
        # Else a ref in this clone decides what a commit is said to hold.
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def _not_run(args: Sequence[str], cwd: str | Path, error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"git {_verb(args)}: no answer within {TIMEOUT} seconds"
    if isinstance(error, FileNotFoundError) and os.path.isdir(cwd):
        return "git was not found: install git, or put it on PATH"
    return f"git {_verb(args)}: cannot be run in {cwd}: {error}"


def _refused(args: Sequence[str], status: int, stderr: bytes) -> str:
    message = " ".join(stderr.decode("utf-8", "replace").split())
    return f"git {_verb(args)}: {shown(message, 500) or f'exit status {status}'}"


def _verb(args: Sequence[str]) -> str:
    return next((arg for arg in args if not arg.startswith("-")), "")
