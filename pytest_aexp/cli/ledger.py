"""``aexp ledger``: promote, backfill, check, show, list, and the verbs of merging and packing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_aexp.cli import ledger_merge, ledger_pack
from pytest_aexp.cli.output import at_root, rendered, table
from pytest_aexp.cli.progress import with_progress
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean, counted, quoted

if TYPE_CHECKING:
    from pytest_aexp.ledger_mapping import LedgerMapping

CHECK_FORMATS = ("text", "json", "github", "gitlab", "sarif")
_EXAMPLES = """\
examples:
  aexp ledger promote 4076a08a     one finished run of this machine
  aexp ledger backfill             every finished run of this machine
  aexp ledger check                every entry, as the door sees it
  aexp ledger list --experiment E005
"""
_PROMOTE_EXAMPLES = """\
examples:
  aexp ledger promote 4076a08a
  aexp ledger promote 4076a08a 13621ba3 --machine-label cluster
"""
_BACKFILL_EXAMPLES = """\
examples:
  aexp ledger backfill
  aexp ledger backfill --machine-label cluster
"""
_CHECK_EXAMPLES = """\
examples:
  aexp ledger check                every entry
  aexp ledger check 4076a08a       one of them
  aexp ledger check --format json
"""
_SHOW_EXAMPLES = """\
examples:
  aexp ledger show 4076a08a
  aexp ledger show 4076a08a --format json
"""
_LIST_EXAMPLES = """\
examples:
  aexp ledger list --experiment E005
  aexp ledger list --status failed --format json
"""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb and its own verbs to the command's parser."""
    parser = verbs.add_parser(
        "ledger",
        help="promote runs into the ledger; check, show and list its entries",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_writing(inner)
    _add_reading(inner)
    ledger_merge.add_to(inner)
    ledger_pack.add_to(inner)


def _add_writing(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    promote = verbs.add_parser(
        "promote",
        help="write the entries of finished runs",
        epilog=_PROMOTE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    promote.add_argument(
        "ids", nargs="+", metavar="ID", help="a job id, or how a single one begins"
    )
    promote.add_argument("--machine-label", metavar="L", help="the machine the entry names")
    promote.set_defaults(run=run_promote)
    backfill = verbs.add_parser(
        "backfill",
        help="write the entry of every finished run",
        epilog=_BACKFILL_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    backfill.add_argument("--machine-label", metavar="L", help="the machine the entries name")
    backfill.add_argument(
        "--overwrite", action="store_true", help="write entries that are right again, too"
    )
    backfill.set_defaults(run=run_backfill)


def _add_reading(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = verbs.add_parser(
        "check",
        help="check schema, identity and leaks of entries",
        epilog=_CHECK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("ids", nargs="*", metavar="ID", help="default: every entry")
    check.add_argument("--format", choices=CHECK_FORMATS, default="text", help="default: text")
    check.set_defaults(run=run_check)
    show = verbs.add_parser(
        "show",
        help="show one entry",
        epilog=_SHOW_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    show.add_argument("id", metavar="ID", help="a job id, or how a single one begins")
    show.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    show.set_defaults(run=run_show)
    listing = verbs.add_parser(
        "list",
        help="list the entries",
        epilog=_LIST_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listing.add_argument("--experiment", metavar="E###", help="only the runs of an experiment")
    listing.add_argument("--status", help="only the runs that ended so")
    listing.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    listing.set_defaults(run=run_list)


def run_promote(arguments: argparse.Namespace) -> int:
    """Promote the runs; 1 if one could not be."""
    # Here, and below, so that each verb loads only what it uses.
    from pytest_aexp.ground.errors import NotPromotable
    from pytest_aexp.model.short_id import full_job_id
    from pytest_aexp.work.promote.promote import Promoter, open_store

    repository = Repository.open()
    store = open_store(repository)
    promoter = Promoter(repository, store, arguments.machine_label)
    status = 0
    for job_id in [full_job_id(written, store.job_ids) for written in arguments.ids]:
        try:
            said = "promoted" if promoter.promote(job_id) else "already there"
            print(f"{said}: {promoter.place(job_id)}")
        except NotPromotable as refusal:
            print(f"aexp: {refusal}", file=sys.stderr)
            status = 1
    return status


def run_backfill(arguments: argparse.Namespace) -> int:
    """Promote every finished run; 1 if one could not be, each of them named."""
    from pytest_aexp.work.promote.backfill import backfill
    from pytest_aexp.work.promote.promote import open_store

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
        add = at_root(repository.root, "git add .aexp/ledger")
        print(f"next: {add}, then commit and push")
    for promotion in refused:
        print(f"aexp: {promotion.refused}", file=sys.stderr)
    return 1 if refused else 0


def run_check(arguments: argparse.Namespace) -> int:
    """Judge entries as the door does; 1 if there is an error."""
    from pytest_aexp.ground.git.sparse import require_checked_out
    from pytest_aexp.ground.views import WorkTree
    from pytest_aexp.model.entry import LEDGER_DIR
    from pytest_aexp.model.ledger import Ledger
    from pytest_aexp.model.problems import Policy
    from pytest_aexp.model.short_id import full_job_id
    from pytest_aexp.work.check.ledger import check_ledger

    repository = Repository.open()
    require_checked_out(repository.root, [LEDGER_DIR])
    ledger = Ledger(WorkTree(repository.root), repository.root)
    policy = Policy(severity=repository.configuration.severity, door=True)
    chosen = dict.fromkeys(full_job_id(written, ledger.job_ids) for written in arguments.ids)
    outcome, uncheckable = check_ledger(ledger, policy, list(chosen) or None)
    sys.stdout.write(rendered(outcome, arguments.format, repository.root))
    if uncheckable and arguments.format == "text":
        count = counted(len(uncheckable), "entry", "entries")
        print(f"the identity of {count} cannot be checked, since the statepoint was redacted:")
        print("".join(f"  {job_id}\n" for job_id in uncheckable), end="")
    return 0 if outcome.ok else 1


def run_show(arguments: argparse.Namespace) -> int:
    """Print one entry."""
    from pytest_aexp.model.short_id import full_job_id

    ledger = _ledger()
    job_id = full_job_id(arguments.id, ledger.named)
    if job_id not in ledger:
        raise UsageError(f"the entry of {job_id} cannot be used: run `aexp ledger check {job_id}`")
    entry = dict(ledger[job_id])
    if arguments.format == "json":
        print(json.dumps(entry, indent=2, sort_keys=True))
    else:
        print(table(("field", "value"), list(_rows("", entry))), end="")
    return 0


def _rows(prefix: str, value: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name in sorted(value):
        inner = value[name]
        if isinstance(inner, dict) and inner:
            yield from _rows(f"{prefix}{name}.", inner)
        else:
            text = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
            yield f"{prefix}{name}", text


def run_list(arguments: argparse.Namespace) -> int:
    """Print the entries, the latest ended last."""
    from pytest_aexp.model.short_id import unique_length

    _check_asked(arguments.experiment, arguments.status)
    ledger = _ledger()
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
    from pytest_aexp.model.entry import TERMINAL_STATUSES
    from pytest_aexp.work.runs.run_link import check_experiment

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


def _ledger() -> LedgerMapping:
    from pytest_aexp.ledger_mapping import LedgerMapping

    return LedgerMapping.of(Repository.open().root)
