"""Runs from a table: a JSON object a line, or csv with a heading."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.jsontext import (
    RepeatedKey,
    exact_float,
    nested_deeper,
    syntax_error,
    unique_keys,
)
from pytest_aexp.ground.text import closest, counted, listed, quoted
from pytest_aexp.model.entry import DEPTH_LIMIT
from pytest_aexp.model.query.match import MISSING, nested
from pytest_aexp.model.query.table import flat
from pytest_aexp.work.imports.source import (
    Columns,
    SkippedRun,
    SourceRun,
    Unusable,
    document_of,
    metrics_of,
    numbers_in,
    read_each,
    typed,
)

_NAMES_OF_PARAMETERS = ("statepoint", "parameters", "params")
_TEXTS = ("run_id", "code_commit", "status", "started_at", "ended_at")
"""The columns of a csv file that are text, whatever a cell looks like."""
NOT_UTF8 = "is not UTF-8"


def jsonl_runs(path: Path, columns: Columns) -> Iterator[SourceRun | SkippedRun]:
    """The runs in a file of JSON lines. Raises UsageError, OSError."""
    with path.open("rb") as lines:
        named = ((f"line {n}", line) for n, line in enumerate(lines, start=1) if line.strip())
        yield from read_each(named, lambda name, line: _run(name, _object(line), columns))


def _object(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode("utf-8-sig").rstrip()
        if nested_deeper(text, DEPTH_LIMIT):
            raise Unusable(f"is nested more than {DEPTH_LIMIT} deep")
        row = json.loads(text, parse_float=exact_float, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        what, at = syntax_error(error)
        raise Unusable(f"is not JSON: {what} (column {at.column})") from error
    except RepeatedKey as repeated:
        raise Unusable(f"has the key {quoted(repeated.key)} twice") from repeated
    except UnicodeDecodeError as error:
        raise Unusable(NOT_UTF8) from error
    except ValueError as error:
        raise Unusable(f"cannot be read: {error}") from error
    if not isinstance(row, dict):
        raise Unusable("is not a JSON object")
    return row


def csv_runs(path: Path, columns: Columns) -> Iterator[SourceRun | SkippedRun]:
    """The runs in a csv file with a heading. Raises UsageError, OSError."""
    # What is not UTF-8 becomes halves of surrogate pairs, so that only its own row is left out.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        reader = csv.reader(text, skipinitialspace=True)
        try:
            heading = [name.strip() for name in next(reader, [])]
            _check_heading(path, heading, columns)
            rows = (row for row in reader if any(row) or len(row) > 1)
            named = ((f"line {reader.line_num}", row) for row in rows)
            yield from read_each(named, lambda name, row: _run(name, _row(heading, row), columns))
        except csv.Error as error:
            name = f"line {reader.line_num} and what follows"
            yield SkippedRun(name, f"cannot be read: {error}", damaged=True)


def _row(heading: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(heading):
        raise Unusable(f"has {counted(len(cells), 'cell')}, and the heading {len(heading)}")
    if not _is_utf8("".join(cells)):
        raise Unusable(NOT_UTF8)
    # A commit of digits alone, or an id such as 1e5, is not a number.
    pairs = zip(heading, cells, strict=True)
    return {key: cell if key in _TEXTS else typed(cell) for key, cell in pairs if cell}


def _is_utf8(text: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in text)


def _check_heading(path: Path, heading: list[str], columns: Columns) -> None:
    if not any(heading):
        raise UsageError(f"{path.name} has no heading: its first line names the columns")
    if not _is_utf8("".join(heading)):
        raise UsageError(f"{path.name} {NOT_UTF8} text: save it as csv in UTF-8")
    metrics = () if columns.optional else columns.metrics.values()
    for name in chain(columns.parameters, columns.metrics.values(), _TEXTS):
        if heading.count(name) > 1:
            raise UsageError(f"{path.name} has {heading.count(name)} columns {quoted(name)}")
    for name in chain(columns.parameters, metrics):
        if name not in heading:
            near = closest(name, heading)
            advice = f"did you mean {quoted(near)}?" if near else f"there is {listed(heading, 20)}"
            raise UsageError(f"{path.name} has no column {quoted(name)}; {advice}")


def _run(name: str, row: dict[str, Any], columns: Columns) -> SourceRun:
    run_id = row.get(columns.run_id)
    return SourceRun(
        name,
        _parameters(row, columns),
        _metrics(row, columns),
        document_of(row),
        "" if run_id is None else str(run_id),
    )


def _parameters(row: dict[str, Any], columns: Columns) -> dict[str, Any]:
    if columns.parameters:
        pairs = {name: nested(row, name) for name in columns.parameters}
        parameters = {name: value for name, value in pairs.items() if value is not MISSING}
    else:
        value = next((row[key] for key in _NAMES_OF_PARAMETERS if key in row), None)
        parameters = value if isinstance(value, dict) else {}
    if not parameters:
        wanted = listed(columns.parameters or _NAMES_OF_PARAMETERS)
        raise Unusable(f"has none of the parameters {wanted}")
    return parameters


def _metrics(row: dict[str, Any], columns: Columns) -> dict[str, Any]:
    if columns.metrics:
        return metrics_of(row, columns.metrics)
    value = row.get("metrics")
    return numbers_in(flat(value)) if isinstance(value, dict) else {}
