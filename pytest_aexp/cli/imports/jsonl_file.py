"""``aexp import jsonl``: runs from a file of JSON lines."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_aexp.cli.imports.run_import import (
    STATUSES,
    add_import_arguments,
    checked,
    metrics_in,
    names_in,
    run_import,
)
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.tables import Columns, jsonl_runs

__all__ = ["DESCRIPTION", "EXAMPLES", "STATUSES", "add_arguments", "run"]
DESCRIPTION = """\
Make ledger entries of the runs in a file of JSON lines, an object each.

Parameters and metrics are what --params and --metrics name (with dots into
nested objects), else the objects "statepoint" (or "params") and "metrics".
Read as well: status, started_at, ended_at, wallclock_s, code_commit,
code_dirty, tracker, run_id. Lines with the same parameters are attempts of one
run: the last complete one counts.
"""
EXAMPLES = """\
aexp import jsonl runs.jsonl --params C,seed --metrics accuracy --experiment E005
aexp import jsonl runs.jsonl --experiment E005 --distinct run_id
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp import jsonl``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the file of runs")
    parser.add_argument("--experiment", required=True, metavar="E###", help="that they belong to")
    add_import_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import the runs of the file."""
    experiment = checked(arguments.experiment)
    if not arguments.file.is_file():
        raise UsageError(f"there is no file {arguments.file}")
    columns = Columns(
        names_in(arguments.params), metrics_in(arguments.metrics), arguments.distinct or "run_id"
    )
    return run_import(arguments, jsonl_runs(arguments.file, columns), experiment)
