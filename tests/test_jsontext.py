"""JSON that nobody vouches for is bounded before it is parsed."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aexp.jsontext import (
    VALUES_LIMIT,
    BeyondBounds,
    load_exactly,
    nested_deeper,
    parse,
    refusal,
)

GOOD: dict[str, tuple[bytes, Any]] = {
    "an object": (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
    "a BOM": (b"\xef\xbb\xbf[1]", [1]),
    "CRLF": (b"[\r\n1\r\n]\r\n", [1]),
    "infinity": (b"[Infinity, -Infinity]", [math.inf, -math.inf]),
    "non-ASCII": ('["é🎉"]'.encode(), ["é🎉"]),
}


@pytest.mark.parametrize(("data", "expected"), GOOD.values(), ids=GOOD)
def test_json_is_parsed(data: bytes, expected: Any) -> None:
    assert parse(data, 10) == expected


BAD = [
    b"",
    b" ",
    b"{",
    b"[1,]",
    b"\xff",
    b"[1]x",
    b"\xef\xbb\xbf\xef\xbb\xbf[1]",
    b"[" + b"1" * 5000 + b"]",
]


@pytest.mark.parametrize("data", BAD)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError) as caught:
        parse(data, 10)
    assert refusal(caught.value) == "is not valid JSON"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_is_bounded(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    for depth, text in ((100, ""), (99, "[]")):
        assert parse(
            (opening * 100 + ("1" if opening != "[" else "") + closing * 100).encode(), 100
        )
        assert not nested_deeper(opening * depth + text + closing * depth, 100)
    with pytest.raises(BeyondBounds) as caught:
        parse((opening * 101 + "1" + closing * 101).encode(), 100)
    assert refusal(caught.value) == "is nested more than 100 deep"


def test_nesting_that_ends_is_not_added_up() -> None:
    assert not nested_deeper("[" + "[]," * 1000 + "{}]", 2)


def test_brackets_in_text_nest_nothing() -> None:
    assert not nested_deeper(json.dumps(["[{" * 500 + '"\\' * 9]), 1)
    assert nested_deeper(json.dumps(["[{" * 500 + '"\\' * 9, [1]]), 1)


def test_the_number_of_values_is_bounded() -> None:
    with pytest.raises(BeyondBounds) as caught:
        parse(b"[" + b"1," * VALUES_LIMIT + b"1]", 10)
    assert "too large" in refusal(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 101 + '"' + '\\"' * 250_000,
        '"' * 500_001 + "[" * 101,
        "[]" * 250_000,
        '[""' * 150_000,
        "[" * 60 + "]" * 50 + '"' + '\\"' * 250_000 + "[" * 50,
        '{"' + "\\\\" * 250_000 + "[" * 50 + "{" * 51,
    ],
    ids=lambda text: f"{text[:4]}-{text[-3:]}",
)
def test_half_a_mebibyte_of_any_shape_takes_less_than_a_second(text: str) -> None:
    start = time.process_time()
    nested_deeper(text, 100)
    assert time.process_time() - start < 5  # the bound for any one file


def depth_of(value: Any) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, inner), default=0)
    return 0


JSON = st.recursive(
    st.none() | st.integers() | st.text('[]{}"\\,:a', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\'), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON, st.integers(0, 6))
def test_the_depth_is_the_values_own(value: Any, limit: int) -> None:
    assert nested_deeper(json.dumps(value), limit) == (depth_of(value) > limit)


@pytest.mark.parametrize(
    "text",
    ["[1, 1.0, 1e3, -0, null, true]", "[NaN]", "[Infinity]", '["\\ud800"]', f"[{2**70}]", '["ü"]'],
)
def test_the_quick_reading_is_the_exact_one(text: str) -> None:
    assert repr(load_exactly(text)) == repr(json.loads(text))
    assert type(load_exactly(text)[0]) is type(json.loads(text)[0])
