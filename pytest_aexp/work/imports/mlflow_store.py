"""Runs from an MLflow store, read by MLflow's own client."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import closest, listed, quoted, shown
from pytest_aexp.work.imports.source import (
    Columns,
    SkippedRun,
    SourceRun,
    Unusable,
    document_of,
    metrics_of,
    read_each,
    time_of_ms,
    typed_by_python,
)

_PAGE = 1000
"""As many runs as MLflow's client asks for by itself."""
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_SQLITE = b"SQLite format 3\0"


def mlflow_runs(
    uri: str, experiments: Mapping[str, str], columns: Columns
) -> Iterator[SourceRun | SkippedRun]:
    """The runs of a store, the earliest first.

    ``experiments`` has an experiment id for each name; ``""`` stands for every experiment.
    Raises UsageError if MLflow is not installed, or cannot open the store.
    """
    uri, folder = _tracking_uri(uri)
    client = _client(uri)
    try:
        ids = {e.name: e.experiment_id for e in client.search_experiments()}
        wanted = _wanted(ids, experiments)
        for name, experiment in wanted.items():
            # A folder is read run by run, since MLflow's search ends at the first damaged one.
            read = partial(_in_folder, client, folder) if folder else partial(_search, client)
            runs, damaged = read(ids[name])
            by_name = ((f"run {run.info.run_id}", (name, run)) for run in runs)
            of_one = partial(_run, uri=uri, experiment=experiment, columns=columns)
            yield from read_each(by_name, of_one)
            yield from damaged
    except _mlflow_exception() as error:
        raise UsageError(f"MLflow cannot read {uri}: {error}") from error


def _tracking_uri(uri: str) -> tuple[str, Path | None]:
    """What MLflow takes for a file or a folder; for a folder of runs, that as well."""
    path = Path(uri.removeprefix("sqlite:///").removeprefix("file://").removeprefix("file:"))
    if "://" in uri and not uri.startswith(("sqlite:", "file:")):
        return uri, None
    if path.is_dir():
        # Newer versions refuse the old store, if only to write to it, unless they are told.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        return path.resolve().as_uri(), path
    if not path.is_file():
        raise UsageError(f"there is no MLflow store at {uri}: give mlflow.db, mlruns/ or a URI")
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            raise UsageError(f"{path} is not an MLflow database: it is not SQLite")
    return f"sqlite:///{path.resolve()}", None


def _client(uri: str) -> Any:
    # Here, since it is installed only where it is wanted.
    try:
        from mlflow.tracking import MlflowClient
    except ModuleNotFoundError as error:
        raise UsageError(
            f"MLflow is not installed here: run `{sys.executable} -m pip install mlflow`, "
            "then the import again"
        ) from error
    try:
        return MlflowClient(tracking_uri=uri)
    except (_mlflow_exception(), ImportError) as error:
        raise UsageError(f"MLflow cannot open {uri}: {error}") from error


def _mlflow_exception() -> type[Exception]:
    # Here for the same reason.
    from mlflow.exceptions import MlflowException

    exception: type[Exception] = MlflowException
    return exception


def _wanted(ids: Mapping[str, str], experiments: Mapping[str, str]) -> dict[str, str]:
    if "" in experiments:
        return dict.fromkeys(sorted(ids), experiments[""])
    for name in experiments:
        if name not in ids:
            near = closest(name, ids)
            which = f"did you mean {quoted(near)}?" if near else f"there is {listed(ids, 20)}"
            raise UsageError(f"the store has no experiment {quoted(name)}; {which}")
    return dict(experiments)


def _search(client: Any, experiment_id: str) -> tuple[list[Any], list[SkippedRun]]:
    runs, token = [], None
    # Page by page: a server refuses to send more than 50,000 at once.
    while True:
        # 3 is every run, the deleted ones as well.
        page = client.search_runs([experiment_id], "", 3, _PAGE, page_token=token)
        runs += page
        token = page.token
        if not token:
            return sorted(runs, key=_place), []


def _in_folder(client: Any, folder: Path, experiment_id: str) -> tuple[list[Any], list[SkippedRun]]:
    """The runs of an experiment in the old store, then those that MLflow cannot read."""
    # Here, since MLflow brings it.
    from yaml import YAMLError

    runs, damaged = [], []
    for path in sorted((folder / experiment_id).iterdir()):
        if not _RUN_ID.fullmatch(path.name):
            continue
        try:
            runs.append(client.get_run(path.name))
        except (_mlflow_exception(), YAMLError, ValueError, TypeError, LookupError) as error:
            reason = f"is damaged: MLflow cannot read it: {shown(str(error), 200)}"
            damaged.append(SkippedRun(f"run {path.name}", reason, damaged=True))
    return sorted(runs, key=_place), damaged


def _place(run: Any) -> tuple[int, str]:
    return run.info.start_time or 0, run.info.run_id


def _run(
    name: str, source: tuple[str, Any], *, uri: str, experiment: str, columns: Columns
) -> SourceRun:
    project, run = source
    info, tags = run.info, run.data.tags
    if info.lifecycle_stage == "deleted":
        raise Unusable("was deleted in MLflow", damaged=False)
    started, ended = info.start_time, info.end_time
    document = document_of(
        {
            "status": info.status,
            "started_at": time_of_ms(started),
            "ended_at": time_of_ms(ended),
            "wallclock_s": (ended - started) / 1000 if started and ended else None,
            "code_commit": tags.get("mlflow.source.git.commit"),
            "tracker": _tracker(uri, project, run),
        }
    )
    parameters = _chosen(run.data.params, columns.parameters)
    metrics = metrics_of(run.data.metrics, columns.metrics)
    return SourceRun(name, parameters, metrics, document, info.run_id, experiment)


def _chosen(params: Mapping[str, str], names: Sequence[str]) -> dict[str, Any]:
    chosen = {name: typed_by_python(params[name]) for name in names or params if name in params}
    if not chosen:
        which = f"none of the parameters {listed(names)}" if names else "no parameters"
        raise Unusable(f"has {which}")
    return chosen


def _tracker(uri: str, project: str, run: Any) -> dict[str, str]:
    info = run.info
    tracker = {"backend": "mlflow", "run_id": info.run_id, "project": project}
    if group := run.data.tags.get("mlflow.parentRunId"):
        tracker["group"] = group
    if uri.startswith(("http://", "https://")):
        where = f"#/experiments/{info.experiment_id}/runs/{info.run_id}"
        tracker["url"] = f"{uri.rstrip('/')}/{where}"
    return tracker
