"""Rewriting the numbers of a finding that do not follow from its runs, every other byte kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_aexp.model.findings.front_matter import FrontMatter
from pytest_aexp.model.numbers.claim import Claim, read_claims
from pytest_aexp.model.numbers.number import Number
from pytest_aexp.model.problems import WRONG_NUMBER
from pytest_aexp.work.check.numbers import Result

Place = tuple[int, int]
"""Which number: the index of its claim, and its own in that."""


def with_right_numbers(
    front: FrontMatter, checked: Sequence[tuple[Claim, Sequence[Result]]]
) -> str:
    """The text of a finding in which each wrong number is the one that follows.

    A number stays where nobody but its author can tell what is wrong: a bound, what has no value,
    what is off by a hundred, and what a reader may take for part of another. So it does where its
    new digits would be read otherwise.
    """
    right: dict[Place, Number] = {}
    for claim, results in checked:
        for index, result in enumerate(results):
            number = _right_number(result)
            if number is not None:
                right[claim.index, index] = number
    claims = [claim for claim, _ in checked]
    while True:
        text = _replaced(front.text, claims, right)
        misread = _misread(read_claims(front.path, text, front.end), claims, right)
        if not misread:
            return text
        for place in misread:
            del right[place]


def _right_number(result: Result) -> Number | None:
    number, value = result.number, result.value
    if value is None or result.fault is None or result.fault.rule is not WRONG_NUMBER:
        return None
    if number.doubt:
        return None
    other = number.without_percent() if number.is_percent else number.in_percent()
    if other.follows_from(value):
        return None
    # Of a tie the one further from zero, as people round.
    return max(number.nearest(value), key=lambda right: abs(right.value), default=None)


def _replaced(text: str, claims: Sequence[Claim], right: Mapping[Place, Number]) -> str:
    places = {claim.index: claim for claim in claims}
    for claim_index, index in sorted(right, reverse=True):
        old = places[claim_index].numbers[index]
        end = old.start + len(old.text)
        text = text[: old.start] + right[claim_index, index].text + text[end:]
    return text


def _misread(
    after: Sequence[Claim], before: Sequence[Claim], right: Mapping[Place, Number]
) -> list[Place]:
    """Which of the new numbers are read as something else, or change how others are read."""
    if len(after) != len(before):
        return list(right)
    misread = []
    for new, old in zip(after, before, strict=True):
        expected = [right.get((old.index, i), number).value for i, number in enumerate(old.numbers)]
        if [number.value for number in new.numbers] != expected:
            misread += [place for place in right if place[0] == old.index]
    return misread
