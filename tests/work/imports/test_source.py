"""Words, numbers and times of other programs, in the words of the ledger."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.work.imports.source import (
    Unusable,
    metric_name,
    number,
    status_of,
    time_of,
    time_of_ms,
    typed,
    typed_by_python,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("0.1", 0.1),
        ("1e-05", 1e-05),
        ("True", True),
        ("False", False),
        ("None", None),
        ("true", True),
        ("null", None),
        ("[64, 64]", [64, 64]),
        ("rbf", "rbf"),
        ("007", "007"),
        ("nan", "nan"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("1e999", "1e999"),
        ('"3"', '"3"'),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_parameters_are_typed_back_from_text(text: str, value: Any) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)
    assert typed_by_python(text) == value


@pytest.mark.parametrize(
    "value",
    [["a", "b'c"], {"a": {"b": [1, None, True]}}, {1: 2}, {"a": (1, 2)}, [float("inf")], [{1}], []],
)
def test_lists_and_mappings_are_typed_back_from_what_python_prints(value: Any) -> None:
    text = str(value)
    is_json = not any(sign in text for sign in ("1:", "(", "inf", "{1}"))
    assert typed_by_python(text) == (value if is_json else text)


@given(st.text())
def test_a_parameter_can_always_be_hashed(text: str) -> None:
    json.dumps(typed(text), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, 0.5),
        (3, 3),
        ("0.5", 0.5),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (1.7976931348623157e308, None),
        (-1.797e308, None),
        ("nan", None),
        ("inf", None),
        (None, None),
    ],
)
def test_text_of_a_number_is_a_number(value: Any, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize("value", [True, "high", [1], {}, "True"])
def test_what_is_not_a_number(value: Any) -> None:
    with pytest.raises(Unusable, match="has a metric that is not a number"):
        number(value)


def test_statuses_of_other_programs_become_ours() -> None:
    words = ["FINISHED", "Failed", "KILLED", None, "", "abandoned", "success"]
    assert [status_of(status) for status in words] == [
        *("complete", "failed", "stopped", "complete", "complete", "abandoned", "complete")
    ]
    with pytest.raises(Unusable, match="has not finished: its status is RUNNING") as raised:
        status_of("RUNNING")
    assert not raised.value.damaged
    with pytest.raises(Unusable, match="'odd', which is not one of complete, failed, stopped"):
        status_of("odd")


def test_times_are_utc_to_the_second() -> None:
    assert time_of("2026-05-01T12:00:00.5+02:00") == "2026-05-01T10:00:00Z"
    assert time_of("2026-05-01 12:00:00") == "2026-05-01T12:00:00Z"
    assert time_of("") is time_of(None) is None
    assert time_of_ms(1_777_629_600_999) == "2026-05-01T10:00:00Z"
    assert time_of_ms(None) is time_of_ms(0) is None
    for written in ("yesterday", "2026-13-01", 1_777_629_600):
        with pytest.raises(Unusable, match="has a time that cannot be read: "):
            time_of(written)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("val/loss", "val_loss"), ("f1", "f1"), ("5-shot", "_5_shot"), ("x" * 99, "x" * 64)],
)
def test_names_of_metrics_become_identifiers(name: str, expected: str) -> None:
    assert metric_name(name) == expected
