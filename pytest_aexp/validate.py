"""`validate_repo`: check a repository from Python, as agentic-experiments does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pytest_aexp.ground.repository import Repository, StrictRuns, parse_strict_runs
from pytest_aexp.ground.text import Position, quoted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Policy, Problem
from pytest_aexp.work.check.checker import Checker, judge_repository

__all__ = ["Issue", "StrictRuns", "ValidateResult", "validate_repo"]

_Mode = Literal["full", "runs-only"]


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem as `validate_repo` has always told it; ``path`` is relative to the repository."""

    code: str
    message: str
    severity: str = "error"
    path: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class ValidateResult:
    """The issues of a repository."""

    issues: list[Issue]

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
    repository = Repository.open(repo_root)
    configured = repository.configuration
    strictness = configured.strict_runs if strict_runs is None else parse_strict_runs(strict_runs)
    policy = Policy(strictness, configured.severity)
    outcome = judge_repository(Checker(repository, WorkTree(repository.root), policy))
    return ValidateResult([_issue(problem) for problem in outcome.problems])


def _issue(problem: Problem) -> Issue:
    position = Position(problem.line, problem.column)
    detail = f"{position.line}:{position.column} {problem.fix}"
    return Issue(problem.code, problem.message, problem.severity, problem.path, detail)
