"""``aexp-findings``: what the findings cite must be in the commit, and must hold.

Finished runs of this machine that the findings cite are promoted first. Then the findings that the
commit concerns are judged, or all of them where nothing is staged. With ``PRE_COMMIT_FROM_REF`` and
``PRE_COMMIT_TO_REF`` it is the commits between them that are judged, as on a push.
"""

from __future__ import annotations

import sys

from .early_exit import StagedDiff

# A type checker knows the name. To import typing takes as long as most commits leave this program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

PROGRAM = "aexp-findings"


def main(argv: Sequence[str] | None = None) -> int:
    """Check a commit's findings; 0 clean, 1 problems, 2 wrong usage or it could not be done."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    staged = StagedDiff()
    if not arguments and staged.leaves_findings_alone():
        return 0
    # Here, and below, so that a commit which concerns nothing pays for none of it.
    from pytest_aexp.run_program import run_program

    return run_program(PROGRAM, lambda: _run(arguments, staged))


def _run(arguments: Sequence[str], staged: StagedDiff) -> int:
    chosen = _parsed(arguments) if arguments else None
    # Here, so that a commit which concerns nothing pays for none of it.
    from .check import Options, check_findings, refuse_files

    if chosen is None:
        return check_findings(staged, Options())
    refuse_files(chosen.files)
    if staged.leaves_findings_alone() and chosen.policy_from is None:
        return 0
    return check_findings(staged, Options(chosen.strict_runs, chosen.stage, chosen.policy_from))


def _parsed(arguments: Sequence[str]) -> Namespace:
    import argparse
    from typing import get_args

    from pytest_aexp.ground.repository import StrictRuns, strictness_word

    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Check what staged findings cite, and the findings whose evidence changes.",
    )
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
    parser.add_argument(
        "--policy-from",
        metavar="REV",
        help="take [tool.aexp] from that commit, which the change does not control",
    )
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args(list(arguments))


if __name__ == "__main__":
    sys.exit(main())
