"""Which code a run was made with, as git knows it."""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.git.run import own_environment, run_git
from pytest_aexp.ground.stderr import notice, reason
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.machine_index import INDEX_DIR

_BUT_FOR_RUNS = tuple(f":(exclude){folder}" for folder in (LEDGER_DIR, INDEX_DIR))
UNKNOWN = ("", False)
"""What a run's statepoint says of its code where there is no git to ask."""


def code_state(root: Path) -> tuple[str, bool]:
    """The commit of the repository at ``root``, and whether its work tree differs from it.

    Untracked files that git does not ignore count as a difference. The ledger entries that runs
    leave do not: each run would make the next one's code look changed. Before the first commit the
    commit is empty. Where a repository's git gives no answer, a notice says why.
    """
    environment = own_environment()
    head = ("rev-parse", "--verify", "--quiet", "HEAD")
    status = ("--no-optional-locks", "status", "--porcelain", "--", *_BUT_FOR_RUNS)
    try:
        commit = run_git(head, root, env=environment, accept=(0, 1)).decode().strip()
        return commit, bool(run_git(status, root, env=environment).strip())
    except GitError as error:
        if (root / ".git").exists():
            notice(f"the run is registered without its commit, for {reason(error)}")
        return UNKNOWN
