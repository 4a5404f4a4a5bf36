"""``aexp --print-completion``: scripts that complete ``aexp`` in a shell."""

from __future__ import annotations

import sys

from pytest_aexp.cli.parsers import whole_parser
from pytest_aexp.ground.errors import UsageError

MISSING_SHTAB = "completion needs shtab: run `pip install 'pytest-aexp[completion]'`"


def print_completion(shell: str) -> None:
    """Print the script for ``bash`` or ``zsh``."""
    try:
        # Here, since it is an extra.
        import shtab
    except ImportError as error:
        raise UsageError(MISSING_SHTAB) from error
    sys.stdout.write(f"{shtab.complete(whole_parser(), shell=shell)}\n")
