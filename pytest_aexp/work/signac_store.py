"""The run store as signac opens it, and the repository whose store it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from pytest_aexp.ground.errors import (
    AexpError,
    ConfigurationError,
    NotPromotable,
    RunStoreNotInitialized,
)
from pytest_aexp.ground.files import unopenable
from pytest_aexp.ground.find_root import nearest_root
from pytest_aexp.ground.repository import DEFAULT_RUN_STORE, Repository
from pytest_aexp.model.runs.run_files import DOCUMENT, FILE_LIMIT, STATEPOINT

Project: TypeAlias = Any
"""A ``signac.Project``; signac has no types."""
Job: TypeAlias = Any
"""A ``signac.job.Job``."""

_STORE_FILES = (".signac/config", ".signac/statepoint_cache.json.gz", "signac.rc")
_OPENED_FOR = "aexp_repository"
"""The attribute of a project that says for which repository it was opened. It goes with the
project, into other processes too, wherever they run."""


def signac_library() -> Any:
    """The module ``signac``; raises AexpError that says how to install it."""
    try:
        # An extra: checking citations does without it.
        import signac  # type: ignore[import-untyped]
    except ImportError as error:
        raise AexpError(
            "runs are kept by signac, which is not installed: pip install 'pytest-aexp[runs]'"
        ) from error
    return signac


@contextmanager
def own_words(what: str) -> Iterator[None]:
    """Turn what signac raises into an AexpError that begins with ``what``."""
    signac = signac_library()
    try:
        yield
    except AexpError:
        raise
    except signac.errors.Error as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AexpError(f"{what}: {reason}") from error


def require_openable(*paths: str | Path) -> None:
    """Raise AexpError for a file that signac would wait for, or read without end."""
    for path in paths:
        fault = unopenable(path, FILE_LIMIT)
        if fault is not None:
            raise AexpError(
                f"{path} {fault.reason}, so signac must not open it: restore or remove it"
            )


def require_openable_store(store: Path) -> None:
    """The same for the files of a run store, those of its runs aside."""
    require_openable(*(store / name for name in _STORE_FILES))


def require_openable_run(folder: str | Path) -> None:
    """The same for the files of one run, which lie in ``folder``."""
    require_openable(*(f"{folder}/{name}" for name in (STATEPOINT, DOCUMENT)))


def init_run_store(repo_root: str | Path, path: str | Path = DEFAULT_RUN_STORE) -> Project:
    """The signac project at ``path`` in the repository, made if there is none.

    ``path`` may be absolute, and may be a link to a folder that does not exist yet. Raises
    AexpError, OSError.
    """
    signac = signac_library()
    root = Path(repo_root).resolve()
    store = root / path
    require_openable_store(store)
    # mkdir would refuse a link whose target does not exist yet.
    store.resolve().mkdir(parents=True, exist_ok=True)
    with own_words(f"no run store can be made at {store}"):
        return _noted(root, signac.init_project(path=str(store)))


def get_run_store(repo_root: str | Path | None = None) -> Project:
    """The repository's run store, where the configuration says it is, as a signac project.

    A signac project further up is never taken for it. Raises RunStoreNotInitialized, AexpError.
    """
    repository = Repository.open(repo_root)
    signac = signac_library()
    store = repository.run_store
    require_openable_store(store)
    try:
        with own_words(f"the run store {store} cannot be opened"):
            # By default signac searches the folders above, too.
            return _noted(repository.root, signac.get_project(path=str(store), search=False))
    except LookupError as error:
        raise no_run_store(store) from error


def no_run_store(path: Path) -> RunStoreNotInitialized:
    """The error of a repository without a run store."""
    return RunStoreNotInitialized(
        f"there is no run store (a signac project) at {path}: run `aexp install`"
    )


def opened_for(project: Project) -> Path | None:
    """The root of the repository that a project was opened for here; None if by signac itself."""
    return getattr(project, _OPENED_FOR, None)


def _noted(root: Path, project: Project) -> Project:
    setattr(project, _OPENED_FOR, root)
    return project


def repository_of(job: Job) -> Path:
    """The root of the repository that a run's ledger entry belongs to.

    That is the repository its store was opened for; else, of the repositories around the current
    folder, the store and (if that is a link) the store's target, the first whose run store it is;
    else the nearest one that the store lies in. Raises NotPromotable if there is none.
    """
    opened = opened_for(job.project)
    if opened is not None:
        return opened
    store = Path(os.path.abspath(job.project.path))
    target = Path(os.path.realpath(store))
    around = [*_roots_above(store), *_roots_above(target)]
    here: list[Path] = []
    with suppress(OSError):  # the current folder was removed
        here += _roots_above(Path.cwd())
    for root in (*here, *around):
        with suppress(ConfigurationError, ValueError):  # ValueError: a path that no file can have
            if os.path.realpath(Repository.open(root).run_store) == str(target):
                return root
    if around:
        return around[0]
    raise NotPromotable(
        f"no repository has its run store at {store}: change into the repository and "
        f'see that its pyproject.toml says run_store = "{store}" under [tool.aexp]'
    )


def _roots_above(start: Path) -> Iterator[Path]:
    root = nearest_root(start)
    while root is not None:
        yield root
        root = nearest_root(root.parent) if root.parent != root else None
