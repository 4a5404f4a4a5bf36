"""The comments ``<!-- = … -->`` in Markdown, outside fenced code and code spans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_aexp.ground.markdown import code_and_comments

MOST_COMMENTS = 1000
BEFORE_LIMIT = 2000
"""How many characters of its line before a comment may hold the numbers."""

# Banners such as `<!-- ==== -->` and arrows such as `<!-- => -->` claim nothing.
_CLAIM = re.compile(r"<!--\s*+=(?![=>])")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that says what the numbers before it follow from.

    The offsets are those of the text: ``start`` is where the comment starts, ``inside`` where its
    expressions do. ``expressions`` is None if it is never closed. ``before`` is what stands on its
    line before it, other comments blanked out, from the offset ``before_start`` on.
    """

    start: int
    inside: int
    expressions: str | None
    before: str
    before_start: int


def may_hold_comments(text: str, start: int) -> bool:
    """Whether a search of ``text`` from ``start`` on is worth while."""
    return text.find("<!--", start) >= 0 and _CLAIM.search(text, start) is not None


def comments_in(text: str, start: int) -> Iterator[Comment]:
    """The comments in ``text`` from ``start`` on."""
    claimed, blanks = start, list[tuple[int, int]]()
    for span in code_and_comments(text, start):
        if not span.is_comment:
            continue
        claim = _CLAIM.match(text, span.start)
        if claim is None:
            if span.is_closed:
                blanks.append((span.start, span.end))
            continue
        inner = text[claim.end() : span.end - 3] if span.is_closed else None
        first = _line_start(text, span.start, claimed)
        before = _blanked(text, first, span.start, blanks)
        yield Comment(span.start, claim.end(), inner, before, first)
        if not span.is_closed:
            return
        claimed = span.end
        blanks.clear()


def _line_start(text: str, comment: int, claimed: int) -> int:
    line = max(text.rfind("\n", 0, comment), text.rfind("\r", 0, comment)) + 1
    return max(line, claimed, comment - BEFORE_LIMIT)


def _blanked(text: str, start: int, end: int, blanks: list[tuple[int, int]]) -> str:
    """The text between two offsets, with spaces for the comments that claim nothing."""
    before = text[start:end]
    for comment_start, comment_end in blanks:
        first, last = max(comment_start, start) - start, comment_end - start
        if last > 0:
            before = before[:first] + " " * (last - first) + before[last:]
    return before
