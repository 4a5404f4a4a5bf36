"""``aexp-ledger``: check staged ledger entries for schema, job id and leaks.

Every entry that the commit changes is judged against schema, identity and leaks, or all of them
where nothing is staged.
"""

from __future__ import annotations

import sys

from .early_exit import StagedDiff

# A type checker knows the name. To import typing takes as long as most commits leave this program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "aexp-ledger"


def main(argv: Sequence[str] | None = None) -> int:
    """Check a commit's ledger entries; 0 clean, 1 problems, 2 wrong usage or it could not be."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    staged = StagedDiff()
    if not arguments and staged.leaves_entries_alone():
        return 0
    # Here, and below, so that a commit which concerns nothing pays for none of it.
    from pytest_aexp.run_program import run_program

    return run_program(PROGRAM, lambda: _run(arguments, staged))


def _run(arguments: Sequence[str], staged: StagedDiff) -> int:
    from .check import Options, check_ledger, refuse_files

    options = Options()
    if arguments:
        import argparse

        description = "Check the schema, identity and leaks of staged ledger entries."
        parser = argparse.ArgumentParser(prog=PROGRAM, description=description)
        parser.add_argument(
            "--policy-from",
            metavar="REV",
            help="take [tool.aexp] from that commit, which the change does not control",
        )
        parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
        chosen = parser.parse_args(list(arguments))
        refuse_files(chosen.files)
        options = Options(policy_from=chosen.policy_from)
    return check_ledger(staged, options)


if __name__ == "__main__":
    sys.exit(main())
