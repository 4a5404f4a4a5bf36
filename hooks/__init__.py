"""What pre-commit runs: ``aexp-findings`` and ``aexp-ledger``."""

from __future__ import annotations

import atexit
import gc
import sys

from .early_exit import StagedDiff

# A type checker knows the name. To import typing takes as long as most commits leave this program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run_hook(
    program: str, argv: Sequence[str] | None, leaves_alone: Callable[[StagedDiff], bool]
) -> int:
    """The exit status of a hook; ``argv`` is None where it is the program."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    staged = StagedDiff()
    if not arguments and leaves_alone(staged):
        return 0
    if argv is None:
        # As ``aexp`` does.
        gc.disable()
        atexit.register(gc.freeze)
    # Here, so that a commit which concerns nothing pays for none of it.
    from .program import run

    return run(program, arguments, staged)
