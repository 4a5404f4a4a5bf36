"""Runs as the verbs print them: a table for people, or csv and JSON for everything else."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytest_aexp.cli.output import table
from pytest_aexp.ground.text import clean, cut

FORMATS = ("table", "markdown", "csv", "json", "jsonl")

_COMMIT_DIGITS = 10
"""Enough to tell commits apart; `code_commit=` and git take them as they are."""
_ON_TERMINAL = 60
"""A longer value would leave no room for others."""
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
_MARKUP = re.compile(r"([\\`*\[\]<>|~#!&$@])")


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")


def render_rows(
    format_name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    id_length: Callable[[], int] | None = None,
) -> str:
    """Rows of JSON values under columns, in one of FORMATS."""
    if format_name in ("json", "jsonl"):
        return render_records(format_name, [dict(zip(columns, r, strict=True)) for r in rows])
    if format_name == "csv":
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(map(clean, columns))
        writer.writerows([clean(_text(value)) for value in row] for row in rows)
        return lines.getvalue()
    longest = _ON_TERMINAL if sys.stdout.isatty() else sys.maxsize
    lengths = [_COMMIT_DIGITS if name == "code_commit" else longest for name in columns]
    cells = [[_cell(v, n) for v, n in zip(row, lengths, strict=True)] for row in rows]
    if format_name == "table":
        return table(columns, cells, id_length)
    rule = ["---"] * len(columns)
    lines_of_cells = [[_markdown(cell) for cell in row] for row in (columns, *cells)]
    return "".join(
        f"| {' | '.join(row)} |\n" for row in (lines_of_cells[0], rule, *lines_of_cells[1:])
    )


def render_records(format_name: str, records: Sequence[Mapping[str, Any]]) -> str:
    """JSON objects: a list of them, or a line each."""
    if format_name == "json":
        return json.dumps(records, indent=2) + "\n"
    return "".join(f"{json.dumps(record)}\n" for record in records)


def _text(value: Any) -> str:
    """A value as a person writes it: text as it is, nothing for none, else JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else _encode(value)


def _cell(value: Any, length: int) -> str:
    text = value if isinstance(value, str) else _text(value)
    if len(text) <= length:
        return text
    # The beginning of a commit is taken for the commit, so nothing stands for the rest of it.
    return text[:length] if length == _COMMIT_DIGITS else cut(text, length)


def _markdown(text: str) -> str:
    return _MARKUP.sub(r"\\\1", clean(text))
