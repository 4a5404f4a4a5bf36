"""``aexp ledger merge-driver`` and ``aexp ledger resolve``: two versions of an entry made one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean
from pytest_aexp.model.job_id import is_job_id

_EXAMPLES = """\
examples:
  aexp ledger resolve            every entry in conflict
  aexp ledger resolve 50b180b9   one entry
"""
_ABOUT_RESOLVE = """\
Make the two versions of each ledger entry in conflict one, write it and stage it. A complete run
is never given up, and an entry that only one side deleted is kept. Conflict markers that were
added or committed by mistake are resolved as well.
"""
_DRIVER_EXAMPLES = """\
what `aexp install` writes into .git/config:
  [merge "aexp-ledger"]
    driver = aexp ledger merge-driver %O %A %B
"""


def add_to(ledger_verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both to the verbs of ``aexp ledger``."""
    resolving = ledger_verbs.add_parser(
        "resolve",
        help="resolve merge conflicts in ledger entries",
        description=_ABOUT_RESOLVE,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    resolving.add_argument(
        "job_id", nargs="?", metavar="ID", help="a job id, or how a single one begins; default: all"
    )
    resolving.set_defaults(run=resolve)
    driver = ledger_verbs.add_parser(
        "merge-driver",
        help="merge two versions of an entry for git, which calls this by itself",
        description="The merge driver that `aexp install` tells git to use for ledger entries.",
        epilog=_DRIVER_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    driver.add_argument("base", type=Path, metavar="%O", help="the common version; may be empty")
    driver.add_argument("ours", type=Path, metavar="%A", help="our version, then the merged one")
    driver.add_argument("theirs", type=Path, metavar="%B", help="their version")
    driver.set_defaults(run=merge_driver)


def resolve(arguments: argparse.Namespace) -> int:
    """Resolve and tell of each entry what was done; 1 if one had to be left."""
    # Here, so that the other verbs start without the rules.
    from pytest_aexp.model.entry import entry_path
    from pytest_aexp.work.merge.merge import Refused
    from pytest_aexp.work.merge.resolve_conflicts import resolve as resolve_conflicts

    resolutions = resolve_conflicts(Repository.open().root, arguments.job_id)
    if not resolutions:
        what = "that ledger entry is not" if arguments.job_id else "no ledger entry is"
        print(f"nothing to resolve: {what} in conflict")
    left = 0
    for resolution in resolutions:
        path, outcome = entry_path(resolution.job_id), resolution.outcome
        if isinstance(outcome, Refused):
            left += 1
            print(
                f"aexp: {path}: not resolved: {outcome.reason}; {resolution.fix}", file=sys.stderr
            )
        else:
            print(f"{path}: resolved and staged: {outcome.note}")
    return 1 if left else 0


def merge_driver(arguments: argparse.Namespace) -> int:
    """Write the merged entry over ours; 1, with ours as it was, if there can be none."""
    from pytest_aexp.model.entry import ENTRY_LIMIT
    from pytest_aexp.work.merge.merge import Refused, choose_by_hand, merge_entries
    from pytest_aexp.work.merge.side import read_version

    base = read_bounded(arguments.base, ENTRY_LIMIT)
    ours, theirs = (read_bounded(side, ENTRY_LIMIT) for side in (arguments.ours, arguments.theirs))
    for path, side in ((arguments.ours, ours), (arguments.theirs, theirs)):
        if isinstance(side, Unreadable) and side.missing:
            raise UsageError(
                f"{clean(str(path))} does not exist: git calls this with its own files"
            )
    outcome = merge_entries(base or None, ours, theirs)
    if isinstance(outcome, Refused):
        ids = (read_version(side, None).job_id for side in (ours, theirs))
        job_id = next(filter(is_job_id, ids), None)
        fix = f"; {choose_by_hand(job_id)}" if job_id else ""
        which = f"ledger entry {job_id}" if job_id else "ledger entry"
        print(f"aexp: {which}: {outcome.reason}{fix}", file=sys.stderr)
        return 1
    if outcome.data != ours:
        write_atomic(arguments.ours, outcome.data)
    return 0
