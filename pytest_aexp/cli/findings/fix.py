"""Correct citations of findings where only one thing can have been meant: misspelt
keys and types, ids cut short or with dashes, values with or without quotes.
Every other byte stays.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pytest_aexp.cli.finding_argument import findings_named
from pytest_aexp.cli.findings.edit_finding import (
    diff_lines,
    open_checker,
    open_finding,
    write_finding,
)
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import clean, counted
from pytest_aexp.model.findings.citation import BatchCitation
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.hints import meant_values
from pytest_aexp.work.check.resolve import matching_selectors
from pytest_aexp.work.edit.finding_text import open_for_edit
from pytest_aexp.work.edit.fix import corrected, with_unambiguous_values

STATUSES = {
    0: "done, whether or not anything was changed",
    1: "with --diff: there is something to change",
    2: "wrong usage, or a finding could not be read or written",
}
EXAMPLES = """\
aexp fix --diff     show what would change
aexp fix F004       correct one finding
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("findings", nargs="*", metavar="FINDING", help="default: every finding")
    parser.add_argument(
        "--diff", action="store_true", help="only show the changes; exit status 1 if there are any"
    )


def run(arguments: argparse.Namespace) -> int:
    checker = open_checker()
    paths = findings_named(arguments.findings, checker)
    changed, failed = 0, False
    for path in paths or checker.finding_paths:
        try:
            changed += _fixed(checker, path, show=arguments.diff)
        except UsageError as error:
            notice(clean(str(error)))
            failed = True
    if not arguments.diff:
        print(f"{counted(changed, 'finding')} changed; next: aexp validate")
    if failed:
        return 2
    return 1 if arguments.diff and changed else 0


def _fixed(checker: Checker, path: str, *, show: bool) -> bool:
    document = open_finding(checker, path)
    text = corrected(document, checker.sources.job_ids)
    # From the corrected text: there citations can be read that could not before.
    values = _unambiguous_values(checker, path, text)
    text = with_unambiguous_values(open_for_edit(path, text.encode()), values)
    if text == document.text:
        return False
    if show:
        sys.stdout.writelines(diff_lines(path, document.text, text))
    else:
        write_finding(checker, path, text)
        print(f"fixed: {clean(path)}")
    return True


def _unambiguous_values(checker: Checker, path: str, text: str) -> dict[int, dict[str, Any]]:
    """The values, by citation and key, that runs have where YAML or their type leaves it open."""
    values: dict[int, dict[str, Any]] = {}
    for citation in read_finding(path, text.encode()).citations:
        if isinstance(citation, BatchCitation):
            selectors = matching_selectors(citation, checker.sources)
            if not selectors:
                values[citation.index] = meant_values(citation, checker.sources)
            elif len(selectors) == 1:
                values[citation.index] = {key: selectors[0][key] for key in citation.readings}
    return values
