"""Runs as signac jobs: the store; creating, opening and finding runs; their life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import InvalidValue, RunNotFound, RunStoreNotInitialized
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import read_configuration
from pytest_aexp.ground.text import shown
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.job_id import value_key
from pytest_aexp.model.query.match import query
from pytest_aexp.model.runs.run_attempt import STATUSES
from pytest_aexp.model.runs.run_files import RunFiles, run_link_of
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.promote.project import as_entry
from pytest_aexp.work.runs.code_state import code_state, put_code
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.runs.lifecycle import run_lifecycle
from pytest_aexp.work.runs.run_link import put_link, run_link
from pytest_aexp.work.runs.statepoint import (
    LOCAL_KEY,
    given_statepoint,
    plain,
    require_promotable,
    require_shallow,
    split_local,
    warn_of_redaction,
)
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
    include_commit: bool | None = None,
    local: Mapping[str, Any] | None = None,
) -> Job:
    """The signac job of a run of an experiment, created if the store has none with its statepoint.

    The statepoint is made of the ids that are given, of ``statepoint`` and, unless
    ``[tool.aexp.runs] identity`` is "parameters" (``include_commit`` overrides it), of
    ``code_commit`` and ``code_dirty``: the latest commit that changed the code, and whether the
    code differs from it. ``local`` are values of this machine, as are those that
    ``[tool.aexp.runs] local`` names: they are kept in the document and are in neither statepoint
    nor ledger. The document gets the run link, ``status``, ``created_at`` and ``init_doc``. Raises
    ValueError for an invalid id or statepoint, RunStoreNotInitialized, AexpError,
    OSError.
    """
    link = run_link(experiment_id, hypothesis_id, sub_hypothesis_id, experiment_path)
    project = get_run_store(repo_root)
    root = opened_for(project) or Path(project.path)
    configuration = read_configuration(root)
    ids = (experiment_id, hypothesis_id, sub_hypothesis_id)
    identity: dict[str, Any] = {name: v for name, v in zip(_IDS, ids, strict=True) if v is not None}
    given = given_statepoint(statepoint, identity)
    given, of_machine = split_local(given, configuration.runs.local)
    code = code_state(root, configuration)
    in_statepoint = configuration.runs.identity == "parameters+code"
    if in_statepoint if include_commit is None else include_commit:
        identity |= code.fields
    job = _initialised(project, identity | given)

    def register(document: dict[str, Any]) -> None:
        put_link(document, link)
        # A run that is registered again may have begun, or ended.
        document.setdefault("status", "created")
        set_missing(document, "created_at")
        put_code(document, job.statepoint(), code)
        if of_machine or local:
            document[LOCAL_KEY] = plain({**of_machine, **(local or {})})
        document.update(init_doc or {})

    RunDocument(job).edit(register)
    return job


def _initialised(project: Project, statepoint: dict[str, Any]) -> Job:
    require_shallow(statepoint)
    try:
        parameters = plain(statepoint)
        job = project.open_job(parameters)
        registered = job.statepoint()
    except (TypeError, ValueError) as error:
        what = shown(str(error), 200) or "it holds something that is not JSON"
        raise InvalidValue(f"the statepoint cannot be used: {what}") from error
    require_promotable(registered)
    require_openable_run(job.path)
    is_new = not Path(job.path).exists()
    with own_words(f"run {job.id} cannot be created"):
        job.init()
    # Once: whoever registers the run again has been warned.
    if is_new:
        warn_of_redaction(job.id, registered)
    return job


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
    where: str | Iterable[str] = (),
    repo_root: str | Path | None = None,
    **sp_filters: Any,
) -> list[Job]:
    """The signac jobs of the runs that fit every condition, by job id.

    A run belongs to an experiment or a hypothesis if its statepoint or its run link says so.
    ``where`` takes the conditions of `aexp ledger list`: ``"seed!=3 ended>2026-05-01"``.
    ``sp_filters`` are values that its statepoint must have, equal as JSON; a mapping,
    and a key with a dot or a dollar sign, is passed to signac's own search. A run whose files
    cannot be used is left out. Raises ValueError for an unknown status, RunStoreNotInitialized,
    UsageError, AexpError.
    """
    if status is not None:
        checked_status(status)
    fits = query(where).matcher()
    project = get_run_store(repo_root)
    store = _files_of(project)
    wanted = {"experiment_id": experiment_id, "hypothesis_id": hypothesis_id}
    queries = dict(sp_filters)
    for key, value in sp_filters.items():
        with suppress(ValueError):  # signac's own search reports what is wrong with it
            queries[key] = plain(value)
    simple = {
        key: value
        for key, value in queries.items()
        if not ("." in key or key.startswith("$"))
        and (value is None or isinstance(value, str | int | float | list))
    }
    job_ids = [
        job_id
        for job_id in sorted(store.job_ids)
        if _fits(store.files(job_id), wanted, status, simple)
    ]
    if where:
        root = opened_for(project) or Path(project.path)
        repository = Repository(root, read_configuration(root))
        job_ids = [j for j in job_ids if fits(as_entry(repository, j, store.files(j)))]
    # signac reads the whole store, so it gets only what it alone understands.
    if len(simple) < len(queries):
        left = {key: queries[key] for key in queries.keys() - simple.keys()}
        job_ids = _searched(project, job_ids, left)
    return [project.open_job(id=job_id) for job_id in job_ids]


def _files_of(project: Project) -> RunStore:
    store = RunStore(Path(project.path), str(project.path))
    store.require_listing()
    return store


def _fits(
    files: RunFiles, wanted: dict[str, str | None], status: str | None, values: dict[str, Any]
) -> bool:
    statepoint = files.statepoint
    if statepoint is None or (status is not None and files.document.get("status") != status):
        return False
    link = run_link_of(files.document)
    sources = [part for part in (statepoint, link) if isinstance(part, dict)]
    return all(
        value is None or any(part.get(name) == value for part in sources)
        for name, value in wanted.items()
    ) and all(
        name in statepoint and value_key(statepoint[name]) == value_key(value)
        for name, value in values.items()
    )


def _searched(project: Project, job_ids: list[str], filters: dict[str, Any]) -> list[str]:
    # signac reads each run's files, and would wait forever for one that is a named pipe.
    for job_id in _files_of(project).job_ids:
        require_openable_run(f"{project.workspace}/{job_id}")
    with own_words("signac cannot search the run store"):
        fitting = {job.id for job in project.find_jobs(filters)}
    return [job_id for job_id in job_ids if job_id in fitting]
