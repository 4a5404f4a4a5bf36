"""Show which runs behind a finding are new, gone, ran again, changed or were
retracted: since the pin of their citation, else since the finding was last
edited, or since a commit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import chain

from pytest_aexp.cli.finding_argument import findings_named
from pytest_aexp.cli.findings.edit_finding import open_checker
from pytest_aexp.cli.run_table import (
    add_format_argument,
    change_record,
    count_changes,
    render_changes,
    render_records,
    render_rows,
)
from pytest_aexp.ground.text import clean
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.work.evidence.evidence import selection
from pytest_aexp.work.evidence.since import ChangesReader, CitationChanges

STATUSES = {
    0: "nothing has changed",
    1: "something has changed",
    2: "wrong usage, or the history needed for it is not here",
}
EXAMPLES = """\
aexp changes F003
aexp changes F003 --since v1.0 --format csv
"""
_COLUMNS = ("finding", "citation", "change", "job_id", "details")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "findings", nargs="+", metavar="FINDING", help="a finding's path or id (F003)"
    )
    parser.add_argument("--since", metavar="REV", help="the commit to compare with")
    add_format_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    checker = open_checker()
    paths = findings_named(arguments.findings, checker)
    with ChangesReader(checker, arguments.since) as reader:
        changes_of = {path: list(reader.of(checker.finding(path))) for path in paths}
    if arguments.format in ("table", "markdown"):
        for path, changes in changes_of.items():
            _print_finding(path, changes, arguments.format)
    else:
        sys.stdout.write(_for_programs(changes_of.items(), arguments.format))
    return int(any(of_citation.changes for of_citation in chain(*changes_of.values())))


def _print_finding(path: str, changes: Sequence[CitationChanges], format_name: str) -> None:
    print(clean(path))
    for of_citation in changes:
        print(f"\n{clean(f'{of_citation.citation.label}: {selection(of_citation.citation)}')}")
        print(f"{of_citation.since.reason}: {count_changes(of_citation.changes)}")
        if of_citation.changes:
            print(render_changes(format_name, of_citation.changes), end="")


def _for_programs(pairs: Iterable[tuple[str, Sequence[CitationChanges]]], format_name: str) -> str:
    records = [
        {
            "finding": name_of(path),
            "citation": of_citation.citation.label,
            "since": of_citation.since.revision or None,
            **change_record(change),
        }
        for path, changes in pairs
        for of_citation in changes
        for change in of_citation.changes
    ]
    if format_name != "csv":
        return render_records(format_name, records)
    rows = [[record[name] for name in _COLUMNS] for record in records]
    return render_rows("csv", _COLUMNS, [[*r[:-1], "; ".join(r[-1])] for r in rows])
