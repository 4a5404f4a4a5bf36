"""The ``aexp`` command: parse, call, render, exit status."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pytest_aexp.cli import editing, install, ledger, report, runs, validate
from pytest_aexp.program import run_program


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``aexp`` with ``argv``; 0 clean, 1 problems, 2 wrong usage or nothing could be done."""
    return run_program("aexp", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    status: int = arguments.run(arguments)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aexp",
        description="Check every run a finding cites against the ledger, and keep the ledger.",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    install.add_to(verbs)
    validate.add_to(verbs)
    ledger.add_to(verbs)
    editing.add_to(verbs)
    report.add_to(verbs)
    runs.add_to(verbs)
    return parser
