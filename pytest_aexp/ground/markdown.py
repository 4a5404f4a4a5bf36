"""Where Markdown holds code and comments, in one pass: which of them begins first decides."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<fence>^(?P<margin>[ \t>]*+(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]++)*+)"
    r"(?P<marks>`{3,}(?=[^`\n]*$)|~{3,}))"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<comment><!--)",
    re.MULTILINE,
)
_VISIBLE = re.compile(r"[^\r\n]")
_TICKS = re.compile(r"`+")
_BLANK_LINE = re.compile(r"^[ \t>]*\r?$", re.MULTILINE)
_CLOSING_FENCE = re.compile(r"^([ \t>]*+)(`{3,}|~{3,})[ \t]*\r?$", re.MULTILINE)
_NOT_QUOTED = re.compile(r"^(?![ \t]*>)", re.MULTILINE)


class Span(NamedTuple):
    """Code or a comment, from ``start`` up to ``end``; one that is not closed never ends."""

    start: int
    end: int
    is_comment: bool = False
    is_closed: bool = True


def code_and_comments(text: str, start: int = 0) -> Iterator[Span]:
    """The fenced code, code spans and comments in ``text`` from ``start`` on.

    What follows a comment that is never closed is looked at as if that were text.
    """
    code = _Code(text)
    at, last_end = start, text.rfind("-->")
    while (token := _TOKEN.search(text, at)) is not None:
        at = token.end()
        if token["fence"]:
            at = code.end_of_fence(token)
        elif token["ticks"]:
            at = code.end_of_span(token)
        elif token["comment"]:
            end = text.find("-->", at) if at <= last_end else -1
            at = end + 3 if end >= 0 else at
            closed_at = at if end >= 0 else len(text)
            yield Span(token.start(), closed_at, is_comment=True, is_closed=end >= 0)
            continue
        if not token["escape"] and at > token.end():
            yield Span(token.start(), at)


def without(text: str, spans: Iterable[Span]) -> str:
    """``text`` with blanks in the place of ``spans``, all offsets and line ends kept."""
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], _VISIBLE.sub(" ", text[span.start : span.end])]
        last = span.end
        if not span.is_closed:
            break
    return "".join([*parts, text[last:]])


class _Code:
    """Where code in a text ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._quotation_end = 0
        self._unclosed: list[tuple[str, int, int]] = []
        self._ticks: dict[int, list[int]] | None = None
        self._blank_lines: list[int] = []

    def end_of_fence(self, opening: re.Match[str]) -> int:
        """Where the fenced code ends whose first fence is ``opening``."""
        margin, mark = opening["margin"], opening["marks"][0]
        is_quoted = ">" in margin
        # Source: CommonMark 4.5: what closes it is as long, and indented by three more at most. The
        # caps leave few kinds of fence, so that few searches to the end of the text are in vain.
        length, deepest = min(len(opening["marks"]), 16), min(_width(margin) + 3, 40)
        end = self._end_of_quotation(opening.end()) if is_quoted else len(self._text)
        if not any(m == mark and n <= length and d >= deepest for m, n, d in self._unclosed):
            for closing in _CLOSING_FENCE.finditer(self._text, opening.end(), end):
                is_same = closing[2][0] == mark and len(closing[2]) >= length
                is_same = is_same and (">" in closing[1]) == is_quoted
                if is_same and _width(closing[1]) <= deepest:
                    return closing.end()
            if end == len(self._text):
                # Nor is one closed that is longer or stands further left: none is looked for twice.
                self._unclosed.append((mark, length, deepest))
        # One that is indented and never closed is more likely no fence at all: what is wrong after
        # it must not go unseen.
        return opening.end() if deepest > 6 and not is_quoted else end

    def _end_of_quotation(self, start: int) -> int:
        """Where the quotation ends, and with it its fences."""
        if self._quotation_end < start:
            outside = _NOT_QUOTED.search(self._text, start)
            self._quotation_end = outside.start() if outside else len(self._text)
        return self._quotation_end

    def end_of_span(self, opening: re.Match[str]) -> int:
        """Where the code span ends that starts there; if there is none, where its ticks do."""
        if self._ticks is None:
            self._ticks = defaultdict(list)
            for match in _TICKS.finditer(self._text):
                self._ticks[len(match[0])].append(match.start())
            self._blank_lines = [match.start() for match in _BLANK_LINE.finditer(self._text)]
        length = len(opening[0])
        same = self._ticks[length]
        number = bisect_left(same, opening.end())
        if number == len(same):
            return opening.end()
        blank = bisect_left(self._blank_lines, opening.end())
        ends_before = blank < len(self._blank_lines) and self._blank_lines[blank] < same[number]
        return opening.end() if ends_before else same[number] + length


def _width(margin: str) -> int:
    return len(margin.expandtabs(4))
