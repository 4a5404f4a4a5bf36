"""``aexp ledger list``: list the entries."""

from __future__ import annotations

import argparse
import json
from functools import partial

from pytest_aexp.cli.output import table
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean, quoted
from pytest_aexp.ledger_mapping import Ledger
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.short_id import unique_length
from pytest_aexp.work.runs.run_link import check_experiment

DESCRIPTION = """\
List ledger entries, the last to end last.
"""
STATUSES = {0: "the entries are listed; there may be none"}
EXAMPLES = """\
aexp ledger list --experiment E005
aexp ledger list --status failed --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp ledger list``."""
    parser.add_argument("--experiment", metavar="E###", help="only the runs of an experiment")
    parser.add_argument("--status", help="only the runs that ended so")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Print the entries, the latest ended last."""
    _check_asked(arguments.experiment, arguments.status)
    ledger = Ledger.of(Repository.open().root)
    among = ledger.batch(arguments.experiment) if arguments.experiment else ledger.values()
    entries = [dict(entry) for entry in among if arguments.status in (None, entry.get("status"))]
    entries.sort(key=lambda entry: (str(entry.get("ended_at", "")), entry["job_id"]))
    if arguments.format == "json":
        print(json.dumps(entries, indent=2, sort_keys=True))
        return 0
    rows = [
        (
            entry["job_id"],
            str(entry.get("status", "")),
            ", ".join(ledger.experiments(entry)),
            str(entry.get("ended_at", "")),
            clean(str(entry.get("registered_machine", ""))),
        )
        for entry in entries
    ]
    headings = ("job id", "status", "experiment", "ended", "machine")
    print(table(headings, rows, partial(unique_length, ledger.named)), end="")
    return 0


def _check_asked(experiment: str | None, status: str | None) -> None:
    """Refuse what no entry can have; raises UsageError."""
    if experiment is not None:
        try:
            check_experiment(experiment)
        except ValueError as error:
            raise UsageError(str(error)) from error
    if status is not None and status not in TERMINAL_STATUSES:
        raise UsageError(
            f"no run in the ledger is {quoted(status)}: choose one of "
            f"{', '.join(TERMINAL_STATUSES[:-1])} or {TERMINAL_STATUSES[-1]}"
        )
