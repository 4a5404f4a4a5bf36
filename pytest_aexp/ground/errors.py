"""Errors that end a command. Bad data never raises one: it becomes a problem."""

from __future__ import annotations


class AexpError(Exception):
    """The root of everything pytest-aexp raises on purpose."""


class UsageError(AexpError):
    """The request itself cannot be carried out as it was put."""


class InvalidValue(UsageError, ValueError):
    """A value that cannot be used, such as an id of the wrong form."""


class GitError(AexpError):
    """git is missing, or refused what was asked of it."""


class RepositoryNotFound(AexpError, RuntimeError):
    """No folder from here upwards holds ``.git`` or a ledger."""


class ConfigurationError(AexpError):
    """``[tool.aexp]`` in pyproject.toml cannot be used."""

    def __str__(self) -> str:
        return f"pyproject.toml: {super().__str__()}"


class NotCheckedOut(AexpError):
    """A sparse checkout leaves out files without which nothing can be judged."""


class RunStoreNotInitialized(AexpError, RuntimeError):
    """The repository has no run store (a signac project) where one is configured."""


class RunNotFound(AexpError, LookupError):
    """No run in the store has the id that was given."""


class AmbiguousRun(RunNotFound):
    """A prefix of a job id fits several runs."""


class NotPromotable(AexpError, ValueError):
    """A run that cannot enter the ledger: not finished, or its statepoint is not valid JSON."""
