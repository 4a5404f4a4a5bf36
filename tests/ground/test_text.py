"""Text from files is shown on one line, cut, with nothing in it that could forge output."""

from __future__ import annotations

import string
import sys
from datetime import datetime
from unicodedata import category

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_aexp.ground.text import (
    LineMap,
    Position,
    clean,
    closest,
    counted,
    cut,
    listed,
    one_of,
    parse_time,
    position_in,
    quoted,
    resembles,
    shown,
    shown_json,
)

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_no_character_that_is_not_seen_is_printed() -> None:
    hidden = [chr(code) for code in range(sys.maxunicode + 1) if category(chr(code)) in HIDDEN]
    left = [character for character in hidden if clean(character) == character]
    assert left == []
    assert {category(letter) for text in map(clean, hidden) for letter in text} & HIDDEN == set()


@pytest.mark.parametrize(
    "text", [string.printable[:95], "größe", "結果 🎉", "مرحبا", "e\u0301", "\ue000"]
)
def test_what_is_seen_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", "a\\x0ab"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202ex", "\\u202ex"),
        ("\U000e0001", "\\U000e0001"),
        ("\ud800", "\\ud800"),
        ("x\r\n::error::y", "x\\x0d\\x0a::error::y"),
        ("##[error]x", "#\\x23[error]x"),
        ("#[x]", "#[x]"),
    ],
)
def test_what_could_forge_output_is_escaped(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(), st.integers(2, 20))
@example("\U000e0001" * 100, 10)
def test_what_is_shown_is_short_and_on_one_line(text: str, limit: int) -> None:
    for found in (shown(text, limit), quoted(text, limit)[1:-1], shown_json([text], limit)):
        assert len(found) <= limit
        assert not {category(character) for character in found} & HIDDEN
    if len(clean(text)) <= limit:
        assert shown(text, limit) == clean(text)
    else:
        assert shown(text, limit).endswith("…")


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert cut("12345", 5) == "12345"
    assert cut("123456", 5) == "1234…"
    assert quoted("x" * 100) == f'"{"x" * 79}…"'
    assert shown_json({"a": "é", "b": 10**30}) == '{"a": "é", "b": 1000000000000000000000000000000}'


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1234567, "1,234,567 runs")],
)
def test_a_count_agrees_with_its_noun(number: int, expected: str) -> None:
    assert counted(number, "run") == expected
    assert counted(number, "entry", "entries").endswith("entry" if number == 1 else "entries")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ""),
        ("a", "a"),
        ("a b", "a and b"),
        ("a b c", "a, b and c"),
        ("a b c d", "a, b, c and 1 more"),
        ("a b c d e f", "a, b, c and 3 more"),
    ],
)
def test_a_long_list_ends_in_the_number_of_the_rest(words: str, expected: str) -> None:
    assert listed(words.split(), 3) == expected


def test_listed_by_its_first_words() -> None:
    assert listed(["a", "b", "c"], 3, total=1000) == "a, b, c and 997 more"
    assert listed(["a", "b"], 3, total=2) == "a and b"


def test_alternatives_are_joined_by_or() -> None:
    assert one_of(("a", "b", "c")) == "a, b or c"


def test_the_closest_of_some_words_is_found_if_one_is_near() -> None:
    assert closest("condtion", ["seed", "condition"]) == "condition"
    assert closest("x", ["seed", "condition"]) is None
    assert closest("x", []) is None
    assert closest("LR", ["rl", "lr"]) == "lr"
    assert closest("x" * 100_000, ["seed"] * 1000) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("selctor", "selector"),
        ("Selector", "selector"),
        ("selectors", "selector"),
        ("supporting-runs", "supporting_runs"),
        ("SupportingRuns", "supporting_runs"),
        ("supporting_run", "supporting_runs"),
        ("ID", "id"),
        (" id ", "id"),
        ("Experiment ID", "experiment_id"),
        ("experiment", "experiment_id"),
    ],
)
def test_a_slip_of_the_finger(written: str, meant: str) -> None:
    assert resembles(written, meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("ids", "id"), ("idx", "id"), ("kind", "type"), ("filter", "selector"), ("", "id")),
        *(("___", "id"), ("supports", "supporting_runs"), ("selector" * 3, "selector")),
        ("x" * 10_000, "selector"),
    ],
)
def test_a_different_word_does_not_resemble_it(written: str, meant: str) -> None:
    assert not resembles(written, meant)


def test_how_much_must_be_the_same() -> None:
    assert resembles("supporting_refs", "supporting_runs")
    assert not resembles("supporting_refs", "supporting_runs", 0.88)


def position_as_counted(text: str, offset: int) -> Position:
    """Line by line, as an editor counts."""
    line = column = 1
    for index, character in enumerate(text[:offset]):
        column += 1
        followed = text[index + 1 : index + 2] == "\n"
        if character == "\n" or (character == "\r" and not followed):
            line, column = line + 1, 1
        elif character == "\r":
            column -= 1 if index + 1 < offset else 0
    return Position(line, column)


@given(st.text("ab\n\r\u2028🎉", max_size=12), st.data())
@example("a\r\nb\rc\nd", None)
def test_a_position_counts_lines_and_characters_from_one(
    text: str, data: st.DataObject | None
) -> None:
    offsets = range(len(text) + 1) if data is None else [data.draw(st.integers(0, len(text)))]
    for offset in offsets:
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # between the two there is no position
        expected = position_as_counted(text, offset)
        assert LineMap(text).position(offset) == expected
        assert position_in(text, offset) == expected
        assert LineMap(text, 7).position(offset) == Position(expected.line + 6, expected.column)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01", "2026-05-01T00:00:00+00:00"),
        ("2026-05-01T10:00:00", "2026-05-01T10:00:00+00:00"),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00+00:00"),
        ("2026-05-01t10:00:00z", "2026-05-01T10:00:00+00:00"),
        ("2026-05-01T10:00:00+02:00", "2026-05-01T10:00:00+02:00"),
    ],
)
def test_a_time_without_an_offset_is_in_utc(text: str, expected: str) -> None:
    moment = parse_time(text)
    assert moment is not None
    assert moment.isoformat() == expected


@pytest.mark.parametrize("value", ["", "2026-13-01", "yesterday", 5, None, ["2026-05-01"]])
def test_what_names_no_moment_is_none(value: object) -> None:
    assert parse_time(value) is None


@settings(deadline=None)
@given(st.text())
def test_no_text_is_too_odd_for_a_moment(text: str) -> None:
    assert parse_time(text) is None or isinstance(parse_time(text), datetime)


def test_moments_at_the_ends_of_time_are_in_order() -> None:
    first, last = map(parse_time, ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"))
    assert first is not None
    assert last is not None
    assert first < last
