"""The merge driver that `aexp install` sets up for ledger entries. git calls it;
nobody needs to type it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean
from pytest_aexp.model.entry import ENTRY_LIMIT
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.work.merge.merge import MergeConflict, choose_by_hand, merge_entries
from pytest_aexp.work.merge.side import read_side

STATUSES = {
    0: "OURS holds the merged entry",
    1: "the two cannot be merged; OURS is as it was",
}
EXAMPLES = "aexp ledger merge-driver %O %A %B    as it stands in .git/config\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", type=Path, metavar="BASE", help="the common version; may be empty")
    parser.add_argument("ours", type=Path, metavar="OURS", help="our version, then the merged one")
    parser.add_argument("theirs", type=Path, metavar="THEIRS", help="their version")


def run(arguments: argparse.Namespace) -> int:
    base = read_bounded(arguments.base, ENTRY_LIMIT)
    ours, theirs = (read_bounded(side, ENTRY_LIMIT) for side in (arguments.ours, arguments.theirs))
    for path, side in ((arguments.ours, ours), (arguments.theirs, theirs)):
        if isinstance(side, Unreadable) and side.missing:
            raise UsageError(
                f"{clean(str(path))} does not exist: git calls this with its own files"
            )
    # Where there is no common version git gives an empty file.
    outcome = merge_entries(base or None, ours, theirs)
    if isinstance(outcome, MergeConflict):
        ids = [j for side in (ours, theirs) if is_job_id(j := read_side(side, None).job_id)]
        job_id = next(iter(ids), None)
        fix = f"; {choose_by_hand(job_id)}" if job_id else ""
        if len(set(ids)) > 1:
            # To git one was renamed to the other, and which file this is about is not known here.
            fix = "; run `aexp ledger resolve`"
        which = f"ledger entry {job_id}" if job_id else "ledger entry"
        notice(f"{which}: {outcome.reason}{fix}")
        return 1
    if outcome.data != ours:
        write_atomic(arguments.ours, outcome.data)
    return 0
