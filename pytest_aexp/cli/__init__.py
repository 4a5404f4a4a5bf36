"""The ``aexp`` command: parse, call, render, exit status."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from pytest_aexp.cli import install, ledger, runs, validate
from pytest_aexp.errors import AexpError
from pytest_aexp.text import clean

USAGE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``aexp`` with ``argv``; 0 clean, 1 problems, 2 wrong usage or nothing could be done."""
    for stream in (sys.stdout, sys.stderr):
        # Whatever the terminal's encoding, a character it lacks must not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except AexpError as error:
        print(f"aexp: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # The reader left (`aexp … | head`); nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f": {clean(str(error.filename))}" if error.filename else ""
        print(f"aexp: {error.strerror or error}{place}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aexp",
        description="Check every run a finding cites against the ledger, and keep the ledger.",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    install.add_to(verbs)
    validate.add_to(verbs)
    ledger.add_to(verbs)
    runs.add_to(verbs)
    return parser
