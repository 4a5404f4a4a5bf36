"""``aexp-ledger``: check staged ledger entries for schema, job id and leaks.

Every entry that the commit changes is judged against schema, identity and leaks, or all of them
where nothing is staged.
"""

from __future__ import annotations

import sys

from . import TYPE_CHECKING, run_hook

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Check a commit's ledger entries; 0 clean, 1 problems, 2 wrong usage or it could not be."""
    return run_hook(argv, of_findings=False)


if __name__ == "__main__":
    sys.exit(main())
