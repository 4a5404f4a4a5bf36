"""Claims: a comment, the numbers before it, and where each of them stands.

Not those in code, and no banners.
"""

from __future__ import annotations

import time

import pytest

from pytest_aexp.ground.text import Position
from pytest_aexp.model.numbers.claim import Claim, Comment, comments_in, read_claims
from pytest_aexp.model.problems import MALFORMED_NUMBER


def claims(text: str) -> tuple[Claim, ...]:
    return read_claims("F001-x.md", text, 0)


def test_numbers_know_their_expression_and_their_place() -> None:
    text = "# x\n\nFrom **0.92** to 93 %<!-- = min(x),\n100 * max(x) -->.\n"
    (claim,) = claims(text)
    assert [number.text for number in claim.numbers] == ["0.92", "93 %"]
    assert [written.text for written in claim.expressions] == ["min(x)", "100 * max(x)"]
    assert claim.positions == (Position(3, 8), Position(3, 18))
    assert all(text[number.start :].startswith(number.text) for number in claim.numbers)
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


def comments(text: str, start: int = 0) -> list[Comment]:
    return list(comments_in(text, start))


def expressions(text: str) -> list[str | None]:
    return [comment.expressions for comment in comments(text)]


def test_a_comment_with_what_stands_before_it() -> None:
    text = "Above.\n\nMean 0.93<!-- = mean(x.y) -->, 5<!--= n(x)-->.\n"
    first, second = comments(text)
    assert (first.expressions, first.before) == (" mean(x.y) ", "Mean 0.93")
    assert text[first.start :].startswith("<!-- = mean")
    assert text[first.inside :].startswith(" mean")
    assert text[first.before_start :].startswith("Mean")
    assert (second.expressions, second.before) == (" n(x)", ", 5")


def test_a_comment_may_go_on_in_the_next_line() -> None:
    assert expressions("(0.92–0.93<!-- = min(x),\nmax(x) -->)") == [" min(x),\nmax(x) "]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_its_own_line_is_before_it(end: str) -> None:
    (comment,) = comments(f"0.93{end}<!-- = x -->")
    assert comment.before == ""


@pytest.mark.parametrize(
    "text",
    [
        "<!-- ============ -->",
        "<!--==== results ====-->",
        "<!-- => see below -->",
        "<!-- a = b -->",
        "<!---->",
        "\\<!-- = x -->",
        "<!-- see <!-- = x -->",
        "plain < ! -- = text",
    ],
)
def test_what_claims_nothing(text: str) -> None:
    assert comments(f"{text}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "```\n{}\n```\n",
        "```markdown\n{}\n```\n",
        "~~~\n{}\n~~~\n",
        "````\n```\n{}\n````\n",
        "~~~\n```\n{}\n~~~\n",
        "```\n        ```\n{}\n```\n",
        "- a\n\n  ```\n  {}\n  ```\n",
        "- ```\n  {}\n  ```\n",
        "> ```\n> {}\n> ```\n",
        "> ```\n> {}\n",
        "```\n{}\n",
        "```\r\n{}\r\n```\r\n",
        "`{}`",
        "``` {} ```",
        "``a ` {} ``",
        "`a\n{} b`",
    ],
)
def test_code_claims_nothing(text: str) -> None:
    code = text.replace("{}", "Mean 0.5<!-- = mean(x) -->")
    assert comments(code) == []


@pytest.mark.parametrize(
    "text",
    [
        "``` `` \n\n0.5<!-- = x -->",
        "a ` tick\n\n0.5<!-- = x --> and ` another",
        "\\`0.5<!-- = x -->`",
        "```\ncode\n```\n0.5<!-- = x -->",
        "~~~ ```\ncode\n~~~\n0.5<!-- = x -->",
        "> ```\n> code\n0.5<!-- = x -->",
        "> ```\n> code\n> ```\n0.5<!-- = x -->",
        "        ```\n0.5<!-- = x -->",
        "`code` 0.5<!-- = x -->",
        "<!-- ``` -->\n0.5<!-- = x -->",
        "<!--\n```\n-->\n0.5<!-- = x -->",
        "inline ``` ticks\n0.5<!-- = x -->",
        "``` info`string\n0.5<!-- = x -->",
        "``` a ```\n0.5<!-- = x -->",
    ],
)
def test_what_is_beside_code_counts(text: str) -> None:
    assert expressions(text) == [" x "]


def test_a_comment_that_is_never_closed() -> None:
    assert expressions("0.5<!-- = a --> 0.5<!-- = x\n\n0.5<!-- = y") == [" a ", None]


def test_other_comments_are_blanked_out() -> None:
    (comment,) = comments("5 <!-- five of 6 -->seeds<!-- = n(x) -->")
    assert comment.before == "5" + " " * 19 + "seeds"
    (comment,) = comments("<!-- 1\n2 -->5<!-- = n(x) -->")
    assert comment.before.strip() == "5"


def test_the_front_matter_is_not_the_body() -> None:
    text = "# 5<!-- = x -->\n---\n"
    assert comments(text, text.index("---")) == []
    assert read_claims("F001-x.md", text, text.index("---")) == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile",
    [
        "<!--" * 500_000,
        "<!-- " * 400_000 + "-->",
        "".join("`" * number + " " for number in range(2_000)) * 2,
        "    ~~~\n" * 200_000,
        "".join("    " + "~" * (3 + number % 40) + " x\n" for number in range(100_000)),
        "> ```\n" * 200_000,
        "> ~~~ x\n" * 200_000,
        "`" * 2_000_000,
        "\\" * 2_000_000,
        "> " * 1_000_000,
        "- " * 1_000_000,
        "\n" * 2_000_000,
        "> ```\n> ```\n" * 100_000,
    ],
    ids=range(13),
)
def test_hostile_text_costs_little_time(hostile: str) -> None:
    started = time.process_time()
    comments(f"{hostile}\n\n0.5<!-- = x -->")
    assert time.process_time() - started < 5
