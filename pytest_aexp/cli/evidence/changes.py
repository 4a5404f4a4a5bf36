"""``aexp changes``: what has changed behind a finding."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from pytest_aexp.cli.change_table import change_record, render_changes
from pytest_aexp.cli.finding_argument import findings_named
from pytest_aexp.cli.findings.editing import open_checker
from pytest_aexp.cli.run_table import add_format_argument, render_records, render_rows
from pytest_aexp.ground.text import clean
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.work.evidence.changes import KINDS
from pytest_aexp.work.evidence.evidence import selection
from pytest_aexp.work.evidence.since import Changes, ChangesReader

DESCRIPTION = """\
Show which runs behind a finding are new, gone, ran again, changed or were
retracted: since the pin of their citation, else since the finding was last
edited, or since a commit.
"""
STATUSES = {
    0: "nothing has changed",
    1: "something has changed",
    2: "wrong usage, or the history that would be needed is not here",
}
EXAMPLES = """\
aexp changes F003
aexp changes F003 --since v1.0 --format csv
"""
_COLUMNS = ("finding", "citation", "change", "job_id", "details")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``aexp changes``."""
    parser.add_argument(
        "findings", nargs="+", metavar="FINDING", help="a finding's path or id (F003)"
    )
    parser.add_argument("--since", metavar="REV", help="the commit to compare with")
    add_format_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what has changed; 1 if something has."""
    checker = open_checker()
    paths = findings_named(arguments.findings, checker)
    with ChangesReader(checker, arguments.since) as reader:
        every = {path: list(reader.of(checker.finding(path))) for path in paths}
    if arguments.format in ("table", "markdown"):
        for path, found in every.items():
            _print_finding(path, found, arguments.format)
    else:
        sys.stdout.write(_for_programs(every.items(), arguments.format))
    return int(any(each.changes for found in every.values() for each in found))


def _print_finding(path: str, found: Sequence[Changes], format_name: str) -> None:
    print(clean(path))
    for each in found:
        print(f"\n{clean(f'{each.citation.label}: {selection(each.citation)}')}")
        print(f"{each.since.reason}: {_counted(each)}")
        if each.changes:
            print(render_changes(format_name, each.changes), end="")


def _counted(found: Changes) -> str:
    kinds = [change.kind for change in found.changes]
    said = [f"{kinds.count(kind):,} {kind}" for kind in KINDS if kind in kinds]
    return ", ".join(said) or "nothing has changed"


def _for_programs(every: Iterable[tuple[str, Sequence[Changes]]], format_name: str) -> str:
    records = [
        {
            "finding": name_of(path) or path,
            "citation": each.citation.label,
            "since": each.since.revision or None,
            **change_record(change),
        }
        for path, found in every
        for each in found
        for change in each.changes
    ]
    if format_name != "csv":
        return render_records(format_name, records)
    rows = [[record[name] for name in _COLUMNS] for record in records]
    return render_rows("csv", _COLUMNS, [[*r[:-1], "; ".join(r[-1])] for r in rows])
