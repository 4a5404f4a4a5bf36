"""Show the ledger entry of one run."""

from __future__ import annotations

import argparse

from pytest_aexp.cli.run_table import cell_text
from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound, UsageError
from pytest_aexp.ground.jsontext import dump_portable
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.query.documents import Documents
from pytest_aexp.model.query.table import flat
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.model.runs.short_id import full_job_id

STATUSES = {0: "the entry is shown"}
EXAMPLES = """\
aexp ledger show 4076a08a
aexp ledger show 4076a08a --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a job id, or its beginning")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    documents = Documents(Ledger(WorkTree(repository.root)))
    try:
        job_id = full_job_id(arguments.id, documents.ledger.job_ids)
    except RunNotFound as error:
        if not isinstance(error, AmbiguousRun):
            _refuse_if_stored(arguments.id, repository)
        raise
    entry = documents.of_run(job_id)
    if entry is None:
        raise UsageError(f"the entry of {job_id} cannot be used: run `aexp ledger check {job_id}`")
    if arguments.format == "json":
        print(dump_portable(dict(sorted(entry.items())), indented=True))
    else:
        rows = [("field", "value")]
        for name, value in sorted(flat(entry).items()):
            rows.append((name, "null" if value is None else cell_text(value)))
        width = max(len(name) for name, _ in rows)
        # One entry is shown whole, however narrow the window is.
        print("".join(f"{clean(name):<{width}}  {clean(value)}\n" for name, value in rows), end="")
    return 0


def _refuse_if_stored(written: str, repository: Repository) -> None:
    """Raise UsageError if the run is in this machine's store; RunNotFound if it is not."""
    store = RunStore.of(repository)
    run = store.get(full_job_id(written, store.job_ids)) if store is not None else None
    if run is None:
        return
    if run.finished:
        what = f"is only in this machine's run store: run `aexp ledger promote {run.job_id}`"
    else:
        what = "is here and has not finished: it enters the ledger when it ends"
    raise UsageError(f"run {run.job_id} {what}")
