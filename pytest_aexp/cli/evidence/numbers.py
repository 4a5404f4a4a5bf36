"""Show each number in the text of findings that says what it follows from, with
its exact value and its runs. With --write, correct those of one finding.
"""

from __future__ import annotations

import argparse
import sys

from pytest_aexp.cli.finding_argument import finding_named
from pytest_aexp.cli.findings.edit_finding import (
    diff_lines,
    open_checker,
    open_finding,
    write_finding,
)
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import Position, clean, counted, shown
from pytest_aexp.model.numbers.claim import Claim
from pytest_aexp.model.numbers.value import value_text
from pytest_aexp.model.problems import Problem
from pytest_aexp.work.check.checker import Checker, Verdict
from pytest_aexp.work.check.numbers import Result, printed
from pytest_aexp.work.edit.numbers import with_right_numbers

STATUSES = {
    0: "every number follows from its runs, or could not be checked",
    1: "a number does not follow, or cannot be read",
}
EXAMPLES = """\
aexp numbers                 the numbers of every finding
aexp numbers F002            those of one
aexp numbers F002 --write    write what follows in the place of what does not
"""
_FEW = 3
"""How many runs of a number are named; `aexp evidence` shows all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("finding", nargs="?", metavar="FINDING", help="default: every finding")
    parser.add_argument(
        "--write", action="store_true", help="correct the numbers of FINDING, and nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    checker = open_checker()
    if arguments.finding is None:
        if arguments.write:
            raise UsageError("--write corrects the numbers of one finding: name it")
        return max((_show(checker, path) for path in checker.finding_paths), default=0)
    path = finding_named(arguments.finding, checker)
    if arguments.write:
        _write(checker, path)
    return _show(checker, path)


def _checked(checker: Checker, path: str) -> list[tuple[Claim, Verdict]]:
    finding = checker.finding(path)
    return [(claim, checker.claim(finding, claim)) for claim in finding.claims]


def _show(checker: Checker, path: str) -> int:
    """Print the numbers of a finding; 1 if there is an error among them."""
    checked = _checked(checker, path)
    if checked:
        print(clean(path))
    problems: list[Problem] = []
    for claim, verdict in checked:
        problems += verdict.problems
        for position, result in zip(claim.positions, verdict.results, strict=True):
            print(_line(position, result))
        for problem in verdict.problems:
            print(f"  {problem.severity}: {clean(problem.message)} [{problem.code}]")
            print(f"    next: {clean(problem.fix)}")
    return int(any(problem.severity == "error" for problem in problems))


def _line(position: Position, result: Result) -> str:
    place, expression = f"{position.line}:{position.column}", shown(result.written.text, 120)
    line = f"  {place}: {printed(result.number)} = {expression}"
    if result.value is not None:
        line += f" = {value_text(result.value, digits=40)}"
    if ids := [entry.job_id[:8] for entry in result.entries]:
        more = ", …" if len(ids) > _FEW else ""
        line += f" ({counted(len(ids), 'run')}: {', '.join(ids[:_FEW])}{more})"
    return line


def _write(checker: Checker, path: str) -> None:
    """Correct the numbers of a finding, and print what has changed."""
    front = open_finding(checker, path)
    checked = [(claim, verdict.results) for claim, verdict in _checked(checker, path)]
    text = with_right_numbers(front, checked)
    if text == front.text:
        return
    sys.stdout.writelines(diff_lines(path, front.text, text))
    write_finding(checker, path, text)
