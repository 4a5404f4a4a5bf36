"""``aexp-ledger``: check staged ledger entries for schema, job id and leaks.

Every entry that the commit changes is judged against schema, identity and leaks, or all of them
where nothing is staged.
"""

from __future__ import annotations

import atexit
import gc
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
    if argv is None:
        # As ``aexp`` does.
        gc.disable()
        atexit.register(gc.freeze)
    # Here, so that a commit which concerns nothing pays for none of it.
    from .program import run_ledger

    return run_ledger(PROGRAM, arguments, staged)


if __name__ == "__main__":
    sys.exit(main())
