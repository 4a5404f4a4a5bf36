"""``aexp-findings``: what the findings cite must be in the commit, and must hold.

Finished runs of this machine that the findings cite are promoted first. Then the findings that the
commit concerns are judged, or all of them where nothing is staged. With ``PRE_COMMIT_FROM_REF`` and
``PRE_COMMIT_TO_REF`` it is the commits between them that are judged, as on a push.
"""

from __future__ import annotations

import sys

from . import TYPE_CHECKING, run_hook

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Check a commit's findings; 0 clean, 1 problems, 2 wrong usage or it could not be done."""
    return run_hook(argv, of_findings=True)


if __name__ == "__main__":
    sys.exit(main())
