"""YAML nodes become the JSON values they stand for, within bounds."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.yaml.nodes import DEPTH_LIMIT, Mapping, Node, Scalar, YamlFault, parse
from pytest_aexp.ground.yaml.values import (
    NUMBER_LIMIT,
    VALUES_LIMIT,
    check,
    merged,
    merged_at_top,
    value,
)


def node(text: str) -> Node:
    found = parse(text)
    assert found is not None
    return found


CONSTANTS = {
    "~ null Null NULL": None,
    "yes true on Yes TRUE On": True,
    "no false off No Off": False,
}
TEXTS = """
y n tRue nil None nULL oN 08 0x 0b2 _1 0b_ - + 1e e3 . 1.2.3 .inf .nan inf 12:60 0:30 2001-01-01
2001-01-01T10:00:00Z E001 1.5.0 12a 0o 0o8 1:2:99 ١٢ ½ <<
"""
NUMBERS: dict[str, int | float] = {
    "0": 0,
    "-0": 0,
    "7": 7,
    "+7": 7,
    "-7": -7,
    "1_000": 1000,
    "1__": 1,
    "12345678901234567890": 12345678901234567890,
    "007": 7,
    "010": 8,
    "-010": -8,
    "0o17": 15,
    "0x1F": 31,
    "-0x1f": -31,
    "0b101": 5,
    "+0b1": 1,
    "1.5": 1.5,
    "-.5": -0.5,
    "1.": 1.0,
    "1e3": 1000.0,
    "1E-3": 0.001,
    "1.5e+3": 1500.0,
    "0.1": 0.1,
    "12:30": 750,
    "1:00:00": 3600,
    "-1:30": -90,
    "1:01:01": 3661,
    "4e99999": math.inf,
}
PLAIN: dict[str, Any] = {
    **{word: constant for words, constant in CONSTANTS.items() for word in words.split()},
    **{word: word for word in TEXTS.split()},
    **NUMBERS,
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.items(), ids=PLAIN)
def test_plain_text_reads_as_json_where_it_can(text: str, expected: Any) -> None:
    found = value(node(f"[{text}]"))[0]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", [*PLAIN, ""])
def test_quoted_text_stays_text(text: str) -> None:
    assert value(node(f"'{text}'")) == text
    assert value(node(json.dumps(text))) == text
    assert value(node(f"!!str '{text}'")) == text


TAGGED = {
    "!!int '5'": 5,
    "!!int 0x1F": 31,
    "!!int five": "five",
    "!!int yes": "yes",
    "!!float 1": 1.0,
    "!!float '1.5'": 1.5,
    "!!float yes": "yes",
    "!!float " + "1" * 400: math.inf,
    "!!bool yes": True,
    "!!bool 1": "1",
    "!!null ''": None,
    "!!null x": "x",
    "!!str 5": "5",
    "! 5": "5",
    "!!timestamp 2001-01-01": "2001-01-01",
    "!!binary aGk=": "aGk=",
    "!!seq [1]": [1],
    "!!map {a: 1}": {"a": 1},
    "!!set {a, b}": {"a": None, "b": None},
}


@pytest.mark.parametrize(("text", "expected"), TAGGED.items(), ids=lambda case: str(case)[:20])
def test_a_tag_says_what_a_scalar_is(text: str, expected: Any) -> None:
    found = value(node(text))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("1" * 501, "-" + "9" * 5_000, "0x" + "f" * 6_000, "0b" + "1" * 60_000),
        *("0" + "7" * 20_000, "1" + ":59" * 10_000, "1." + "1" * 9_000, "1" + "_1" * 9_000),
    ],
    ids=lambda text: text[:4],
)
def test_a_number_too_long_to_write_out_stays_text(text: str) -> None:
    found = value(node(f"[{text}]"))
    assert found == [text]


@pytest.mark.parametrize("text", ["1" * 500, "0x" + "f" * 498, "1" + ":59" * 166])
def test_a_number_of_the_longest_kind_can_be_written_out(text: str) -> None:
    assert len(text) <= NUMBER_LIMIT
    found = value(node(f"[{text}]"))[0]
    assert isinstance(found, int)
    # The least number of digits that Python can be told to write out.
    assert abs(found) < 10**640


# Without the characters that YAML does not take for text, or takes for the end of a line.
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\u2028\u2029\ufeff")
    | st.sampled_from('\n\t"\\'),
    max_size=9,
).filter(lambda text: not re.search("[\ufffe\uffff]", text))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=9,
)


@given(JSON)
def test_json_is_yaml_for_the_same_value(document: Any) -> None:
    found = value(node(json.dumps(document, ensure_ascii=False)))
    assert json.dumps(found) == json.dumps(document)


# Merge keys

MERGES: dict[str, tuple[str, dict[str, Any]]] = {
    "one": ("{<<: {a: 1}, b: 2}", {"b": 2, "a": 1}),
    "its own key wins": ("{<<: {a: 1}, a: 2}", {"a": 2}),
    "wherever it stands": ("{a: 2, <<: {a: 1}}", {"a": 2}),
    "the first of a list wins": ("{<<: [{a: 1}, {a: 2, b: 3}]}", {"a": 1, "b": 3}),
    "an alias": ("x: &x {a: 1}\ny: {<<: *x}\n", {"x": {"a": 1}, "y": {"a": 1}}),
    "of what merges": ("{<<: {<<: {a: 1}, b: 2}}", {"b": 2, "a": 1}),
    "nothing": ("{<<: {}, a: 1}", {"a": 1}),
    "an empty list": ("{<<: [], a: 1}", {"a": 1}),
    "quoted, it is a key": ("{'<<': {a: 1}}", {"<<": {"a": 1}}),
    "below": ("a:\n  - {<<: {b: 1}}\n", {"a": [{"b": 1}]}),
}


@pytest.mark.parametrize(("text", "expected"), MERGES.values(), ids=MERGES)
def test_merge_keys_bring_in_pairs(text: str, expected: dict[str, Any]) -> None:
    found = value(node(text))
    assert found == expected
    assert list(found) == list(expected)


@pytest.mark.parametrize("named", ["5", "text", "", "[5]", "[{a: 1}, text]", "[[{a: 1}]]"])
def test_a_merge_key_must_name_mappings(named: str) -> None:
    root = node(f"a: 1\n<<: {named}\n")
    assert isinstance(root, Mapping)
    for judge in (value, merged, merged_at_top):
        with pytest.raises(YamlFault, match=r"^the merge key << names no mapping$") as caught:
            judge(root)  # type: ignore[operator]
        assert caught.value.offset in (8, 9, 10)


def test_pairs_keep_their_nodes() -> None:
    root = node("x: &x {id: 1e31}\n<<: *x\n")
    assert isinstance(root, Mapping)
    pairs = {key.text: inner for key, inner in merged_at_top(root) if isinstance(key, Scalar)}
    found = pairs["id"]
    assert isinstance(found, Scalar)
    assert (found.text, found.offset) == ("1e31", 11)


# Bounds


def bomb(levels: int, width: int = 10) -> str:
    lines = [f"a0: &a0 [{', '.join(['z'] * width)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_values_are_counted_with_aliases_written_out() -> None:
    assert check(node("z")) == 1
    assert check(node("[a, b]")) == 3
    assert check(node("{a: b}")) == 3
    assert check(node("[&x [a, b], *x, *x]")) == 10
    assert check(node("[" + "0," * (VALUES_LIMIT - 1) + "]")) == VALUES_LIMIT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(6), "a value stands for more than 10,000 values"),
        ("[" + "0," * VALUES_LIMIT + "]", "a value stands for more than 10,000 values"),
        ("&a [*a]", "a value contains itself"),
        ("a: &a\n  b: [1, {c: *a}]\n", "a value contains itself"),
        ("x: &x {<<: *x}\n", "a value contains itself"),
        (bomb(DEPTH_LIMIT, 1), f"nested more than {DEPTH_LIMIT} deep"),
    ],
)
def test_a_value_past_the_bounds_is_a_fault(text: str, message: str) -> None:
    with pytest.raises(YamlFault) as caught:
        value(node(text))
    assert caught.value.message == message
    assert 0 <= caught.value.offset < len(text)


def test_a_value_may_nest_as_deep_as_the_text() -> None:
    # The mapping is one level, each list another.
    assert len(value(node(bomb(DEPTH_LIMIT - 1, 1)))) == DEPTH_LIMIT - 1


def test_only_what_is_merged_must_be_bounded_at_the_top() -> None:
    root = node(bomb(20) + "x: &x {a: 1}\n<<: *x\n")
    assert isinstance(root, Mapping)
    assert len(merged_at_top(root)) == 22
    root = node("x: &x {a: 1}\n<<: [" + "*x, " * 4_000 + "]\n")
    assert isinstance(root, Mapping)
    with pytest.raises(YamlFault, match="more than 10,000 values"):
        merged_at_top(root)
