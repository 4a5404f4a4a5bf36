"""Show which runs in the ledger are new, gone, ran again, changed or were
retracted since a commit, and which values differ.
"""

from __future__ import annotations

import argparse
import sys

from pytest_aexp.cli.run_table import (
    add_format_argument,
    change_record,
    count_changes,
    print_unusable,
    render_changes,
    render_records,
)
from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.query.documents import Document, Documents
from pytest_aexp.model.query.match import Query, query
from pytest_aexp.work.evidence.changes import compare

STATUSES = {0: "nothing has changed", 1: "something has changed"}
EXAMPLES = """\
aexp ledger diff main
aexp ledger diff HEAD~5 E003 status=complete
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", metavar="REV", help="the commit to compare with")
    parser.add_argument("words", nargs="*", metavar="WORD", help="an experiment, or a condition")
    add_format_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    wanted = query(arguments.words)
    root = Repository.open().root
    with GitView.at(root, arguments.revision) as view:
        then = _runs(Documents(Ledger(view)), wanted)
    documents = Documents(Ledger(WorkTree(root)))
    # Records are never deleted, so those of now hold the reasons of then as well.
    changes = list(compare(then, _runs(documents, wanted), documents.retractions))
    print_unusable(documents.unusable)
    if arguments.format in ("json", "jsonl"):
        records = [change_record(change) for change in changes]
        sys.stdout.write(render_records(arguments.format, records))
    elif changes or arguments.format == "csv":
        sys.stdout.write(render_changes(arguments.format, changes))
    if arguments.format == "table":
        print(f"since {arguments.revision}: {count_changes(changes)}")
    return int(bool(changes))


def _runs(documents: Documents, wanted: Query) -> dict[str, Document]:
    return {document["job_id"]: document for document in documents.fitting(wanted)}
