"""What the report shows of one run."""

from __future__ import annotations

import pytest

from pytest_aexp.report.run_facts import (
    PARAMETERS_SHOWN,
    duration,
    facts_of,
    is_web_address,
    moment,
    parameters,
)


@pytest.mark.parametrize(
    ("written", "shown", "seconds"),
    [
        ("2026-05-25T22:01:09Z", "2026-05-25 22:01", 1779746469.0),
        ("2026-05-26T00:01:09+02:00", "2026-05-25 22:01", 1779746469.0),
        ("2026-05-25T22:01:09", "2026-05-25 22:01", 1779746469.0),
        ("2026-05-25", "2026-05-25 00:00", 1779667200.0),
        ("last Monday", "last Monday", None),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", None),
        ("a\u202eb\x1b[2J", "a\\u202eb\\x1b[2J", None),
        (1779746469, "", None),
        (None, "", None),
    ],
)
def test_a_time_is_shown_in_utc_and_anything_else_as_it_is_written(
    written: object, shown: str, seconds: float | None
) -> None:
    read = moment(written)
    assert (read.text, read.seconds) == (shown, seconds)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (45.24, "45.2 s"),
        (59.4, "59.4 s"),
        (60, "1 min"),
        (3540.5, "59 min"),
        (12155.2, "3 h 23 min"),
        (200_000, "2 d 7 h"),
        (-1, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (10**400, ""),
        (True, ""),
        ("12", ""),
        (None, ""),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: object, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    "url",
    ["https://wandb.ai/lab/study/runs/3kq0d2zx", "http://mlflow.lab:5000/#/runs/1?a=b&c=d"],
)
def test_a_web_address_becomes_a_link(url: str) -> None:
    tracker = facts_of({"tracker": {"url": url, "backend": "wandb", "run_id": "3kq"}}).tracker
    assert tracker is not None
    assert (tracker.label, tracker.url) == ("wandb 3kq", url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\tjavascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "https:evil.example",
        "https:///path",
        "https://user:secret@example.org/",
        "https://example.org\\@evil.example/",
        "https://[::1/",
        "https://example.org/a b",
        "https://example.org/\u202egpj",
        "https://example.org/\nx",
        "https://example.org/" + "a" * 2000,
        "",
    ],
)
def test_what_is_not_a_plain_web_address_does_not_become_a_link(url: str) -> None:
    assert not is_web_address(url)
    tracker = facts_of({"tracker": {"url": url, "run_id": "r1"}}).tracker
    assert tracker is not None
    assert (tracker.label, tracker.url) == ("r1", None)


def test_parameters_are_cut_and_leave_out_what_has_its_own_column() -> None:
    values = {"experiment_id": "E1", "code_dirty": False, "a": "x\ny", "b": [1, None], "c": 1.5}
    assert parameters(values) == "a=x\\x0ay, b=[1, null], c=1.5"
    assert parameters({"a": "1", "b": "", "c": "null"}) == 'a="1", b="", c="null"'
    assert len(parameters({"k": "v" * 10_000, "l": 1})) == PARAMETERS_SHOWN


def test_an_entry_whose_values_have_any_type_is_read() -> None:
    for value in (None, 1, [], {}, [[]], "x", True):
        keys = "job_id statepoint status registered_machine started_at tracker run_link".split()
        facts = facts_of(dict.fromkeys([*keys, "code_commit", "code_dirty"], value))
        assert facts.dirty is (value is True)
