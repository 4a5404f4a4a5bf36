"""Make ledger entries of the runs below Hydra's folder multirun/ or outputs/.

The parameters of a run are its configuration, or what --params names: of a
group, the name of the choice. Its metrics are the numbers in the JSON file
that --metrics-file fits; a run without one has not finished, and is left out.
That file may say status, started_at, ended_at and code_commit as well.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_aexp.cli.imports.run_import import (
    STATUSES,
    add_experiment_argument,
    add_import_arguments,
    columns_of,
    run_import,
)
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.work.imports.hydra_folder import hydra_runs
from pytest_aexp.work.runs.run_link import checked_experiment

__all__ = ["EXAMPLES", "STATUSES", "add_arguments", "run"]

EXAMPLES = """\
aexp import hydra multirun --experiment E005
aexp import hydra multirun --experiment E005 --params seed,opt.lr
aexp import hydra multirun --experiment E005 --metrics-file 'out/*.json'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="multirun or outputs")
    add_experiment_argument(parser)
    parser.add_argument(
        "--metrics-file",
        default="metrics.json",
        metavar="GLOB",
        help="the file of a run's numbers, in its folder; default: metrics.json",
    )
    add_import_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    experiment = checked_experiment(arguments.experiment)
    if not arguments.folder.is_dir():
        raise UsageError(f"there is no folder {arguments.folder}")
    source = hydra_runs(arguments.folder, columns_of(arguments), arguments.metrics_file)
    return run_import(arguments, source, experiment)
