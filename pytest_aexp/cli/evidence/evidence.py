"""Show every run behind a finding, by citation: parameters, metrics, status,
machine, commit, and what a reader must know of it, such as a retraction or
code that is not in the repository.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pytest_aexp.cli.finding_argument import findings_named
from pytest_aexp.cli.findings.edit_finding import open_checker
from pytest_aexp.cli.run_table import add_format_argument, render_records, render_rows
from pytest_aexp.ground.text import clean
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.model.query.table import Differing, table
from pytest_aexp.work.evidence.evidence import CitedRuns, EvidenceReader

STATUSES = {0: "the runs are shown"}
EXAMPLES = """\
aexp evidence F003
aexp evidence F003 --format csv
"""
_LAST = ("machine", "ended", "notes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "findings", nargs="+", metavar="FINDING", help="a finding's path or id (F003)"
    )
    add_format_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    checker = open_checker()
    reader = EvidenceReader(checker)
    paths = findings_named(arguments.findings, checker)
    cited_in = {path: reader.cited(checker.finding(path)) for path in paths}
    if arguments.format in ("table", "markdown"):
        for path, cited in cited_in.items():
            _print_finding(reader, path, cited, arguments.format)
    else:
        sys.stdout.write(_for_programs(reader, cited_in, arguments.format))
    return 0


def _print_finding(
    reader: EvidenceReader, path: str, cited: list[CitedRuns], format_name: str
) -> None:
    print(clean(path))
    for citation in cited:
        named = f" ({citation.citation.name})" if citation.citation.name else ""
        print(f"\n{clean(f'{citation.citation.label}{named}: {citation.text}')}")
        for problem in citation.problems:
            print(f"  {problem.severity}: {problem.message} [{problem.code}]")
        if citation.runs:
            columns = [*Differing(citation.runs).columns, *_LAST]
            # The notes say that, with the reason.
            columns = [column for column in columns if column != "retracted"]
            print(render_rows(format_name, columns, _rows(reader, citation, columns)), end="")


def _rows(reader: EvidenceReader, cited: CitedRuns, columns: list[str]) -> list[list[Any]]:
    rows = table(cited.runs, columns)
    return [
        [*row[:-1], "; ".join(reader.notes(run))] for row, run in zip(rows, cited.runs, strict=True)
    ]


def _for_programs(
    reader: EvidenceReader, cited_in: dict[str, list[CitedRuns]], format_name: str
) -> str:
    pairs = [
        ({"finding": name_of(path), "citation": citation.citation.label}, citation, run)
        for path, cited in cited_in.items()
        for citation in cited
        for run in citation.runs
    ]
    if format_name == "csv":
        columns = [*Differing(run for _, _, run in pairs).every_column, "notes"]
        values = table((run for _, _, run in pairs), columns)
        rows = [
            [*where.values(), *row[:-1], "; ".join(reader.notes(run))]
            for (where, _, run), row in zip(pairs, values, strict=True)
        ]
        return render_rows("csv", ["finding", "citation", *columns], rows)
    records = [
        {**where, "as": citation.citation.name or None, **run, "notes": list(reader.notes(run))}
        for where, citation, run in pairs
    ]
    return render_records(format_name, records)
