"""The claims of a finding: numbers in its text, and the expressions that they follow from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_aexp.ground.text import LineMap, Position, cut, quoted
from pytest_aexp.model.numbers.comments import (
    MOST_COMMENTS,
    Comment,
    comments_in,
    may_hold_comments,
)
from pytest_aexp.model.numbers.expression import Malformed, WrittenExpression, parse
from pytest_aexp.model.numbers.notation import UnreadableNumber, last_numbers
from pytest_aexp.model.numbers.number import Number
from pytest_aexp.model.problems import MALFORMED_NUMBER, Fault

HOW_TO_CLAIM = "write the number and, directly behind it, `<!-- = mean(name.metric) -->`"


@dataclass(frozen=True, slots=True)
class Claim:
    """One comment with the numbers before it; ``index`` counts the comments of the finding.

    ``fault`` is what is wrong with the way it is written; then there are no ``numbers``. Else each
    of them has one of ``expressions``, a position, and an offset in the text of the finding.
    """

    path: str
    index: int
    position: Position
    fault: Fault | None = None
    numbers: tuple[Number, ...] = ()
    expressions: tuple[WrittenExpression, ...] = ()
    positions: tuple[Position, ...] = ()
    offsets: tuple[int, ...] = ()


def read_claims(path: str, text: str, start: int) -> tuple[Claim, ...]:
    """The claims in ``text`` from ``start`` on."""
    if not may_hold_comments(text, start):
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
        return malformed(message, HOW_TO_CLAIM, comment.inside + error.offset)
    starts_line = comment.before_start == 0 or text[comment.before_start - 1] in "\r\n"
    numbers = last_numbers(comment.before, len(expressions), starts_line=starts_line)
    if isinstance(numbers, UnreadableNumber):
        if not numbers.text:
            what = f"{_shown(comment.expressions)} has no number to check: {numbers.reason}"
            return malformed(what, HOW_TO_CLAIM)
        what = f"the number {quoted(numbers.text, 30)} {numbers.reason}"
        return malformed(what, HOW_TO_CLAIM, comment.before_start + numbers.start)
    offsets = tuple(comment.before_start + number.start for number in numbers)
    positions = tuple(map(lines.position, offsets))
    return Claim(path, index, position, None, numbers, expressions, positions, offsets)


def _shown(expressions: str) -> str:
    return f"`{cut(' '.join(expressions.split()), 60)}`"


def _fault(path: str, position: Position, message: str, fix: str) -> Fault:
    return Fault(MALFORMED_NUMBER, path, message, fix, position)
