"""Merge the two versions of each ledger entry in conflict, write the result and
stage it. A complete run is never given up, and an entry that only one side
deleted is kept. Where conflict markers were added already, it says how to get
the conflict back.
"""

from __future__ import annotations

import argparse

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.model.entry import entry_path
from pytest_aexp.work.merge.merge import MergeConflict
from pytest_aexp.work.merge.resolve_conflicts import resolve

STATUSES = {
    0: "no ledger entry is in conflict any longer",
    1: "at least one entry could not be resolved; each is named",
}
EXAMPLES = """\
aexp ledger resolve            every entry in conflict
aexp ledger resolve 50b180b9   one entry
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "job_id", nargs="?", metavar="ID", help="a job id, or its beginning; default: all"
    )


def run(arguments: argparse.Namespace) -> int:
    resolutions = resolve(Repository.open().root, arguments.job_id)
    if not resolutions:
        what = "that ledger entry is not" if arguments.job_id else "no ledger entry is"
        print(f"nothing to resolve: {what} in conflict")
    left = 0
    for resolution in resolutions:
        path, outcome = entry_path(resolution.job_id), resolution.outcome
        if isinstance(outcome, MergeConflict):
            left += 1
            notice(f"{path}: not resolved: {outcome.reason}; {resolution.fix}")
        else:
            print(f"{path}: resolved and staged: {outcome.note}")
    return 1 if left else 0
