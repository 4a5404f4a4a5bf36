"""Runs as signac jobs: the store; creating, opening and finding runs; their life."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import NotPromotable, RunNotFound, RunStoreNotInitialized
from pytest_aexp.ground.files import size
from pytest_aexp.ground.jsontext import dump
from pytest_aexp.ground.text import quoted, shown
from pytest_aexp.model.entry import DEPTH_LIMIT, ENTRY_LIMIT, TERMINAL_STATUSES
from pytest_aexp.model.job_id import value_key
from pytest_aexp.model.run_attempt import STATUSES
from pytest_aexp.model.run_store import RunFiles, RunStore, run_link_of
from pytest_aexp.model.short_id import full_job_id
from pytest_aexp.work.runs.code_state import code_state
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.runs.lifecycle import run_lifecycle
from pytest_aexp.work.runs.run_link import put_link, run_link
from pytest_aexp.work.runs.status import checked_status, mark_status, set_missing
from pytest_aexp.work.signac_store import (
    Job,
    Project,
    get_run_store,
    init_run_store,
    opened_for,
    own_words,
    require_openable_run,
)

__all__ = [
    "STATUSES",
    "TERMINAL_STATUSES",
    "RunNotFound",
    "RunStoreNotInitialized",
    "create_run",
    "find_runs",
    "get_run_store",
    "init_run_store",
    "mark_status",
    "open_run",
    "run_lifecycle",
]


_IDS = ("experiment_id", "hypothesis_id", "sub_hypothesis_id")


def create_run(  # noqa: PLR0913 - callers know this signature
    *,
    experiment_id: str,
    statepoint: Mapping[str, Any] | None = None,
    hypothesis_id: str | None = None,
    sub_hypothesis_id: str | None = None,
    experiment_path: str | None = None,
    repo_root: str | Path | None = None,
    init_doc: Mapping[str, Any] | None = None,
    include_commit: bool = True,
) -> Job:
    """The signac job of a run of an experiment, created if the store has none with its statepoint.

    The statepoint is made of the ids that are given, of ``code_commit`` and ``code_dirty`` (from
    git, unless ``include_commit`` is False or ``statepoint`` has them) and of ``statepoint``. The
    document gets the run link, ``status``, ``created_at`` and ``init_doc``. Raises ValueError for
    an id or a statepoint that cannot be one, RunStoreNotInitialized, AexpError, OSError.
    """
    link = run_link(experiment_id, hypothesis_id, sub_hypothesis_id, experiment_path)
    project = get_run_store(repo_root)
    ids = (experiment_id, hypothesis_id, sub_hypothesis_id)
    identity: dict[str, Any] = {name: v for name, v in zip(_IDS, ids, strict=True) if v is not None}
    given = _given(statepoint, identity)
    if include_commit:
        commit, dirty = code_state(opened_for(project) or Path(project.path))
        identity |= {"code_commit": commit, "code_dirty": dirty}
    job = _initialised(project, identity | given)

    def register(document: dict[str, Any]) -> None:
        put_link(document, link)
        document.setdefault("status", "created")
        set_missing(document, "created_at")
        document.update(init_doc or {})

    RunDocument(job).edit(register)
    return job


def _given(statepoint: object, ids: Mapping[str, Any]) -> dict[str, Any]:
    """The statepoint that was given; raises ValueError if it is none, or contradicts ``ids``."""
    if statepoint is None:
        return {}
    if not isinstance(statepoint, Mapping):
        raise ValueError(  # noqa: TRY004 - as for everything else that cannot be a statepoint
            'a statepoint is a mapping of parameters to values, such as {"seed": 3}, and no '
            f"{type(statepoint).__name__}"
        )
    for name, value in ids.items():
        other = statepoint.get(name, value)
        if other != value:
            said = quoted(other) if isinstance(other, str) else f"a {type(other).__name__}"
            raise ValueError(
                f"the run is of {quoted(value)}, but {name} in its statepoint is {said}: leave "
                f"{name} out of the statepoint"
            )
    return dict(statepoint)


def _initialised(project: Project, statepoint: dict[str, Any]) -> Job:
    _refuse_too_deep(statepoint)
    try:
        job = project.open_job(statepoint)
        # As signac reads it: numpy's numbers have become Python's.
        known = job.statepoint()
    except (TypeError, ValueError) as error:
        said = shown(str(error), 200) or "it holds something that is not JSON"
        raise ValueError(f"the statepoint cannot be used: {said}") from error
    _refuse_not_json(known)
    _refuse_too_large(known)
    require_openable_run(job.path)
    with own_words(f"run {job.id} cannot be created"):
        return job.init()


def _refuse_too_deep(statepoint: dict[str, Any]) -> None:
    level: list[Any] = [statepoint]
    for _ in range(DEPTH_LIMIT - 1):
        inside = chain.from_iterable(v.values() if isinstance(v, Mapping) else v for v in level)
        nested = {id(v): v for v in inside if isinstance(v, Mapping | list | tuple)}
        if not nested:
            return
        level = list(nested.values())
    raise NotPromotable(
        f"the statepoint is nested {DEPTH_LIMIT} deep or more, or contains itself, so the run "
        "could never enter the ledger; nest less, or keep it in a file"
    )


def _refuse_too_large(statepoint: dict[str, Any]) -> None:
    length = len(dump({"statepoint": statepoint}))
    if length > ENTRY_LIMIT:
        raise NotPromotable(
            f"the statepoint takes {length:,} bytes, so the run could never enter the ledger, "
            f"where {size(ENTRY_LIMIT)} is the most; keep what is so large in a file"
        )


def _refuse_not_json(statepoint: dict[str, Any]) -> None:
    for pointer, value in _leaves("", statepoint):
        if isinstance(value, float) and not math.isfinite(value):
            raise NotPromotable(
                f"the statepoint's {shown(pointer)} is {value}, which is not valid JSON, so the "
                'run could never enter the ledger; write it as text ("nan") or as None'
            )


def _leaves(pointer: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{pointer}.{key}" if pointer else str(key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(f"{pointer}[{index}]", inner)
    else:
        yield pointer, value


def open_run(job_id: str, *, repo_root: str | Path | None = None) -> Job:
    """The signac job with that id, or the only one whose id begins so.

    Raises RunNotFound, AmbiguousRun, RunStoreNotInitialized, AexpError.
    """
    project = get_run_store(repo_root)
    full = full_job_id(job_id, _files_of(project).job_ids)
    try:
        return project.open_job(id=full)
    except LookupError as error:
        raise RunNotFound(f"run {full} has just been removed from the run store") from error


def find_runs(
    *,
    experiment_id: str | None = None,
    hypothesis_id: str | None = None,
    status: str | None = None,
    repo_root: str | Path | None = None,
    **sp_filters: Any,
) -> list[Job]:
    """The signac jobs of the runs that fit all that is asked, by job id.

    A run belongs to an experiment or a hypothesis if its statepoint or its run link says so.
    ``sp_filters`` are values that its statepoint must have, equal as JSON; a mapping,
    and a key with a dot or a dollar sign, is put to signac's own search. A run whose files
    cannot be used is left out. Raises ValueError for an unknown status, RunStoreNotInitialized,
    AexpError.
    """
    if status is not None:
        checked_status(status)
    project = get_run_store(repo_root)
    store = _files_of(project)
    asked = {"experiment_id": experiment_id, "hypothesis_id": hypothesis_id}
    plain = {k: v for k, v in sp_filters.items() if not _is_query(k, v)}
    found = [
        job_id
        for job_id in sorted(store.job_ids)
        if _fits(store.files(job_id), asked, status, plain)
    ]
    if len(plain) < len(sp_filters):
        found = _searched(project, found, {k: sp_filters[k] for k in sp_filters.keys() - plain})
    return [project.open_job(id=job_id) for job_id in found]


def _files_of(project: Project) -> RunStore:
    store = RunStore(Path(project.path), str(project.path))
    store.require_listing()
    return store


def _fits(
    files: RunFiles, asked: dict[str, str | None], status: str | None, values: dict[str, Any]
) -> bool:
    statepoint = files.statepoint
    if statepoint is None or (status is not None and files.document.get("status") != status):
        return False
    link = run_link_of(files.document)
    said = [part for part in (statepoint, link) if isinstance(part, dict)]
    return all(
        value is None or any(part.get(name) == value for part in said)
        for name, value in asked.items()
    ) and all(
        name in statepoint and value_key(statepoint[name]) == value_key(value)
        for name, value in values.items()
    )


def _is_query(key: str, value: Any) -> bool:
    is_plain = value is None or isinstance(value, str | int | float | list)
    return not is_plain or "." in key or key.startswith("$")


def _searched(project: Project, job_ids: list[str], filters: dict[str, Any]) -> list[str]:
    for job_id in _files_of(project).job_ids:
        require_openable_run(f"{project.workspace}/{job_id}")
    with own_words("signac cannot search the run store"):
        fitting = {job.id for job in project.find_jobs(filters)}
    return [job_id for job_id in job_ids if job_id in fitting]
