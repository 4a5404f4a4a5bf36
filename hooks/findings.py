"""``aexp-findings``: what the findings cite must be in the commit, and must hold.

Finished runs of this machine that the findings cite are promoted first. Then the findings that the
commit concerns are judged, or all of them where nothing is staged. With ``PRE_COMMIT_FROM_REF`` and
``PRE_COMMIT_TO_REF`` it is the commits between them that are judged, as on a push.
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

PROGRAM = "aexp-findings"


def main(argv: Sequence[str] | None = None) -> int:
    """Check a commit's findings; 0 clean, 1 problems, 2 wrong usage or it could not be done."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    staged = StagedDiff()
    if not arguments and staged.leaves_findings_alone():
        return 0
    if argv is None:
        # As ``aexp`` does.
        gc.disable()
        atexit.register(gc.freeze)
    # Here, so that a commit which concerns nothing pays for none of it.
    from .program import run_findings

    return run_findings(PROGRAM, arguments, staged)


if __name__ == "__main__":
    sys.exit(main())
