"""What an install does, as a list that can be shown before it is carried out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pytest_aexp.ground.errors import AexpError

ActionKind = Literal[
    # done, or to be done
    "wrote_marker",
    "merged_gitignore",
    "merged_gitattributes",
    "wrote_agent_command",
    "created_ledger",
    "initialized_runs",
    "set_git_config",
    # nothing to do
    "already_installed",
    "skipped_identical",
    "skipped_runs",
    # what somebody has to look at
    "file_warning",
    "filter_warning",
    "git_warning",
    "gitignore_migration_warning",
    "ignored_ledger_warning",
    "marker_warning",
    "merge_driver_warning",
    "tracked_runs_warning",
    "unignored_runs_warning",
    "unshared_file_warning",
]


class InstallRefused(AexpError, RuntimeError):
    """The repository cannot be installed into as it is."""


@dataclass(frozen=True)
class InstallAction:
    """One thing an install did, found done, or warns of; ``path`` is relative to the root."""

    kind: ActionKind
    path: str
    detail: str = ""

    @property
    def is_warning(self) -> bool:
        """Whether somebody has to look at it."""
        return self.kind.endswith("_warning")


class Step(NamedTuple):
    """An action and how it is carried out; None if there is nothing to do."""

    action: InstallAction
    carry_out: Callable[[], object] | None = None


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Wait until no other install works in the repository, where systems offer that."""
    try:
        # Here, since Windows has none.
        import fcntl

        descriptor = os.open(root, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def carry_out(steps: Iterable[Step]) -> None:
    """Do what the steps say, in order. Raises InstallRefused at the first that fails."""
    for step in steps:
        if step.carry_out is None:
            continue
        try:
            step.carry_out()
        except OSError as error:
            raise InstallRefused(
                f"{step.action.path} cannot be written: {error.strerror or error}; "
                "once that is settled, run `aexp install` again"
            ) from error
