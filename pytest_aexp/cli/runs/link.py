"""``aexp link``: say which experiment a run belongs to."""

from __future__ import annotations

import argparse

from pytest_aexp.cli.errors import as_usage
from pytest_aexp.cli.runs.run_options import add_link_options
from pytest_aexp.linking import linked
from pytest_aexp.work.runs.run_link import run_link

DESCRIPTION = """\
Say which experiment a run of this machine belongs to. The ledger entry of a run
that has ended is written again.
"""
STATUSES = {
    0: "the run is linked, and the entry of a run that has ended is written",
    1: "the run is linked, but the entry could not be written",
}
EXAMPLES = """\
aexp link 4076a08a --experiment E005
aexp link 4076a08a --experiment E005 --hypothesis H002
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a job id, or its beginning")
    add_link_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Link a run to an experiment; 1 if it has ended but its entry could not be written."""
    belonging = (arguments.experiment, arguments.hypothesis, arguments.sub_hypothesis)
    job, in_order = as_usage(linked, arguments.id, as_usage(run_link, *belonging))
    print(f"{job.id} belongs to {arguments.experiment}")
    return 0 if in_order else 1
