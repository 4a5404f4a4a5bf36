"""Repositories in folders of one git work tree: each has its own ledger, findings, settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_aexp.ground.errors import ConfigurationError, GitError, UsageError
from pytest_aexp.ground.find_root import (
    BLOCK_FILES,
    BLOCK_LIMIT,
    BLOCK_MARK,
    git_top,
    nearest_root,
    uses_ledger,
)
from pytest_aexp.ground.git.listing import Location, project_of
from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.repository import Repository, configuration_of
from pytest_aexp.ground.settings.configuration import Configuration
from pytest_aexp.ground.settings.globs import fixed_part
from pytest_aexp.ground.views import View, WorkTree, matching
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.problems import Outcome
from pytest_aexp.model.runs.machine_index import INDEX_DIR
from pytest_aexp.work.scope.adoption import has_adopted


def projects_below(
    root: Path,
    view: View,
    deleted: Iterable[str] | None = None,
    changed: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """The folders below ``root`` that use a ledger, relative and sorted.

    Only what is in git counts, so that every clone has the same. "" is the root itself; it is left
    out where only folders below it use a ledger, and holds the only repository where none does.
    ``deleted`` is what the commit to be deletes; git is asked for it where it is not given. Where
    ``changed`` is, all that is staged, a folder in which nothing is may be left out.
    """
    location = view.location if isinstance(view, GitView) else Location.of(root)
    is_bare = bool(location.options)
    if not (is_bare or os.path.lexists(location.top / ".git")):
        return ("",)
    try:
        paths = [*_below(location.prefix, location.control_paths(view.tree, changed))]
    except GitError:
        if isinstance(view, GitView):
            raise
        paths = [*_control_paths_on_disk(root)]
    folders = set(filter(None, map(project_of, paths)))
    blocks = [p for p in paths if p.rpartition("/")[2] in BLOCK_FILES]
    for path in blocks:
        folder = path.rpartition("/")[0]
        if folder and folder not in folders:
            data = view.read(path, BLOCK_LIMIT)
            if isinstance(data, bytes) and BLOCK_MARK in data:
                folders.add(folder)
    if deleted is None:
        deleted = location.deleted_paths(view.tree, view.revision)
    lost = set(filter(None, map(project_of, _below(location.prefix, deleted)))) - folders
    folders |= {folder for folder in lost if _has_findings(folder, view)}
    if folders and not _is_used(root, view, paths):
        return tuple(sorted(folders))
    return ("", *sorted(folders))


def _control_paths_on_disk(root: Path) -> Iterator[str]:
    """What git would list, where there is no git, or its index is damaged."""
    for here, folders, files in os.walk(root):
        names = {*folders, *files}
        if ".git" in names and here != str(root):
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in (".git", ".aexp")]
        for name in sorted(names & {".aexp", *BLOCK_FILES}):
            yield Path(here, name).relative_to(root).as_posix()


def _below(prefix: str, paths: Iterable[str]) -> Iterator[str]:
    return (path.removeprefix(prefix) for path in paths if path.startswith(prefix))


def _has_findings(folder: str, view: View) -> bool:
    """Whether a folder whose ledger is gone has findings still."""
    try:
        configuration = configuration_of(view, folder)
    except ConfigurationError:
        return True  # as below
    return any(matching(view, [f"{folder}/{glob}" for glob in configuration.findings]))


def _is_used(root: Path, view: View, paths: list[str]) -> bool:
    """Whether the top itself has a ledger, settings or findings."""
    if uses_ledger(root) or "" in map(project_of, paths):
        return True
    try:
        is_configured = configuration_of(view) != Configuration()
    except ConfigurationError:
        return True  # and refused with its reason, when its turn comes
    return is_configured or view.has_folder("kb/research/findings")


def require_no_folders(bare: Path, view: View) -> None:
    """Raise UsageError if folders in the bare repository are repositories of their own."""
    folders = [folder for folder in projects_below(bare, view) if folder]
    if folders:
        names = ", ".join(folders[:3])
        raise UsageError(
            f"{bare} is a bare repository in which folders use a ledger ({names}): "
            "these are checked in a work tree: clone it, and run the check there"
        )


def judged_root(root: Path) -> Path:
    """The folder to judge from, given the nearest one that is a repository.

    That is ``root`` where it has a ledger for findings of its own. Else it is git's top level, from
    which every repository is found: what is added to a folder must not hide the repository around
    it. Raises UsageError if it is a git repository among the findings of another, and
    ConfigurationError.
    """
    around = list(_roots_around(root))
    outer = next((outer for outer in around if _shares_findings(outer, root)), None)
    if not os.path.lexists(root / ".git"):
        is_alone = outer is None and (git_top(root) is None or _is_independent(root))
        return root if is_alone or not around else around[-1]
    if outer is not None and uses_ledger(outer):
        raise UsageError(
            f"{root} is a git repository of its own among the findings of {outer}: run the check "
            f"in {outer}, or keep its findings elsewhere"
        )
    return root


def _roots_around(root: Path) -> Iterator[Path]:
    """The repositories that ``root`` lies in, up to the first that is git's top level."""
    outer = nearest_root(root.parent)
    while outer is not None:
        yield outer
        is_top = outer == outer.parent or os.path.lexists(outer / ".git")
        outer = None if is_top else nearest_root(outer.parent)


def _shares_findings(outer: Path, root: Path) -> bool:
    """Whether a folder of findings of ``outer`` lies in ``root``, or ``root`` in it."""
    inside, is_own = os.path.realpath(root) + os.sep, os.path.lexists(root / ".git")
    for glob in Repository.open(outer).configuration.findings:
        named = fixed_part(glob)
        if is_own and not named:
            continue  # git has nothing of another repository, such as a linked work tree
        folder = os.path.realpath(outer / named) + os.sep
        if folder.startswith(inside) or inside.startswith(folder):
            return True
    return False


def _is_independent(root: Path) -> bool:
    """Whether there is a ledger, or should be one, and a finding to judge by it."""
    view = WorkTree(root)
    has_ledger = view.has_folder(LEDGER_DIR) or view.has_folder(INDEX_DIR)
    if not (has_ledger or has_adopted(root, view)):
        return False
    return any(matching(view, Repository.open(root).configuration.findings))


def work_trees(root: Path) -> dict[str, tuple[Repository, WorkTree]]:
    """The repositories at and below ``root`` as they are in its folder, by their own folder.

    Raises ConfigurationError.
    """
    folders = projects_below(root, WorkTree(root))
    repositories = {folder: Repository.open(root / folder) for folder in folders}
    return {folder: (repo, WorkTree(repo.root)) for folder, repo in repositories.items()}


@contextmanager
def git_views(root: Path, revision: str) -> Iterator[dict[str, tuple[Repository, GitView]]]:
    """The same as they are in the index or in a commit. Raises UsageError, GitError."""
    with GitView.at(root, revision) as top:
        folders = projects_below(root, top)
        views = {
            folder: GitView.at(root / folder, revision) if folder else top for folder in folders
        }
        try:
            yield {
                folder: (Repository(root / folder, configuration_of(view)), view)
                for folder, view in views.items()
            }
        finally:
            for view in views.values():
                view.close()


def merged(outcomes: Mapping[str, Outcome]) -> Outcome:
    """The outcome of all repositories, given that of each by its folder."""
    placed = []
    for folder, outcome in outcomes.items():
        problems = [
            p.but(path=f"{folder}/{p.path}", fix=f"in {folder}: {p.fix}") if folder else p
            for p in outcome.problems
        ]
        placed.append(outcome._replace(problems=tuple(problems)))
    return combined(placed)


def combined(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of several checks, of which what was found is reported once."""
    if len(outcomes) == 1:
        return outcomes[0]
    findings = [outcome.findings for outcome in outcomes if outcome.findings is not None]
    return Outcome(
        tuple(dict.fromkeys(problem for outcome in outcomes for problem in outcome.problems)),
        sum(outcome.entries for outcome in outcomes),
        sum(findings) if findings else None,
        sum(outcome.citations for outcome in outcomes),
        sum(outcome.unjudged for outcome in outcomes),
        sum(outcome.unverified for outcome in outcomes),
    )
