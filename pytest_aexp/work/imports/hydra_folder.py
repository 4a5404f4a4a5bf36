"""Runs from the folders that Hydra writes: overrides, configuration, and a file of metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable, read_bounded
from pytest_aexp.ground.jsontext import exact_float, syntax_error
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml import values as yaml_values
from pytest_aexp.model.job_id import is_number
from pytest_aexp.model.query.match import MISSING, nested
from pytest_aexp.model.query.table import flat
from pytest_aexp.work.imports.source import (
    Columns,
    SkippedRun,
    SourceRun,
    Unusable,
    document_of,
    metrics_of,
    read_each,
    typed,
)

_LARGEST_FILE = 1 << 24
"""A glob for files of metrics may match a checkpoint, which is not to be read whole."""
_NOT_METRICS = ("status", "started_at", "ended_at", "code_commit")
"""Keys of the file of metrics that say how the run ended."""


def hydra_runs(
    folder: Path, columns: Columns, metrics_file: str
) -> Iterator[SourceRun | SkippedRun]:
    """The runs below a folder of Hydra's, such as ``multirun/``, by path. Raises UsageError."""
    try:
        next(folder.glob(metrics_file), None)
    except (ValueError, NotImplementedError) as error:
        raise UsageError(
            f"--metrics-file {quoted(metrics_file)} does not fit a file in the folder of a run: "
            "give a name or a glob, such as 'out/*.json'"
        ) from error
    kept = sorted(path.parent for path in folder.rglob(".hydra") if path.is_dir())
    if not kept:
        raise UsageError(f"no run of Hydra was found below {folder}: no folder has a .hydra/")
    named = ((run.relative_to(folder).as_posix(), run) for run in kept)
    yield from read_each(named, lambda name, run: _run(name, run, columns, metrics_file))


def _run(name: str, run: Path, columns: Columns, metrics_file: str) -> SourceRun:
    config = _yaml(run / ".hydra/config.yaml")
    if not isinstance(config, dict):
        raise Unusable("has no mapping in .hydra/config.yaml")
    names = columns.parameters
    parameters = _chosen(config, _choices(run), names) if names else config
    files = sorted(path for path in run.glob(metrics_file) if path.is_file())
    if not files:
        reason = f"has no {metrics_file}: it has not finished, or --metrics-file is another"
        raise Unusable(reason, damaged=False)
    if len(files) > 1:
        names = ", ".join(path.relative_to(run).as_posix() for path in files[:3])
        raise Unusable(f"has {len(files)} files that match {metrics_file}: {names}")
    content = _json(files[0])
    # Hydra keeps no time of the end; the metrics are what a run writes last.
    ended = datetime.fromtimestamp(int(files[0].stat().st_mtime), UTC).isoformat()
    outcome = {key: content.pop(key) for key in _NOT_METRICS if key in content}
    numbers = {key: v for key, v in flat(content).items() if v is None or is_number(v)}
    metrics = metrics_of(numbers, columns.metrics)
    return SourceRun(name, parameters, metrics, document_of({"ended_at": ended, **outcome}), name)


def _chosen(
    config: dict[str, Any], choices: dict[str, Any], parameters: Sequence[str]
) -> dict[str, Any]:
    """The parameters that were asked for: a choice of a group is the name that was chosen."""
    chosen = {}
    for name in parameters:
        value = nested(config, name)
        if value is MISSING or isinstance(value, dict):
            value = choices.get(name, value)
        if value is MISSING:
            raise Unusable(f"has no parameter {quoted(name)} in .hydra/config.yaml")
        chosen[name] = value
    return chosen


def _choices(run: Path) -> dict[str, Any]:
    """The choice of each group: as Hydra keeps it, or, before 1.1, as it was typed."""
    settings = _yaml(run / ".hydra/hydra.yaml") if (run / ".hydra/hydra.yaml").is_file() else None
    choices = nested(settings, "hydra.runtime.choices")
    if isinstance(choices, dict):
        return choices
    lines = _yaml(run / ".hydra/overrides.yaml")
    pairs = (str(line).partition("=") for line in (lines if isinstance(lines, list) else ()))
    return {key.lstrip("+~"): typed(value) for key, equals, value in pairs if equals}


def _yaml(path: Path) -> Any:
    try:
        node = nodes.parse(_read(path).decode())
        return None if node is None else yaml_values.value(node)
    except (nodes.YamlFault, UnicodeDecodeError) as error:
        raise Unusable(f"cannot be read: .hydra/{path.name}: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read(path), parse_float=exact_float)
    except json.JSONDecodeError as error:
        what, at = syntax_error(error)
        place = f"{path.name}:{at.line}:{at.column}"
        raise Unusable(f"cannot be read: {place}: it is not JSON: {what}") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"cannot be read: {path.name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise Unusable(f"cannot be read: {path.name} is not a JSON object")
    return content


def _read(path: Path) -> bytes:
    data = read_bounded(path, _LARGEST_FILE)
    if isinstance(data, Unreadable):
        raise Unusable(f"cannot be read: {path.name} {data.reason}")
    return data
