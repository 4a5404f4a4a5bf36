"""What the verbs share in printing: colour, and tables that fit the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import TextIO, TypeVar

from pytest_aexp.ground.text import clean, cut
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.problems import Outcome
from pytest_aexp.rendering import FORMATS, render_text

_GAP = 2
"""The blanks between two columns of a table."""
_T = TypeVar("_T")
_BAR_WIDTH = 30
_BAR_SECONDS = 0.1
"""How long a bar stands: a terminal may take longer to draw it than a run takes to promote."""


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


def render_table(
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
    room = None
    if sys.stdout.isatty():
        # Here, for start-up time: it brings what reads archives with it.
        from shutil import get_terminal_size

        room = get_terminal_size().columns
    widths = _widths(cleaned)
    if room and id_length is not None and sum(widths) + _GAP * (len(widths) - 1) > room:
        length = id_length()
        cleaned[1:] = [[row[0][:length], *row[1:]] for row in cleaned[1:]]
        widths = _widths(cleaned)
    line = (" " * _GAP).join(f"{{:<{width}}}" for width in widths).format
    lines = [line(*row).rstrip() for row in cleaned]
    return "".join(f"{cut(text, room) if room else text}\n" for text in lines)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def with_progress(items: Iterable[_T], total: int, noun: str) -> Iterator[_T]:
    """``items``, counted on standard error while they pass if that is a terminal."""
    if not is_terminal(sys.stderr) or not total:
        yield from items
        return
    shown_at = 0.0
    try:
        for number, item in enumerate(items, start=1):
            if monotonic() - shown_at >= _BAR_SECONDS or number == total:
                shown_at = monotonic()
                done = min(_BAR_WIDTH, _BAR_WIDTH * number // total)
                bar = "#" * done + "." * (_BAR_WIDTH - done)
                sys.stderr.write(f"\r[{bar}] {number:,}/{total:,} {noun}")
                sys.stderr.flush()
            yield item
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
