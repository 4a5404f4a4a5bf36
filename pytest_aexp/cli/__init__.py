"""The ``aexp`` command: parse, call, render, exit status."""

from __future__ import annotations

import argparse
import gc
import re
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from pytest_aexp.cli import cite, install, ledger, report, runs, validate, version
from pytest_aexp.run_program import run_program

_NO_VALUE = re.compile(r"--[\w-]+=--")
_EXAMPLES = """\
examples:
  aexp install                      make this clone ready
  aexp validate                     check every citation, and every ledger entry
  aexp ledger promote 4076a08a      let other machines see a run
  aexp cite F004 4076a08a           cite it
  aexp VERB --help                  more on a verb, with examples
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``aexp`` with ``argv``; 0 clean, 1 problems, 2 wrong usage or nothing could be done."""
    if argv is None:
        # What is read is kept to the end, and next to nothing of it refers to itself: to search
        # for that again and again costs a twelfth of the time of a large check.
        gc.disable()
    return run_program("aexp", lambda: _run(argv))


class _Parser(argparse.ArgumentParser):
    """A parser, or that of a verb, which what it has parsed names: the innermost one."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.set_defaults(parser=self)


def _run(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    for word in takewhile(lambda each: each != "--", sys.argv[1:] if argv is None else argv):
        # argparse takes the two dashes away and hands on a list that is empty.
        if _NO_VALUE.fullmatch(word):
            parser.error(f"argument {word[:-3]}: expected a value, not --")
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    status: int = arguments.run(arguments)
    return status


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    parser: argparse.ArgumentParser = _Parser(
        prog="aexp",
        description="Check every run a finding cites against the ledger, and keep the ledger.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version.add_to(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    install.add_to(verbs)
    validate.add_to(verbs)
    ledger.add_to(verbs)
    cite.add_to(verbs)
    report.add_to(verbs)
    runs.add_to(verbs)
    return parser
