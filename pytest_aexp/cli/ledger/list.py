"""List the runs in the ledger that fit, with their parameters and metrics.

A word is an experiment, or a condition on a parameter (seed=1, lr<0.1,
model.C!=10, hp=[0.1,1]), on a metric, or on status, machine, code_commit,
started, ended, attempt, retracted, experiment, hypothesis or id. Values are
JSON, or else text: seed=3 is a number, seed='"3"' is text.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from functools import partial

from pytest_aexp.cli.run_table import FORMATS, print_unusable, render_records, render_rows
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.sparse import require_checked_out
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import LEDGER_DIR, TERMINAL_STATUSES
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.query.documents import Document, Documents
from pytest_aexp.model.query.hints import unknown_name, why_nothing
from pytest_aexp.model.query.match import FIELDS, MISSING, Query, query, value_of
from pytest_aexp.model.query.table import DEFAULT_SORT, Differing, ordered, summary, table
from pytest_aexp.model.runs.short_id import unique_length
from pytest_aexp.work.runs.run_link import checked_experiment

STATUSES = {0: "the runs are listed; there may be none"}
EXAMPLES = """\
aexp ledger list E003 seed=1
aexp ledger list E003 'accuracy>0.9' status=complete --sort -accuracy --top 5
aexp ledger list 'ended>2026-05-01' --columns id,seed,machine --format csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="an experiment, or a condition")
    parser.add_argument(
        "--columns",
        metavar="NAME,…",
        help="default: id, the parameters that differ, metrics, status and commit",
    )
    parser.add_argument(
        "--sort",
        metavar="NAME,…",
        default=DEFAULT_SORT,
        help="-NAME puts the largest first; default: by the time a run ended",
    )
    parser.add_argument("--top", type=_positive, metavar="N", help="only the first N")
    parser.add_argument("--experiment", metavar="E###", help="the same as the word E###")
    parser.add_argument(
        "--status",
        choices=TERMINAL_STATUSES,
        help="the same as the word status=STATUS",
    )
    parser.add_argument(
        "--format",
        choices=(*FORMATS, "text"),
        default="table",
        help="default: table; json and jsonl have whole entries unless --columns is given",
    )


_WHERE_RUNS_ARE = "; next: `aexp ledger backfill` where its runs are, or `git pull`"


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 1 on")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    wanted = _query(arguments)
    repository = Repository.open()
    # In a sparse checkout the list would look whole, and lack runs.
    require_checked_out(repository.root, [LEDGER_DIR])
    documents = Documents(Ledger(WorkTree(repository.root)))
    runs = ordered(documents.fitting(wanted), arguments.sort, arguments.top)
    print_unusable(documents.unusable)
    columns = arguments.columns.split(",") if arguments.columns else None
    if runs:
        names = [*(columns or ()), *arguments.sort.split(",")]
        _refuse_unknown(names, runs, documents.of(wanted.experiments))
    else:
        why = why_nothing(wanted, documents.of(wanted.experiments))
        is_empty = next(documents.of(wanted.experiments), None) is None
        notice(f"{why}{_WHERE_RUNS_ARE if is_empty else ''}")
    _print(runs, columns, arguments.format, documents)
    return 0


def _query(arguments: argparse.Namespace) -> Query:
    wanted = query(arguments.words)
    if arguments.experiment is not None:
        wanted &= query([checked_experiment(arguments.experiment)])
    if arguments.status is not None:
        wanted &= query([f"status={arguments.status}"])
    return wanted


def _refuse_unknown(
    names: Iterable[str], runs: Iterable[Document], every: Iterator[Document]
) -> None:
    """Raise UsageError for a name that no run has a value of."""
    doubtful = {name.removeprefix("-") for name in names} - FIELDS.keys()
    doubtful = {name for name in doubtful if all(value_of(r, name) is MISSING for r in runs)}
    # To read every run once more takes as long as the list itself.
    among = Differing(every) if doubtful else Differing()
    for message in filter(None, (unknown_name(name, among) for name in sorted(doubtful))):
        raise UsageError(message)


def _print(
    runs: list[Document], columns: list[str] | None, format_name: str, documents: Documents
) -> None:
    format_name = "table" if format_name == "text" else format_name
    if columns is None and format_name in ("json", "jsonl"):
        sys.stdout.write(render_records(format_name, [dict(sorted(run.items())) for run in runs]))
        return
    if format_name == "table" and not runs:
        return
    columns = columns or Differing(runs).columns
    rows = table(runs, columns)
    length = partial(unique_length, documents.ledger.job_ids) if columns[0] == "id" else None
    sys.stdout.write(render_rows(format_name, columns, rows, length))
    if format_name == "table" and len(runs) > 1:
        print(summary(runs))
