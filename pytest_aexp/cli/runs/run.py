"""Run a program and record it: register the run, execute the program as an
attempt at it, pass signals on, and record how it ended. The program finds its
run in AEXP_RUN_ID and AEXP_RUN_DIR, a folder for what it makes.

Values of --sp are JSON, or else text: seed=3 is a number, seed='"3"' is text.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from pytest_aexp.cli.runs.run_options import add_run_options, register
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import quoted
from pytest_aexp.work.runs.program import execute

STATUSES = {0: "the program exited with 0, otherwise its own status, or 128 and the signal"}
EXAMPLES = """\
aexp run -E E003 --sp C=1 --sp seed=2 -- ./train.sh
aexp run -E E003 --sp C=1 --metrics results.json -- python train.py --c 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)
    parser.add_argument(
        "--metrics",
        type=Path,
        metavar="FILE",
        help="a JSON object that the program writes, for the run's document",
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the program, after --")


def run(arguments: argparse.Namespace) -> int:
    # Before the run is registered, so that a slip leaves none behind.
    if shutil.which(arguments.command[0]) is None:
        raise UsageError(f"{quoted(arguments.command[0])} was not found, or is not a program")
    job = register(arguments)
    return execute(job, arguments.command, arguments.metrics)
