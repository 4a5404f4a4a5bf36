"""Errors that end a command. Bad data never raises one: it becomes a problem."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote


class AexpError(Exception):
    """The root of everything pytest-aexp raises on purpose."""


class UsageError(AexpError):
    """The request itself cannot be carried out as it was put."""


class InvalidValue(UsageError, ValueError):
    """A value that cannot be used, such as an id of the wrong form."""


class GitError(AexpError):
    """git is missing, or refused what was asked of it."""


@dataclass
class RepositoryNotFound(AexpError, RuntimeError):
    """No folder from ``start`` upwards holds ``.git`` or a ledger."""

    start: Path

    def __str__(self) -> str:
        return (
            f"no repository at {self.start} or above it: neither .git nor a ledger in .aexp was "
            "found; change into your repository, or name it (repo_root= in Python); a new one "
            "needs `git init` and `aexp install`"
        )


@dataclass
class ConfigurationError(AexpError):
    """``[tool.aexp]`` in pyproject.toml cannot be used."""

    reason: str

    def __str__(self) -> str:
        return f"pyproject.toml: {self.reason}"


@dataclass
class NotCheckedOut(AexpError):
    """A sparse checkout leaves out files without which nothing can be judged.

    ``marked`` is one that is missing where there is no sparse checkout, but a mark on the file;
    it is written as it is typed.
    """

    folder: str
    marked: str = ""

    def __str__(self) -> str:
        if self.marked:
            return (
                f"{self.marked} is missing, and git was told to ignore that (skip-worktree), so "
                "not everything can be checked; run `git update-index --no-skip-worktree "
                f"{self.marked}` and `git restore {self.marked}`, or `aexp validate --at HEAD`"
            )
        return (
            f"files of {self.folder} are not checked out here (sparse checkout), so not everything "
            f"can be checked; run `git sparse-checkout add {quote(self.folder)}`, or `aexp "
            "validate --at HEAD`"
        )


class RunStoreNotInitialized(AexpError, RuntimeError):
    """The repository has no run store (a signac project) where one is configured."""


class RunNotFound(AexpError, LookupError):
    """No run in the store has the id that was given."""


@dataclass
class AmbiguousRun(RunNotFound):
    """A prefix of a job id fits several runs."""

    prefix: str
    candidates: tuple[str, ...]

    def __str__(self) -> str:
        listed = ", ".join(self.candidates[:8])
        more = len(self.candidates) - 8
        rest = f" and {more} more" if more > 0 else ""
        return f"{self.prefix} fits {len(self.candidates)} runs: {listed}{rest}; give more digits"


class NotPromotable(AexpError, ValueError):
    """A run that cannot enter the ledger: not finished, or its statepoint is not valid JSON."""
