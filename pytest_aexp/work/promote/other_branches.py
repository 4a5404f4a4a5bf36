"""Entries that other branches have and this one lacks: writing them here would block a checkout."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.git.run import run_git
from pytest_aexp.model.entry import LEDGER_DIR, entry_path, job_id_in
from pytest_aexp.model.job_id import is_job_id

_ADDED = ("log", "--all", "--not", "HEAD", "--diff-filter=A", "--name-only", "--format=", "-z")


def runs_of_other_branches(root: Path) -> frozenset[str]:
    """The runs whose entries were added in commits that are not part of what is checked out."""
    try:
        listing = os.fsdecode(run_git((*_ADDED, "--", LEDGER_DIR), root))
    except GitError:  # no git, or no commit yet
        return frozenset()
    names = {job_id_in(path.strip()) for path in listing.split("\0")}
    return frozenset(filter(is_job_id, names))


def was_ever_added(root: Path, job_id: str) -> bool:
    """Whether git has, or had, the entry of a run; also where git cannot say."""
    path = entry_path(job_id)
    try:
        staged = run_git(("ls-files", "-z", "--", path), root)
        return bool(staged or run_git(("log", "--all", "-1", "--format=%H", "--", path), root))
    except GitError:
        return True
