"""One outcome for the repositories in folders of one git work tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pytest_aexp.ground.git.projects import projects_below, require_one_root
from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.repository import CONFIG, CONFIG_LIMIT, Repository, configuration_in
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.problems import Outcome, Problem


def work_trees(root: Path) -> dict[str, tuple[Repository, WorkTree]]:
    """The repositories at and below ``root`` as they are in its folder, by their own folder.

    Raises UsageError, ConfigurationError.
    """
    require_one_root(root)
    folders = projects_below(root, WorkTree(root))
    repositories = {folder: Repository.open(root / folder) for folder in folders}
    return {folder: (repo, WorkTree(repo.root)) for folder, repo in repositories.items()}


@contextmanager
def git_views(root: Path, revision: str) -> Iterator[dict[str, tuple[Repository, GitView]]]:
    """The same as they are in the index or in a commit. Raises UsageError, GitError."""
    require_one_root(root)
    with GitView.at(root, revision) as top:
        folders = projects_below(root, top)
        views = {
            folder: GitView.at(root / folder, revision) if folder else top for folder in folders
        }
        try:
            yield {
                folder: (_configured(root / folder, view), view) for folder, view in views.items()
            }
        finally:
            for view in views.values():
                view.close()


def _configured(root: Path, view: View) -> Repository:
    return Repository(root, configuration_in(view.read(CONFIG, CONFIG_LIMIT)))


def merged(outcomes: Mapping[str, Outcome]) -> Outcome:
    """The outcome of all repositories, given that of each by its folder."""
    return combined(
        [
            replace(outcome, problems=tuple(_below(folder, p) for p in outcome.problems))
            if folder
            else outcome
            for folder, outcome in outcomes.items()
        ]
    )


def combined(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of several checks, of which what was found is reported once."""
    if len(outcomes) == 1:
        return outcomes[0]
    findings = [each.findings for each in outcomes if each.findings is not None]
    return Outcome(
        tuple(dict.fromkeys(problem for each in outcomes for problem in each.problems)),
        sum(each.entries for each in outcomes),
        sum(findings) if findings else None,
        sum(each.citations for each in outcomes),
        sum(each.unjudged for each in outcomes),
    )


def _below(folder: str, problem: Problem) -> Problem:
    return problem.but(path=f"{folder}/{problem.path}", fix=f"in {folder}: {problem.fix}")
