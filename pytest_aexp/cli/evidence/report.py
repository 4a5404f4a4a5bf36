"""Write findings, verdicts and runs as one page of HTML that needs nothing else."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean, counted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Policy
from pytest_aexp.report.page import write_report
from pytest_aexp.work.check.checker import Checker

STATUSES = {0: "the page was written, whatever the verdicts on it"}
EXAMPLES = "aexp report --html report.html    one file, to open in a browser or attach\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html", required=True, type=Path, metavar="FILE", help="the file to write"
    )


def run(arguments: argparse.Namespace) -> int:
    repository = Repository.open()
    policy = Policy.of(repository.configuration)
    checker = Checker(repository, WorkTree(repository.root), policy)
    missing = [folder for folder in arguments.html.parents if not folder.exists()]
    report = write_report(checker, arguments.html)
    if missing:
        print(f"created: {clean(str(missing[0]))}")
    counts = [f"{count} {words}" for _, words, count in report.verdicts if count]
    verdicts = f": {'; '.join(counts)}" if counts else ""
    print(f"{clean(str(arguments.html))}: {counted(len(report.findings), 'finding')}{verdicts}")
    return 0
