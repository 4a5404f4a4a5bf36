"""One line on standard error, which never makes a run fail."""

from __future__ import annotations

import sys
from contextlib import suppress

from pytest_aexp.ground.text import shown

REASON_LIMIT = 300
"""How many characters of an exception's text a notice shows at most."""


def notice(text: str) -> None:
    """Print one line to standard error, if there is one that can be written to."""
    # None under pythonw and in some daemons: print would take standard output instead.
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"aexp: {text}", file=sys.stderr, flush=True)


def reason(error: BaseException) -> str:
    """What an exception says, on one line; its kind if it says nothing."""
    return shown(" ".join(str(error).split()), REASON_LIMIT) or type(error).__name__
