"""JSON that nobody vouches for is bounded before it is parsed."""

from __future__ import annotations

import json
import math
import time
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.jsontext import (
    VALUES_LIMIT,
    BeyondBounds,
    RepeatedKey,
    dump,
    dump_line,
    load_decimals,
    nested_deeper,
    parse,
    parse_object,
    refusal,
    unique_keys,
)

GOOD: dict[str, tuple[bytes, Any]] = {
    "an object": (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
    "a BOM": (b"\xef\xbb\xbf[1]", [1]),
    "CRLF": (b"[\r\n1\r\n]\r\n", [1]),
    "infinity": (b"[Infinity, -Infinity]", [math.inf, -math.inf]),
    "non-ASCII": ('["é🎉"]'.encode(), ["é🎉"]),
}


@pytest.mark.parametrize(("data", "expected"), GOOD.values(), ids=GOOD)
def test_json_is_read_within_its_limit(data: bytes, expected: Any) -> None:
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


def test_a_key_that_is_there_twice_is_named() -> None:
    decoder = json.JSONDecoder(object_pairs_hook=unique_keys)
    assert decoder.decode('{"a": {"b": 1}, "b": 2}') == {"a": {"b": 1}, "b": 2}
    with pytest.raises(RepeatedKey) as refused:
        decoder.decode('{"a": 0, "c": [{"b": 1, "x": 0, "b": 1}]}')
    assert refused.value.key == "b"


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


@given(JSON, st.integers(0, 6))
def test_the_depth_is_the_values_own(value: Any, limit: int) -> None:
    assert nested_deeper(json.dumps(value), limit) == (depth_of(value) > limit)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
EDGES = [
    *(10.0**n for n in range(-7, 20)),
    *(math.nextafter(10.0**n, way) for n in (-4, 15, 16, 17) for way in (0.0, math.inf)),
    *(
        0.1 + 0.2,
        5e-324,
        1.7976931348623157e308,
        -0.0,
        123456789012345680.0,
        2**63,
        2**64,
        -(2**64),
    ),
]


def as_python_writes(value: Any) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return text.encode(errors="strict")


@given(ANYTHING)
def test_json_is_written_as_python_writes_it(value: Any) -> None:
    assert dump([value]) == as_python_writes([value])


@given(ANYTHING)
def test_a_line_is_written_as_python_writes_it(value: Any) -> None:
    compact = partial(json.dumps, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        line = compact(value, allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError, match="is not valid JSON"):
            dump_line(value)
    else:
        assert dump_line(value) == f"{line}\n".encode()


@pytest.mark.parametrize("number", [sign * edge for edge in EDGES for sign in (1, -1)])
def test_numbers_are_written_as_python_writes_them(number: float) -> None:
    for value in ([number], {"a": number}, {"a": {"b": [0, number]}}):
        assert dump(value) == as_python_writes(value)


@pytest.mark.parametrize(
    "number",
    ["0.12345678901234567890", "-1.00000000000000000001e-7", "1e400", "1e-400", "9" * 30 + ".5"],
)
def test_a_number_with_more_digits_than_a_float_keeps_is_written_as_it_was_read(
    number: str,
) -> None:
    text = f'{{\n  "a": [\n    {number}\n  ]\n}}'
    assert dump(parse(text.encode(), 9)).decode() == text
    if number != "1e400":
        assert dump_line(parse(text.encode(), 9)).decode() == f'{{"a":[{number}]}}\n'
    assert parse(text.encode(), 9) == json.loads(text)


@given(st.floats(allow_nan=False))
def test_other_numbers_are_floats(number: float) -> None:
    (value,) = parse(json.dumps([number]).encode(), 9)
    assert type(value) is float


def test_decimals_have_every_digit() -> None:
    text = "[0.10, 1, 1e400, NaN, -Infinity, 1e99999999999999999999]"
    assert load_decimals(text) == [Decimal("0.10"), 1, Decimal("1e400"), None, None, None]


def test_a_half_of_a_pair_is_written_as_its_escape() -> None:
    assert dump({"a": "\ud800"}) == b'{\n  "a": "\\ud800"\n}'


def test_only_an_object_within_the_bounds_is_an_object() -> None:
    assert parse_object(b'{"a": {"b": 1}}', 2) == {"a": {"b": 1}}
    for data in (b'{"a": {"b": 1}}', b"[]", b"{", b"\xff"):
        assert parse_object(data, 1) is None
