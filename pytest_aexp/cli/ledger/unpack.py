"""Write packed entries as files of their own again, where agentic-experiments
finds them too. Their segments stay as they are.
"""

from __future__ import annotations

import argparse

from pytest_aexp.cli.output import print_next_commit
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.pack.pack import NotUnpackable, unpack

STATUSES = {
    0: "every run named has a file of its own",
    1: "at least one entry could not be written; each is named",
}
EXAMPLES = "aexp ledger unpack 50b180b9    one run back into a file of its own\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="a job id, or its beginning")


def run(arguments: argparse.Namespace) -> int:
    root = Repository.open().root
    packs, job_ids = Packs(WorkTree(root)), Ledger(WorkTree(root)).job_ids
    written, status = False, 0
    for job_id in [full_job_id(typed, job_ids) for typed in arguments.ids]:
        try:
            is_new = unpack(root, packs, job_id)
        except NotUnpackable as reason:
            notice(f"run {job_id} is not unpacked: {clean(str(reason))}")
            status = 1
        else:
            print(f"{'unpacked' if is_new else 'already loose'}: {entry_path(job_id)}")
            written = written or is_new
    if written:
        print_next_commit(root)
    return status
