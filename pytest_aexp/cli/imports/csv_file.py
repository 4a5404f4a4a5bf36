"""``aexp import csv``: runs from a csv file."""

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
from pytest_aexp.work.imports.tables import Columns, csv_runs

__all__ = ["DESCRIPTION", "EXAMPLES", "STATUSES", "add_arguments", "run"]
DESCRIPTION = """\
Make ledger entries of the rows of a csv file with a heading.

A cell is a number, true, false or null where JSON has one, else text; an empty
one is not a value. Read as well, where there are such columns: status,
started_at, ended_at, wallclock_s, code_commit, code_dirty, run_id. Rows with
the same parameters are attempts of one run: the last complete one counts.
"""
EXAMPLES = """\
aexp import csv results/all.csv --params C,seed --metrics accuracy --experiment E001
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp import csv``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the file of runs")
    parser.add_argument("--experiment", required=True, metavar="E###", help="that they belong to")
    add_import_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import the runs of the file."""
    experiment = checked(arguments.experiment)
    if not arguments.file.is_file():
        raise UsageError(f"there is no file {arguments.file}")
    if not arguments.params:
        raise UsageError("say which columns are parameters: --params C,seed")
    columns = Columns(
        names_in(arguments.params),
        metrics_in(arguments.metrics),
        arguments.distinct or "run_id",
        optional=arguments.metrics is None,
    )
    return run_import(arguments, csv_runs(arguments.file, columns), experiment)
