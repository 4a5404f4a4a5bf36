"""Check the citations of every finding, or of the findings named, and every
ledger entry. Each problem comes with its place, its code and what to type next.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.cli.output import rendered
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.listing import bare_root
from pytest_aexp.ground.git.variables import notice_other_index
from pytest_aexp.ground.git.view import INDEX, GitView, Unstaged
from pytest_aexp.ground.repository import Repository, configuration_of, find_repo_root
from pytest_aexp.ground.settings.configuration import StrictRuns, strictness_word
from pytest_aexp.ground.views import View
from pytest_aexp.model.problems import Policy, Problem
from pytest_aexp.rendering import FORMATS
from pytest_aexp.work.check.checker import Checker, judge_repository
from pytest_aexp.work.scope.policy_change import under_policy_at
from pytest_aexp.work.scope.projects import (
    git_views,
    judged_root,
    merged,
    require_no_folders,
    work_trees,
)

WORKTREE = "worktree"

STATUSES = {0: "no errors; there may be warnings", 1: "at least one error"}
EXAMPLES = """\
aexp validate                           every citation, and every ledger entry
aexp validate F004 --strict-runs=warn   one finding; missing runs as warnings
aexp validate --at index                what the next commit would hold
aexp validate --format github           annotations in a GitHub workflow
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "findings", nargs="*", metavar="FINDING", help="a finding's path or id (F004); default: all"
    )
    parser.add_argument(
        "--strict-runs",
        type=strictness_word,
        choices=get_args(StrictRuns),
        help="report a missing run as an error, as a warning, or not at all "
        "(default: what pyproject.toml says, else error)",
    )
    parser.add_argument(
        "--policy-from",
        metavar="REV",
        help="take [tool.aexp] from that commit, which the change does not control",
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
    with _views(arguments.at) as (root, views):
        checked = {folder: _checked(arguments, *read) for folder, read in views.items()}
        checkers = {folder: checker for folder, (checker, _) in checked.items()}
        named = _named(arguments.findings, checkers)
        outcomes = {}
        for folder, paths in (named if arguments.findings else dict.fromkeys(checked)).items():
            checker, laxer = checked[folder]
            outcome = judge_repository(checker, paths)
            outcomes[folder] = outcome._replace(problems=(*laxer, *outcome.problems))
        outcome = merged(outcomes)
    sys.stdout.write(rendered(outcome, arguments.format, root))
    return 0 if outcome.ok else 1


def _checked(
    arguments: argparse.Namespace, repository: Repository, view: View, on_disk: View | None
) -> tuple[Checker, tuple[Problem, ...]]:
    """The checker, and what this configuration checks less strictly than ``--policy-from``."""
    repository, laxer = under_policy_at(arguments.policy_from, repository, view)
    strict_runs, commanded = arguments.strict_runs, arguments.strict_runs is not None
    policy = Policy.of(repository.configuration, strict_runs, commanded=commanded)
    return Checker(repository, view, policy, on_disk), laxer


def _named(written: Sequence[str], checkers: Mapping[str, Checker]) -> dict[str, list[str]]:
    """The paths of the findings that were named, by the folder of their repository."""
    named: dict[str, dict[str, None]] = {}
    for name in written:
        folder, path = _find(name, checkers)
        named.setdefault(folder, {})[path] = None
    return {folder: list(paths) for folder, paths in named.items()}


def _find(name: str, checkers: Mapping[str, Checker]) -> tuple[str, str]:
    refusals = []
    for folder, checker in checkers.items():
        try:
            return folder, finding_named(name, checker)
        except UsageError as refusal:
            refusals.append(refusal)
    # Of the repository at the top, which is where a name is looked for by whoever typed it.
    raise refusals[0]


_Views = dict[str, tuple[Repository, View, View | None]]


@contextmanager
def _views(at: str) -> Iterator[tuple[Path, _Views]]:
    """The root, and the repositories there, by folder: each with its view and its work tree's."""
    bare = None if at == WORKTREE else bare_root(Path.cwd())
    if bare is not None:
        if at == INDEX:
            raise UsageError("a bare repository has no index: name a commit, such as `--at HEAD`")
        with GitView.at(bare, at) as view:
            require_no_folders(bare, view)
            yield bare, {"": (Repository(bare, configuration_of(view)), view, None)}
        return
    root = judged_root(find_repo_root())
    if at == WORKTREE:
        yield root, {folder: (*read, None) for folder, read in work_trees(root).items()}
        return
    if at == INDEX:
        notice_other_index(root)
    with git_views(root, at) as views:
        read = views.items()
        yield root, {f: (repo, view, Unstaged(repo.root, view)) for f, (repo, view) in read}
