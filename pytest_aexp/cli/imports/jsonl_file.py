"""Make ledger entries of the runs in a file of JSON lines, one object per line.

Parameters and metrics are what --params and --metrics name (with dots into
nested objects), else the objects "statepoint" (or "params") and "metrics".
Read as well: status, started_at, ended_at, wallclock_s, code_commit,
code_dirty, tracker, run_id. Lines with the same parameters are attempts of one
run: the last complete one counts.
"""

from __future__ import annotations

import argparse

from pytest_aexp.cli.imports.run_import import STATUSES, add_file_arguments, import_file
from pytest_aexp.work.imports.tables import jsonl_runs

__all__ = ["EXAMPLES", "STATUSES", "add_arguments", "run"]
EXAMPLES = """\
aexp import jsonl runs.jsonl --experiment E005 --params C,seed --metrics acc
aexp import jsonl runs.jsonl --experiment E005 --distinct run_id
"""
add_arguments = add_file_arguments


def run(arguments: argparse.Namespace) -> int:
    return import_file(arguments, jsonl_runs)
