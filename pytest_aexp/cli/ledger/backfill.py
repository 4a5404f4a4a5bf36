"""``aexp ledger backfill``: write the entry of every finished run."""

from __future__ import annotations

import argparse

from pytest_aexp.cli.errors import complain
from pytest_aexp.cli.output import print_next_commit
from pytest_aexp.cli.progress import with_progress
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import counted
from pytest_aexp.work.promote.backfill import backfill
from pytest_aexp.work.promote.promote import open_store

DESCRIPTION = """\
Write the ledger entry of every finished run of this machine that has none.
"""
STATUSES = {
    0: "every finished run has its entry",
    1: "at least one run could not be promoted; each is named",
}
EXAMPLES = """\
aexp ledger backfill
aexp ledger backfill --machine-label cluster
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp ledger backfill``."""
    parser.add_argument("--machine-label", metavar="L", help="the machine the entries name")
    parser.add_argument(
        "--overwrite", action="store_true", help="write entries that are right again, too"
    )


def run(arguments: argparse.Namespace) -> int:
    """Promote every finished run; 1 if one could not be, each of them named."""
    repository = Repository.open()
    total = len(open_store(repository).job_ids)
    promotions = backfill(repository, arguments.machine_label, overwrite=arguments.overwrite)
    every = list(with_progress(promotions, total, "runs"))
    written = sum(promotion.written for promotion in every)
    refused = [promotion for promotion in every if promotion.refused]
    unfinished = sum(not promotion.finished for promotion in every)
    right = len(every) - written - len(refused) - unfinished
    print(f"{counted(written, 'run')} promoted, {right:,} already there, {unfinished:,} unfinished")
    if written:
        print_next_commit(repository.root)
    for promotion in refused:
        complain(promotion.refused or "")
    return 1 if refused else 0
