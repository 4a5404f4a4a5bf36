"""The claims of a finding: numbers in its text, and the expressions that they follow from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pytest_aexp.ground.markdown import code_and_comments, without
from pytest_aexp.ground.text import LineMap, Position, cut, quoted
from pytest_aexp.model.numbers.expression import Malformed, WrittenExpression, parse
from pytest_aexp.model.numbers.notation import UnreadableNumber, last_numbers
from pytest_aexp.model.numbers.number import Number
from pytest_aexp.model.problems import MALFORMED_NUMBER, Fault

MOST_COMMENTS = 1000
BEFORE_LIMIT = 2000
"""How many characters of its line before a comment may hold the numbers."""
BEHIND_LIMIT = 40
"""How many behind it are looked at: whether the number goes on there."""

# Banners such as `<!-- ==== -->` and arrows such as `<!-- => -->` claim nothing.
_CLAIM = re.compile(r"<!--\s*+=(?![=>])")

HOW_TO_CLAIM = "write the number and, directly behind it, `<!-- = mean(name.metric) -->`"


@dataclass(frozen=True, slots=True)
class Claim:
    """One comment with the numbers before it; ``index`` counts the comments of the finding.

    ``fault`` is what is wrong with the way it is written; then there are no ``numbers``. Else each
    of them has one of ``expressions`` and a position, and starts at an offset in the finding.
    """

    path: str
    index: int
    position: Position
    fault: Fault | None = None
    numbers: tuple[Number, ...] = ()
    expressions: tuple[WrittenExpression, ...] = ()
    positions: tuple[Position, ...] = ()


def read_claims(path: str, text: str, start: int) -> tuple[Claim, ...]:
    """The claims in ``text`` from ``start`` on."""
    if _CLAIM.search(text, start) is None:  # and the comments say something else
        return ()
    return tuple(_claims(path, text, start))


def _claims(path: str, text: str, start: int) -> Iterator[Claim]:
    lines = LineMap(text)
    for index, comment in enumerate(comments_in(text, start)):
        position = lines.position(comment.start)
        if index == MOST_COMMENTS:
            message = f"the finding has more than {MOST_COMMENTS:,} numbers with an expression"
            fault = _fault(path, position, message, "split the finding")
            yield Claim(path, index, position, fault)
            return
        yield _claim(path, index, comment, lines, text)


def _claim(path: str, index: int, comment: Comment, lines: LineMap, text: str) -> Claim:
    position = lines.position(comment.start)

    def malformed(message: str, fix: str, offset: int = comment.start) -> Claim:
        fault = _fault(path, lines.position(offset), message, fix)
        return Claim(path, index, position, fault)

    if comment.expressions is None:
        return malformed("the comment is never closed", "end it with `-->`")
    try:
        expressions = parse(comment.expressions)
    except Malformed as error:
        message = f"{_shown(comment.expressions)} cannot be read: {error.message}"
        fix = "correct the expression, as in `<!-- = mean(name.metric) -->`"
        return malformed(message, fix, comment.inside + error.offset)
    starts_line = comment.before_start == 0 or text[comment.before_start - 1] in "\r\n"
    behind = text[comment.end : comment.end + BEHIND_LIMIT].splitlines()[:1]
    numbers = last_numbers(
        comment.before, len(expressions), starts_line=starts_line, behind="".join(behind)
    )
    if isinstance(numbers, UnreadableNumber):
        if not numbers.text:
            what = f"{_shown(comment.expressions)} has no number to check: {numbers.reason}"
            return malformed(what, HOW_TO_CLAIM)
        what = f"the number {quoted(numbers.text, 30)} {numbers.reason}"
        return malformed(what, HOW_TO_CLAIM, comment.before_start + numbers.start)
    numbers = tuple(replace(n, start=comment.before_start + n.start) for n in numbers)
    positions = tuple(lines.position(number.start) for number in numbers)
    return Claim(path, index, position, None, numbers, expressions, positions)


def _shown(expressions: str) -> str:
    return f"`{cut(' '.join(expressions.split()), 60)}`"


def _fault(path: str, position: Position, message: str, fix: str) -> Fault:
    return Fault(MALFORMED_NUMBER, path, message, fix, position)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that says what the numbers before it follow from.

    The offsets are those of the text: ``start`` is where the comment starts, ``end`` where it ends,
    ``inside`` where its expressions start. ``expressions`` is None if it is never closed.
    ``before`` is what stands on its line before it, other comments blanked out, from the offset
    ``before_start`` on.
    """

    start: int
    end: int
    inside: int
    expressions: str | None
    before: str
    before_start: int


def comments_in(text: str, start: int) -> Iterator[Comment]:
    """The comments in ``text`` from ``start`` on."""
    spans = [span for span in code_and_comments(text, start) if span.is_comment]
    claims = {span: match for span in spans if (match := _CLAIM.match(text, span.start))}
    visible = without(text, (s for s in spans if s.is_closed and s not in claims))
    last_end = start
    for span, match in claims.items():
        inner = text[match.end() : span.end - 3] if span.is_closed else None
        line = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
        first = max(line, last_end, span.start - BEFORE_LIMIT)
        before = visible[first : span.start]
        yield Comment(span.start, span.end, match.end(), inner, before, first)
        if not span.is_closed:
            return
        last_end = span.end
