"""What the verbs share in printing: colour, and tables that fit the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from pytest_aexp.ground.text import clean, cut


def wants_colour() -> bool:
    """Whether standard output is a terminal whose user did not say NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under headings in aligned columns; on a terminal the last column is cut to fit."""
    cleaned = [[clean(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[i]) for row in cleaned) for i in range(len(headings))]
    room = _columns() if sys.stdout.isatty() else None
    lines = []
    for row in cleaned:
        padded = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        line = "  ".join([*padded, row[-1]]).rstrip()
        lines.append(cut(line, room) if room else line)
    return "\n".join(lines) + "\n"


def _columns() -> int:
    # Here, for start-up time: it brings what reads archives with it.
    import shutil

    return shutil.get_terminal_size().columns
