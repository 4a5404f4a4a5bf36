"""``aexp new-run``: register a run of an experiment."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from pytest_aexp.cli.errors import as_usage
from pytest_aexp.cli.runs.link_options import add_link_options
from pytest_aexp.cli.runs.parameters import parameters
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import clean
from pytest_aexp.runs import create_run

DESCRIPTION = """\
Register a run of an experiment in this machine's run store and print its job
id, which follows from the parameters: the same parameters are the same run.

Values of --sp are JSON, or else text: seed=3 is a number, seed='"3"' is text.
"""
STATUSES = {0: "the run is registered"}
EXAMPLES = """\
aexp new-run --experiment E005 --sp condition=full --sp seed=3
aexp new-run -E E005 --hypothesis H002 --statepoint '{"seed": 3, "lr": 0.001}'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp new-run``."""
    add_link_options(parser)
    values = parser.add_mutually_exclusive_group()
    values.add_argument(
        "--sp",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="parameters that identify the run; several may be joined by commas",
    )
    values.add_argument("--statepoint", metavar="JSON", help="the parameters as a JSON object")
    parser.add_argument(
        "--no-commit",
        action="store_true",
        help="leave code_commit and code_dirty out of the parameters",
    )


def run(arguments: argparse.Namespace) -> int:
    """Register a run and print its job id."""
    job = as_usage(
        create_run,
        experiment_id=arguments.experiment,
        hypothesis_id=arguments.hypothesis,
        sub_hypothesis_id=arguments.sub_hypothesis,
        statepoint=_statepoint(arguments.sp, arguments.statepoint),
        include_commit=False if arguments.no_commit else None,
    )
    print(job.id)
    return 0


def _statepoint(pairs: Sequence[str], text: str | None) -> dict[str, Any]:
    if text is None:
        return parameters(pairs)
    try:
        statepoint = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--statepoint is not valid JSON: {clean(str(error))}") from error
    if not isinstance(statepoint, dict):
        raise UsageError('--statepoint must be a JSON object, such as {"seed": 3}')
    return statepoint
