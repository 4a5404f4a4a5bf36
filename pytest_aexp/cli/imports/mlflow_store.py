"""``aexp import mlflow``: runs from an MLflow store."""

from __future__ import annotations

import argparse

from pytest_aexp.cli.imports.run_import import (
    STATUSES,
    add_import_arguments,
    experiments_in,
    metrics_in,
    names_in,
    run_import,
)
from pytest_aexp.work.imports.mlflow_store import mlflow_runs

__all__ = ["DESCRIPTION", "EXAMPLES", "STATUSES", "add_arguments", "run"]

DESCRIPTION = """\
Make ledger entries of the runs in an MLflow store: a database, a folder mlruns
or a server, read by MLflow's own client, which has to be installed.

MLflow keeps parameters as text; those that look like numbers, true, false or
null are converted back. NaN and infinities become null. Runs that were deleted
or have not finished are left out, and named. Runs with the same parameters are
attempts of one run: the last complete one counts.
"""
EXAMPLES = """\
aexp import mlflow mlflow.db --experiment digits=E005
aexp import mlflow http://localhost:5000 --experiment digits=E005
aexp import mlflow mlruns --experiment E005 --distinct run_id
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uri", metavar="URI", help="mlflow.db, mlruns, or what MLflow takes")
    parser.add_argument(
        "--experiment",
        required=True,
        action="append",
        metavar="NAME=E###",
        help="the experiment that MLflow's NAME becomes; E### alone for the whole store",
    )
    add_import_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import the runs of the store."""
    experiments = experiments_in(arguments.experiment)
    metrics = metrics_in(arguments.metrics)
    source = mlflow_runs(arguments.uri, experiments, names_in(arguments.params), metrics)
    return run_import(arguments, source, "")
