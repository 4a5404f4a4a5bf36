"""Write the ledger entries of finished runs of this machine. An entry that counts
more, such as that of another machine's complete attempt, is kept.
"""

from __future__ import annotations

import argparse

from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.promote.promote import Promoter, open_store

STATUSES = {
    0: "every run named has its entry",
    1: "at least one run could not be promoted; each is named",
}
EXAMPLES = """\
aexp ledger promote 4076a08a
aexp ledger promote 4076a08a 13621ba3 --machine-label cluster
aexp ledger promote 4076a08a --replace
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="a job id, or its beginning")
    parser.add_argument("--machine-label", metavar="L", help="the machine named in the entries")
    parser.add_argument(
        "--replace", action="store_true", help="replace an entry that would otherwise be kept"
    )


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    store = open_store(repository)
    promoter = Promoter(repository, store, arguments.machine_label, replace=arguments.replace)
    status = 0
    for job_id in [full_job_id(written, store.job_ids) for written in arguments.ids]:
        try:
            promoted = promoter.promote(job_id)
            if promoted.kept:
                notice(promoted.kept)
            else:
                verb = "promoted" if promoted.written else "already there"
                print(f"{verb}: {promoter.place(job_id)}")
        except NotPromotable as refusal:
            notice(str(refusal))
            status = 1
    return status
