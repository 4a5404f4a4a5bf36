"""The hooks where a commit concerns them: options, the check, and how the program ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from pytest_aexp.ground.settings.configuration import StrictRuns, strictness_word
from pytest_aexp.run_program import run_program

from .check import Options, check_findings, check_ledger, refuse_files
from .early_exit import StagedDiff

_ABOUT = {
    True: "Check what staged findings cite, and the findings whose evidence changes.",
    False: "Check the schema, identity and leaks of staged ledger entries.",
}


def run(arguments: Sequence[str], staged: StagedDiff, *, of_findings: bool) -> int:
    """The exit status of the hook of findings, or of that of ledger entries."""
    program = "aexp-findings" if of_findings else "aexp-ledger"

    def work() -> int:
        options = _options(program, arguments, of_findings=of_findings) if arguments else Options()
        if not of_findings:
            return check_ledger(staged, options)
        if arguments and staged.leaves_findings_alone() and options.policy_from is None:
            return 0
        return check_findings(staged, options)

    return run_program(program, work)


def _options(program: str, arguments: Sequence[str], *, of_findings: bool) -> Options:
    # Here, since pre-commit gives no arguments, and this takes a while to load.
    import argparse

    parser = argparse.ArgumentParser(prog=program, description=_ABOUT[of_findings])
    parser.add_argument(
        "--policy-from",
        metavar="REV",
        help="take [tool.aexp] from that commit, which the change does not control",
    )
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    if of_findings:
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
    options = Options(**vars(parser.parse_args(list(arguments))))
    refuse_files(options.files)
    return options
