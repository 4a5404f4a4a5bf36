"""Make ledger entries of the runs in an MLflow store: a database, a folder mlruns
or a server, read by MLflow's own client, which has to be installed.

MLflow keeps parameters as text; those that look like numbers, true, false or
null are converted back. NaN and infinities become null. Runs that were deleted
or have not finished are left out, and named. Runs with the same parameters are
attempts of one run: the last complete one counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from pytest_aexp.cli.imports.run_import import (
    STATUSES,
    add_import_arguments,
    columns_of,
    run_import,
)
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.mlflow_store import mlflow_runs
from pytest_aexp.work.runs.run_link import checked_experiment

__all__ = ["EXAMPLES", "STATUSES", "add_arguments", "run"]

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
    experiments = _experiments_in(arguments.experiment)
    source = mlflow_runs(arguments.uri, experiments, columns_of(arguments))
    return run_import(arguments, source, "")


def _experiments_in(values: Iterable[str]) -> Mapping[str, str]:
    """The experiment id of each name in ``NAME=E###``; of ``E###`` alone the name is empty."""
    pairs = (value.rpartition("=") for value in values)
    experiments = {name: checked_experiment(text) for name, _, text in pairs}
    if "" in experiments and len(experiments) > 1:
        raise UsageError("give --experiment E### once for all, or NAME=E### for each")
    return experiments
