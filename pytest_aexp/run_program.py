"""How each program of the package runs: printing anywhere, and ending without a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.text import shown

COULD_NOT = 2
INTERRUPTED = 130
NO_READER = 141
"""The statuses by which a shell reports the signals SIGINT and SIGPIPE."""
_LONGEST = 2000


def run_program(name: str, work: Callable[[], int]) -> int:
    """The exit status of ``work``, or 2 with a line on standard error if it could not be done.

    Status 1 is for what ``work`` found, and never for how the program ended.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - it is open to the end
    if sys.stdout is None:
        return _end(name, COULD_NOT, "standard output is closed; redirect it to /dev/null instead")
    for stream in (sys.stdout, sys.stderr):
        # Whatever the terminal's encoding, a character it lacks must not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return _guarded(name, work)


def _guarded(name: str, work: Callable[[], int]) -> int:
    try:
        status = work()
        sys.stdout.flush()
    except AexpError as error:
        # It may name what somebody else's file holds.
        return _end(name, COULD_NOT, shown(str(error), _LONGEST))
    except BrokenPipeError:
        _discard(sys.stdout)
        return _end(name, NO_READER, "standard output was closed before all of it was written")
    except OSError as error:
        _discard(sys.stdout)
        place = f": {shown(str(error.filename), _LONGEST)}" if error.filename else ""
        return _end(name, COULD_NOT, f"{error.strerror or error}{place}")
    except MemoryError:
        return _end(name, COULD_NOT, "not enough memory")
    except KeyboardInterrupt:
        return _end(name, INTERRUPTED, "interrupted; run it again")
    return status


def _end(name: str, status: int, reason: str) -> int:
    try:
        print(f"{name}: {reason}", file=sys.stderr, flush=True)
    except OSError:  # standard error may have no reader either
        _discard(sys.stderr)
    return status


def _discard(stream: TextIO) -> None:
    """Throw away what could not be written, which Python would try again at the end."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
