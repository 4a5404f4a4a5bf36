"""``aexp validate``: check the citations of all findings or of some, and every ledger entry."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.cli.output import rendered
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.listing import bare_root
from pytest_aexp.ground.git.view import INDEX, GitView
from pytest_aexp.ground.repository import (
    CONFIG,
    CONFIG_LIMIT,
    Repository,
    StrictRuns,
    configuration_in,
    find_repo_root,
)
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.problems import Policy
from pytest_aexp.rendering import FORMATS
from pytest_aexp.work.check.checker import Checker, judge_repository

WORKTREE = "worktree"

DESCRIPTION = """\
Check the citations of every finding, or of the findings named, and every
ledger entry. Each problem comes with its place, its code and what to type next.
"""
STATUSES = {0: "no errors; there may be warnings", 1: "at least one error"}
EXAMPLES = """\
aexp validate                           every citation, and every ledger entry
aexp validate F004 --strict-runs=warn   one finding; a missing run is a warning
aexp validate --at index                what the next commit would hold
aexp validate --format github           annotations in a GitHub workflow
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp validate``."""
    parser.add_argument(
        "findings", nargs="*", metavar="FINDING", help="a finding's path or id (F004); default: all"
    )
    parser.add_argument(
        "--strict-runs",
        choices=get_args(StrictRuns),
        help="report a missing run as an error, as a warning, or not at all "
        "(default: what pyproject.toml says, else error)",
    )
    parser.add_argument("--format", choices=list(FORMATS), default="text", help="default: text")
    # agentic-experiments has more to judge; scripts that asked it for the runs only still do.
    parser.add_argument("--runs-only", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--at",
        default=WORKTREE,
        metavar="WHERE",
        help="which findings and ledger to read: worktree (the default), index (what is staged), "
        "or a commit (HEAD, a branch, a tag, an id)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Judge and print; 1 if there is an error."""
    with _chosen_view(arguments.at) as (repository, view, on_disk):
        configured = repository.configuration
        policy = Policy(arguments.strict_runs or configured.strict_runs, configured.severity)
        checker = Checker(repository, view, policy, on_disk)
        chosen = dict.fromkeys(finding_named(written, checker) for written in arguments.findings)
        outcome = judge_repository(checker, list(chosen) or None)
    sys.stdout.write(rendered(outcome, arguments.format, repository.root))
    return 0 if outcome.ok else 1


@contextmanager
def _chosen_view(at: str) -> Iterator[tuple[Repository, View, View | None]]:
    """The repository as it is configured there, the view of it, and that of its work tree."""
    if at == WORKTREE:
        repository = Repository.open()
        yield repository, WorkTree(repository.root), None
        return

    bare = bare_root(Path.cwd())
    if bare is not None and at == INDEX:
        raise UsageError("a bare repository has no index: name a commit, such as `--at HEAD`")
    root = bare or find_repo_root()
    with GitView.at(root, at, is_bare=bare is not None) as view:
        configuration = configuration_in(view.read(CONFIG, CONFIG_LIMIT))
        yield Repository(root, configuration), view, None if bare else WorkTree(root)
