"""``aexp mark``: set the status of a run."""

from __future__ import annotations

import argparse

from pytest_aexp.cli.errors import as_usage
from pytest_aexp.runs import open_run
from pytest_aexp.work.runs.status import checked_status, marked

DESCRIPTION = """\
Set the status of a run of this machine. A run that has ended enters the ledger.
"""
STATUSES = {
    0: "the status is set, and the entry of a run that has ended is written",
    1: "the status is set, but the entry could not be written",
}
EXAMPLES = """\
aexp mark 4076a08a failed      the run ended so; its ledger entry is written
aexp mark 4076a08a running     it has begun again
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp mark``."""
    parser.add_argument("id", metavar="ID", help="a job id, or how a single one begins")
    parser.add_argument(
        "status",
        metavar="STATUS",
        help="created, queued or running; complete, failed, abandoned or stopped",
    )


def run(arguments: argparse.Namespace) -> int:
    """Set a run's status; 1 if it has ended but could not enter the ledger."""
    status = as_usage(checked_status, arguments.status)
    job = open_run(arguments.id)
    in_order = marked(job, status)
    print(f"{job.id} is {status}")
    return 0 if in_order else 1
