"""Which commits everybody gets by pulling: of the judged commit, remote branches and tags."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from pathlib import Path

from pytest_aexp.ground.git.run import git_or_none, in_bare, is_shallow, own_bare

# Names such as HEAD or main are no commits: they mean another one tomorrow.
is_commit_id = re.compile(r"[0-9a-f]{7,64}", re.ASCII | re.IGNORECASE).fullmatch


class History:
    """The history of the commit that is judged."""

    def __init__(self, root: Path, revision: str = "HEAD") -> None:
        self._root = root
        self._revision = revision

    def has(self, commit: str) -> bool | None:
        """Whether the commit is part of it; None where the clone does not show it."""
        if not is_commit_id(commit):
            return False
        if self._commits is not None:
            commit = commit.lower()
            at = bisect_left(self._commits, commit)
            if at < len(self._commits) and self._commits[at].startswith(commit):
                return True
        return False if self._commits is not None and not self._is_shallow else None

    @cached_property
    def _commits(self) -> list[str] | None:
        """The ids of all its commits, sorted; None without git or before the first commit.

        `git merge-base --is-ancestor` answers wrongly in a shallow clone, and once for each commit.
        """
        arguments = ("rev-list", self._revision, "--remotes", "--tags")
        ids = git_or_none([*self._options, *arguments], self._root)
        return None if ids is None else sorted(ids.decode().split())

    @cached_property
    def _is_shallow(self) -> bool:
        return is_shallow(self._root, self._options)

    @cached_property
    def _options(self) -> tuple[str, ...]:
        return in_bare(self._root) if own_bare(self._root) else ()
