"""What the verbs share in printing: colour, and tables that fit the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO

from pytest_aexp.ground.text import clean, cut
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.problems import Outcome
from pytest_aexp.rendering import FORMATS, render_text

_GAP = 2
"""The blanks between two columns of a table."""


def is_terminal(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that knows more than to print what it is given."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def rendered(outcome: Outcome, format_name: str, root: Path) -> str:
    """The outcome in that format; text as somebody in the current folder needs it."""
    if format_name != "text":
        return FORMATS[format_name](outcome)
    # https://no-color.org: any value but an empty one turns colours off.
    colour = is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")
    return render_text(outcome, colour=colour, here=_here(root))


def at_root(root: Path, command: str) -> str:
    """``command``, which is for the repository's root, as it can be typed in the current folder."""
    here = _here(root)
    return command if here == "." else f"cd {os.path.relpath('.', here)} && {command}"


def print_next_commit(root: Path) -> None:
    """Print what to type after entries were written."""
    print(f"next: {at_root(root, f'git add {LEDGER_DIR}')}, then commit and push")


def _here(root: Path) -> str:
    here = Path.cwd().resolve()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else "."


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    id_length: Callable[[], int] | None = None,
) -> str:
    """Rows under headings in aligned columns; on a terminal the last column is cut to fit.

    Where that would be, the ids in the first column are shortened first, to ``id_length``.
    """
    cleaned = [list(row) for row in (headings, *rows)]
    together = "".join(chain.from_iterable(cleaned))
    if clean(together) != together:
        cleaned = [[clean(cell) for cell in row] for row in cleaned]
    room = _columns() if sys.stdout.isatty() else None
    if room and id_length is not None and _total(_widths(cleaned)) > room:
        length = id_length()
        cleaned[1:] = [[row[0][:length], *row[1:]] for row in cleaned[1:]]
    widths = _widths(cleaned)
    line = (" " * _GAP).join(f"{{:<{width}}}" for width in widths).format
    lines = [line(*row).rstrip() for row in cleaned]
    return "".join(f"{cut(text, room) if room else text}\n" for text in lines)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _columns() -> int:
    # Here, for start-up time: it brings what reads archives with it.
    import shutil

    return shutil.get_terminal_size().columns
