"""Claims: a comment, the numbers before it, and where each of them stands."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.text import Position
from pytest_aexp.model.numbers.claim import Claim, read_claims
from pytest_aexp.model.problems import MALFORMED_NUMBER


def claims(text: str) -> tuple[Claim, ...]:
    return read_claims("F001-x.md", text, 0)


def test_numbers_know_their_expression_and_their_place() -> None:
    text = "# x\n\nFrom **0.92** to 93 %<!-- = min(x),\n100 * max(x) -->.\n"
    (claim,) = claims(text)
    assert [number.text for number in claim.numbers] == ["0.92", "93 %"]
    assert [written.text for written in claim.expressions] == ["min(x)", "100 * max(x)"]
    assert claim.positions == (Position(3, 8), Position(3, 18))
    for at, number in zip(claim.offsets, claim.numbers, strict=True):
        assert text[at:].startswith(number.text)
    assert claim.position == Position(3, 22)
    assert claim.fault is None


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("0.5<!-- = mean(x", "the comment is never closed", 4),
        ("0.5<!-- = mean(x -->", "`mean(x` cannot be read: `)` is expected, not its end", 18),
        ("Mean<!-- = x -->", "`x` has no number to check: there is no number before it", 5),
        ("0,5<!-- = x -->", 'the number "0,5" has a decimal comma', 1),
        ("0.5<!-- = a, b -->", "`a, b` has no number to check: there is only one number", 4),
    ],
)
def test_a_malformed_claim_has_a_fault_and_no_numbers(text: str, message: str, column: int) -> None:
    (claim,) = claims(text)
    assert claim.fault is not None
    assert claim.fault.rule is MALFORMED_NUMBER
    assert claim.fault.message.startswith(message)
    assert claim.fault.position == Position(1, column)
    assert claim.numbers == ()


def test_a_finding_has_at_most_a_thousand() -> None:
    found = claims("5<!-- = n() -->\n" * 1200)
    assert len(found) == 1001
    assert [claim.fault is None for claim in found] == [True] * 1000 + [False]
    assert found[-1].position.line == 1001


def test_a_body_without_comments_has_none() -> None:
    assert claims("<!-- = ") != ()
    assert claims("text\n") == ()
