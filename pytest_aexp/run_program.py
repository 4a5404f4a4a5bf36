"""How each program of the package runs: printing anywhere, and ending without a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.text import shown

COULD_NOT = 2
INTERRUPTED = 130
_MOST_SAID = 2000


def run_program(name: str, work: Callable[[], int]) -> int:
    """The exit status of ``work``, or 2 with a line on standard error if it could not be done."""
    for stream in (sys.stdout, sys.stderr):
        # Whatever the terminal's encoding, a character it lacks must not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = work()
        sys.stdout.flush()
    except AexpError as error:
        # It may name what a file of somebody else's says.
        print(f"{name}: {shown(str(error), _MOST_SAID)}", file=sys.stderr)
        return COULD_NOT
    except BrokenPipeError:
        # The reader left (`aexp … | head`); nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f": {shown(str(error.filename), _MOST_SAID)}" if error.filename else ""
        print(f"{name}: {error.strerror or error}{place}", file=sys.stderr)
        return COULD_NOT
    except MemoryError:
        print(f"{name}: not enough memory", file=sys.stderr)
        return COULD_NOT
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
