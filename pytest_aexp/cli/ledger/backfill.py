"""Write the ledger entry of every finished run of this machine that has none."""

from __future__ import annotations

import argparse

from pytest_aexp.cli.output import print_next_commit, with_progress
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import counted, listed
from pytest_aexp.work.promote.backfill import BackfillResult, backfill, gone_line, gone_runs
from pytest_aexp.work.promote.promote import open_store

STATUSES = {
    0: "every finished run has its entry",
    1: "at least one run could not be promoted; each is named",
}
EXAMPLES = """\
aexp ledger backfill
aexp ledger backfill --machine-label cluster
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--machine-label", metavar="L", help="the machine named in the entries")
    parser.add_argument(
        "--overwrite", action="store_true", help="also rewrite entries that need no change"
    )


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    store = open_store(repository)
    label, overwrite = arguments.machine_label, arguments.overwrite
    promoting = backfill(repository, label, overwrite=overwrite, store=store)
    results = list(with_progress(promoting, len(store.job_ids), "runs"))
    written = sum(result.written for result in results)
    refused = [result for result in results if result.refused]
    unfinished = sum(not result.finished for result in results)
    right = len(results) - written - len(refused) - unfinished
    which = " (`aexp status` lists them)" if unfinished else ""
    counts = f"{counted(written, 'run')} promoted, {right:,} already there"
    print(f"{counts}, {unfinished:,} unfinished{which}")
    if written:
        print_next_commit(repository.root)
    for result in refused:
        notice(result.refused or "")
    if kept := [result.kept for result in results if result.kept]:
        more = f" (and so for {counted(len(kept) - 1, 'other run')})" if len(kept) > 1 else ""
        notice(f"{kept[0]}{more}")
    # Listed afresh: runs may have begun and ended meanwhile.
    _print_failures(results, gone_runs(repository, open_store(repository)))
    return 1 if refused else 0


def _print_failures(results: list[BackfillResult], gone: list[str]) -> None:
    """Say what became of runs that other branches or other runs stand for."""
    elsewhere = [result.job_id for result in results if result.elsewhere]
    if elsewhere:
        notice(
            f"{counted(len(elsewhere), 'run')} left out, since another branch has the entry "
            f"({listed([job_id[:8] for job_id in elsewhere], 3)}): merge or check out that branch, "
            f"or run `aexp ledger promote {elsewhere[0]}` to have the entry here as well"
        )
    for result in results:
        if result.replaced:
            notice(f"removed the entry of {result.replaced}, which is run {result.job_id} now")
    if line := gone_line(gone):
        notice(line)
