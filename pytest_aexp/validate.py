"""`validate_repo`: check a repository from Python, as agentic-experiments does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pytest_aexp.ground.repository import find_repo_root
from pytest_aexp.ground.settings.configuration import StrictRuns, parse_strict_runs
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.problems import Policy
from pytest_aexp.work.check.checker import Checker, judge_repository
from pytest_aexp.work.scope.projects import judged_root, merged, work_trees

__all__ = ["Issue", "StrictRuns", "ValidateResult", "validate_repo"]

_Mode = Literal["full", "runs-only"]


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem as `validate_repo` returns it; ``path`` is relative to the repository."""

    code: str
    message: str
    severity: str = "error"
    path: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class ValidateResult:
    """The issues of a repository."""

    issues: list[Issue]

    def __len__(self) -> int:
        return len(self.issues)

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.issues)

    def __bool__(self) -> bool:
        return True  # also without an issue: ``ok`` says whether there is an error

    @property
    def errors(self) -> list[Issue]:
        """The issues that fail the check."""
        return [issue for issue in self.issues if issue.severity == "error"]

    @property
    def warnings(self) -> list[Issue]:
        """The issues that do not."""
        return [issue for issue in self.issues if issue.severity == "warning"]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def validate_repo(
    repo_root: str | Path | None = None,
    *,
    mode: _Mode = "full",
    strict_runs: StrictRuns | None = None,
) -> ValidateResult:
    """Judge every citation and every ledger entry of a repository's working tree.

    ``strict_runs`` defaults to what the repository configures. ``mode`` is taken from callers of
    agentic-experiments; runs and their citations are all there is here, so both say the same.
    Raises RepositoryNotFound, ConfigurationError, and ValueError for an unknown strictness or mode.
    """
    if mode not in get_args(_Mode):
        raise ValueError(f"unknown mode {quoted(str(mode))}: only runs are judged here")
    strictness = None if strict_runs is None else parse_strict_runs(strict_runs)
    nearest = find_repo_root() if repo_root is None else Path(repo_root).resolve()
    outcomes = {}
    for folder, (repository, view) in work_trees(judged_root(nearest)).items():
        policy = Policy.of(repository.configuration, strictness)
        outcomes[folder] = judge_repository(Checker(repository, view, policy))
    issues = [
        Issue(p.code, p.message, p.severity, p.path, f"{p.line}:{p.column} {p.fix}")
        for p in merged(outcomes).problems
    ]
    return ValidateResult(issues)
