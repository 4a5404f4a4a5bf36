"""What pre-commit runs: ``aexp-findings`` and ``aexp-ledger``."""

from __future__ import annotations

import atexit
import gc
import sys

from .early_exit import StagedDiff

# A type checker knows the name. To import typing takes as long as most commits leave this program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def run_hook(argv: Sequence[str] | None, *, of_findings: bool) -> int:
    """The exit status of the hook of findings, or of that of ledger entries.

    ``argv`` is None where the hook is the program.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    staged = StagedDiff()
    leaves_alone = staged.leaves_findings_alone if of_findings else staged.leaves_entries_alone
    if not arguments and leaves_alone():
        return 0
    if argv is None:
        # As ``aexp`` does.
        gc.disable()
        atexit.register(gc.freeze)
    # Here, so that a commit which concerns nothing pays for none of it.
    from .program import run

    return run(arguments, staged, of_findings=of_findings)
