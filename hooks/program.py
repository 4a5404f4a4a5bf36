"""The hooks where a commit concerns them: options, the check, and how the program ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from pytest_aexp.ground.settings.configuration import StrictRuns, strictness_word
from pytest_aexp.run_program import run_program

from .check import Options, check_findings, check_ledger, refuse_files
from .early_exit import StagedDiff

if TYPE_CHECKING:
    from argparse import ArgumentParser


def run_findings(program: str, arguments: Sequence[str], staged: StagedDiff) -> int:
    """The exit status of ``aexp-findings``."""

    def work() -> int:
        options = _findings_options(program, arguments) if arguments else Options()
        if arguments and staged.leaves_findings_alone() and options.policy_from is None:
            return 0
        return check_findings(staged, options)

    return run_program(program, work)


def run_ledger(program: str, arguments: Sequence[str], staged: StagedDiff) -> int:
    """The exit status of ``aexp-ledger``."""

    def work() -> int:
        options = _ledger_options(program, arguments) if arguments else Options()
        return check_ledger(staged, options)

    return run_program(program, work)


def _findings_options(program: str, arguments: Sequence[str]) -> Options:
    about = "Check what staged findings cite, and the findings whose evidence changes."
    parser = _parser(program, about)
    parser.add_argument(
        "--stage",
        action="store_true",
        help="add the entries of cited runs to the commit, rather than say what to add",
    )
    parser.add_argument(
        "--strict-runs",
        type=strictness_word,
        choices=get_args(StrictRuns),
        help="report a missing run as an error, as a warning, or not at all "
        "(default: what pyproject.toml says, else error)",
    )
    chosen = parser.parse_args(list(arguments))
    refuse_files(chosen.files)
    return Options(chosen.strict_runs, chosen.stage, chosen.policy_from)


def _ledger_options(program: str, arguments: Sequence[str]) -> Options:
    about = "Check the schema, identity and leaks of staged ledger entries."
    chosen = _parser(program, about).parse_args(list(arguments))
    refuse_files(chosen.files)
    return Options(policy_from=chosen.policy_from)


def _parser(program: str, description: str) -> ArgumentParser:
    # Here, since pre-commit gives no arguments, and this takes a while to load.
    import argparse

    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument(
        "--policy-from",
        metavar="REV",
        help="take [tool.aexp] from that commit, which the change does not control",
    )
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    return parser
