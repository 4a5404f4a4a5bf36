"""Show which findings cite a run: by its id, in a batch, or with a link to its
ledger entry in their text.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pytest_aexp.cli.findings.edit_finding import open_checker
from pytest_aexp.cli.run_table import add_format_argument, render_rows
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.stderr import notice
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.resolve import cited_runs
from pytest_aexp.work.evidence.evidence import selection
from pytest_aexp.work.runs.run_link import checked_experiment

STATUSES = {0: "the findings are shown; there may be none"}
EXAMPLES = """\
aexp cited-by 4076a08a
aexp cited-by --experiment E003
aexp cited-by --all --format jsonl
"""


class CitedBy(NamedTuple):
    """A run, and one citation of it."""

    job_id: str
    finding: str
    path: str
    citation: str
    cited: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="a job id, or its beginning")
    parser.add_argument("--experiment", metavar="E###", help="every run of an experiment")
    parser.add_argument("--all", action="store_true", help="every run that is cited")
    add_format_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    if (bool(arguments.ids) + bool(arguments.experiment) + arguments.all) != 1:
        raise UsageError("name runs, or --experiment E###, or --all")
    checker = open_checker()
    wanted = _wanted(arguments, checker)
    cited = list(cited_by(checker, wanted))
    if arguments.ids or arguments.format in ("json", "jsonl", "csv"):
        sys.stdout.write(render_rows(arguments.format, CitedBy._fields, cited))
    else:
        # A row a citation, with the number of runs: a batch may have thousands.
        counts = Counter(row[1:] for row in cited)
        rows = [[*citation, count] for citation, count in counts.items()]
        sys.stdout.write(render_rows(arguments.format, (*CitedBy._fields[1:], "runs"), rows))
    if arguments.ids:
        for job_id in sorted((wanted or frozenset()) - {citation.job_id for citation in cited}):
            notice(f"no finding cites run {job_id}")
    return 0


def _wanted(arguments: argparse.Namespace, checker: Checker) -> frozenset[str] | None:
    if arguments.all:
        return None
    if arguments.ids:
        job_ids = checker.sources.job_ids
        return frozenset(full_job_id(written, job_ids) for written in arguments.ids)
    experiment = checked_experiment(arguments.experiment)
    return frozenset(entry.job_id for entry in checker.sources.ledger.select(experiment, {}))


def cited_by(checker: Checker, job_ids: Collection[str] | None = None) -> Iterator[CitedBy]:
    """Each run (default: any) with each citation of it, alone or in a batch, by finding."""
    for finding in checker.findings():
        checker.load(finding.citations)
        for citation in finding.citations:
            for job_id in cited_runs(citation, checker.sources):
                if job_ids is None or job_id in job_ids:
                    name, label = name_of(finding.path), citation.label
                    yield CitedBy(job_id, name, finding.path, label, selection(citation))
