"""Code and comments in Markdown: which begins first decides what the other is."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.markdown import code_and_comments


def found(text: str) -> list[str]:
    return [
        f"{'comment' if span.is_comment else 'code'} {text[span.start : span.end]}"
        for span in code_and_comments(text)
    ]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("a `b` <!-- c --> d", ["code `b`", "comment <!-- c -->"]),
        ("`<!-- a` b -->", ["code `<!-- a`"]),
        ("<!-- `a --> b` c", ["comment <!-- `a -->"]),
        ("<!--\n```\n-->\n`b`", ["comment <!--\n```\n-->", "code `b`"]),
        ("```\n<!-- a\n```\n<!-- b -->", ["code ```\n<!-- a\n```", "comment <!-- b -->"]),
        ("\\`a` <!-- b", ["comment <!-- b"]),
        ("> ```\n> a\nb `c`", ["code > ```\n> a\n", "code `c`"]),
        ("- ```\n  a\n  ```\nb", ["code - ```\n  a\n  ```"]),
        ("    ```\nb <!-- c -->", ["comment <!-- c -->"]),
        ("text", []),
    ],
)
def test_what_begins_first_decides(text: str, spans: list[str]) -> None:
    assert found(text) == spans


def test_what_follows_a_comment_without_end_is_looked_at() -> None:
    first, second, code = code_and_comments("<!-- a <!-- b `c`")
    assert (first.is_closed, second.is_closed, code.is_comment) == (False, False, False)


def test_it_begins_where_it_is_told_to() -> None:
    assert [span.start for span in code_and_comments("`a` `b`", 3)] == [4]
