"""Set the status of runs of this machine. A run that has ended enters the ledger;
the end of a lost run is its last heartbeat.
"""

from __future__ import annotations

import argparse

from pytest_aexp.ground.stderr import notice
from pytest_aexp.runs import open_run
from pytest_aexp.work.runs.status import ForeignStatus, checked_status, mark_and_promote

STATUSES = {
    0: "the status is set, and the entries of runs that have ended are written",
    1: "a status was not set, or an entry could not be written; each is named",
}
EXAMPLES = """\
aexp mark 4076a08a failed             it failed; its ledger entry is written
aexp mark 4076a08a running            it has begun again
aexp mark 4076a08a 13621ba3 failed    several runs
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="a job id, or its beginning")
    parser.add_argument(
        "status",
        metavar="STATUS",
        help="created, queued or running; complete, failed, abandoned or stopped",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace a status that another program wrote"
    )


def run(arguments: argparse.Namespace) -> int:
    status = checked_status(arguments.status)
    exit_status = 0
    # All are opened first, so that a mistyped id changes no run.
    for job in [open_run(job_id) for job_id in arguments.ids]:
        try:
            if not mark_and_promote(job, status, replace=arguments.replace):
                exit_status = 1
            print(f"{job.id} is {status}")
        except ForeignStatus as refusal:
            notice(str(refusal))
            exit_status = 1
    return exit_status
