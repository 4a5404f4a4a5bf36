"""Make ledger entries of the rows of a csv file with a heading.

A cell is read as JSON where it is a number, true, false or null, else as text;
an empty cell has no value. Read as well, where there are such columns: status,
started_at, ended_at, wallclock_s, code_commit, code_dirty, run_id. Rows with
the same parameters are attempts of one run: the last complete one counts.
"""

from __future__ import annotations

import argparse

from pytest_aexp.cli.imports.run_import import STATUSES, add_file_arguments, import_file
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.tables import csv_runs

__all__ = ["EXAMPLES", "STATUSES", "add_arguments", "run"]
EXAMPLES = "aexp import csv results.csv --experiment E001 --params C,seed --metrics acc\n"
add_arguments = add_file_arguments


def run(arguments: argparse.Namespace) -> int:
    if not arguments.params:
        raise UsageError("say which columns are parameters: --params C,seed")
    return import_file(arguments, csv_runs)
