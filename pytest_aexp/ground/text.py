"""Text that came from files: made safe to print on one line, and what it means."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

SHOWN = 80
"""How many characters of a value from a file a message shows at most."""

_UNPRINTABLE = re.compile(
    # C0 and C1 controls, line separators, bidirectional, zero-width and other format characters,
    # surrogates, BOM
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd"
    "\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f]"
    # wherever it stands in a line of a log, `##[error]` is an order to a CI runner
    r"|(?<=#)#(?=\w{0,20}\[)"
)


def clean(text: str) -> str:
    """``text`` on one line, each character that could forge output written as its escape."""
    if text.isprintable() and "##" not in text:
        return text  # as nearly all are: found out ten times as fast
    return _UNPRINTABLE.sub(lambda match: _escape(match.group()), text)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters of ``text``, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown(text: str, limit: int = SHOWN) -> str:
    """``text`` as a message shows it: at most ``limit`` characters, of which escapes are some."""
    return cut(clean(text[: limit + 1]), limit)


def quoted(text: str, limit: int = SHOWN) -> str:
    """``text`` in double quotes, cut and cleaned."""
    return f'"{shown(text, limit)}"'


def shown_json(value: object, limit: int = SHOWN) -> str:
    """A JSON value as a message shows it; ``value`` must be of bounded size."""
    return shown(json.dumps(value, ensure_ascii=False, default=str), limit)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Iterable[str], limit: int = 5, total: int | None = None) -> str:
    """``a, b and c``; past ``limit`` words the rest is counted.

    ``total`` says how many words there are where only the first are given.
    """
    every = list(words)
    total = len(every) if total is None else total
    if total > min(limit, len(every)):
        shown_ones = every[:limit]
        return f"{', '.join(shown_ones)} and {total - len(shown_ones):,} more"
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]]))


def one_of(words: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def closest(word: str, candidates: Iterable[str], cutoff: float = 0.75) -> str | None:
    """The candidate most like ``word``, if one is like it at all: in other letters, or almost."""
    # Here, for start-up time: where all is well nothing is guessed.
    import difflib

    words = list(candidates)
    same = [other for other in words if other.casefold() == word.casefold()]
    nearest = same or difflib.get_close_matches(word, words, n=1, cutoff=cutoff)
    return nearest[0] if nearest else None


@lru_cache(1024)  # most findings have the same few keys
def resembles(written: str, meant: str, cutoff: float = 0.8) -> bool:
    """Whether ``written`` is ``meant`` but for case, punctuation or a slip of the finger.

    ``cutoff`` is the share of letters that must be the same.
    """
    if len(written) > 2 * len(meant):  # to compare takes long where one is long
        return False
    letters, wanted = (re.sub(r"[\W_]", "", word).casefold() for word in (written, meant))
    # Of short words, or one much shorter than the other, too many are alike.
    return letters == wanted or (
        len(wanted) > 4
        and 2 * len(wanted) <= 3 * len(letters)
        and closest(letters, [wanted], cutoff) is not None
    )


NEVER = datetime.min.replace(tzinfo=UTC)
"""Before any time, in the place of one that is not known."""


def parse_time(value: object) -> datetime | None:
    """The moment that an ISO 8601 text names, in UTC where it has no offset; None if none."""
    try:
        # In capitals: Python takes `Z` for UTC, and not `z`, which RFC 3339 allows as well.
        moment = datetime.fromisoformat(value.upper()) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def utc(moment: datetime) -> str:
    """A moment as ledger and documents have it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Position(NamedTuple):
    """A place in a text; line and column count from 1, columns in characters."""

    line: int = 1
    column: int = 1


class LineMap:
    """Turns a character offset of a text into a position, lines ending at each newline."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        if "\r" in text:
            starts: Iterable[int] = (match.end() for match in re.finditer(r"\r\n|\n|\r", text))
        else:  # in half of the time
            starts = accumulate(len(line) + 1 for line in text.split("\n"))
        self._starts = [0, *starts]
        self._first_line = first_line

    def position(self, offset: int) -> Position:
        """The position of the character at ``offset``."""
        index = bisect_right(self._starts, offset) - 1
        return Position(index + self._first_line, offset - self._starts[index] + 1)


def position_in(text: str, offset: int) -> Position:
    """The position of the character at ``offset``, without a map of the whole text."""
    returns = text.count("\r", 0, offset) - text.count("\r\n", 0, offset)
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    return Position(text.count("\n", 0, offset) + returns + 1, offset - start + 1)
