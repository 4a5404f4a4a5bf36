"""Changes of runs as the verbs print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_aexp.cli.run_table import render_rows
from pytest_aexp.model.query.table import Differing, table
from pytest_aexp.work.evidence.changes import KINDS, RunChange


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
