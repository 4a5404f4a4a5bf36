"""Runs as the verbs print them: a table for people, or csv and JSON for everything else."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from math import isfinite
from typing import Any

from pytest_aexp.cli.output import render_table
from pytest_aexp.ground.jsontext import ExactFloat, dump_portable
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean, counted, cut
from pytest_aexp.model.query.table import Differing, table
from pytest_aexp.work.evidence.changes import KINDS, RunChange

FORMATS = ("table", "markdown", "csv", "json", "jsonl")

_COMMIT_DIGITS = 10
"""Enough to distinguish commits; `code_commit=` and git take them as they are."""
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
        writer.writerows([clean(cell_text(value)) for value in row] for row in rows)
        return lines.getvalue()
    cells = [[v if v.__class__ is str else cell_text(v) for v in row] for row in rows]
    _shorten(columns, cells)
    if format_name == "table":
        return render_table(columns, cells, id_length)
    rule = ["---"] * len(columns)
    lines_of_cells = [
        [_MARKUP.sub(r"\\\1", clean(cell)) for cell in row] for row in (columns, *cells)
    ]
    return "".join(
        f"| {' | '.join(row)} |\n" for row in (lines_of_cells[0], rule, *lines_of_cells[1:])
    )


def render_records(format_name: str, records: Sequence[Mapping[str, Any]]) -> str:
    """JSON objects: a list of them, or a line each."""
    if format_name == "json":
        return f"{dump_portable(records, indented=True)}\n"
    return "".join(f"{dump_portable(record, indented=False)}\n" for record in records)


def print_unusable(unusable: Sized) -> None:
    """Say on standard error how many entries were passed over."""
    number = len(unusable)
    if number:
        count, were = counted(number, "entry", "entries"), "was" if number == 1 else "were"
        notice(f"{count} cannot be used and {were} left out; next: aexp ledger check")


def cell_text(value: Any) -> str:
    """A value as a person writes it: text as it is, nothing for none, else JSON."""
    if isinstance(value, str):
        return value
    if value.__class__ is int or (value.__class__ is float and isfinite(value)):
        return repr(value)  # as JSON has it; its encoder is made anew for each value
    if isinstance(value, ExactFloat):
        return value.text
    return "" if value is None else _encode(value)


def _shorten(columns: Sequence[str], cells: list[list[str]]) -> None:
    """Cut commits, of which the beginning will do, and on a terminal whatever is very long."""
    if "code_commit" in columns:
        at = list(columns).index("code_commit")
        for row in cells:
            row[at] = row[at][:_COMMIT_DIGITS]
    if sys.stdout.isatty():
        cells[:] = [[cut(cell, _ON_TERMINAL) for cell in row] for row in cells]


def render_changes(format_name: str, changes: Sequence[RunChange]) -> str:
    """A row a change: what became of the run, its parameters that differ, and what it said."""
    runs = [change.run for change in changes]
    columns = ["id", *Differing(runs).parameters]
    rows = table(runs, columns)
    return render_rows(
        format_name,
        ["change", *columns, "details"],
        [[c.kind, *row, "; ".join(c.details)] for c, row in zip(changes, rows, strict=True)],
    )


def count_changes(changes: Sequence[RunChange]) -> str:
    """``2 new, 5 ran again``."""
    kinds = [change.kind for change in changes]
    counts = [f"{kinds.count(kind):,} {kind}" for kind in KINDS if kind in kinds]
    return ", ".join(counts) or "nothing has changed"


def change_record(change: RunChange) -> dict[str, Any]:
    """The same as a JSON object."""
    return {
        "change": change.kind,
        "job_id": change.run["job_id"],
        "statepoint": change.run["statepoint"],
        "details": list(change.details),
    }
