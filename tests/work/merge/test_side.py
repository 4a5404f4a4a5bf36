"""What a side says of its run, sanitised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from repositories import entry_of, entry_text
from sides import COMPLETE, E1, EARLY, FAILED, POINTERS, REDACTED, STATEPOINT, entry, merged

from pytest_aexp.model.redaction import redact

# Redaction


def raw(*parts: dict[str, Any], **more: Any) -> bytes:
    return entry(*parts, statepoint=STATEPOINT, **more)


def redacted(*parts: dict[str, Any], **more: Any) -> bytes:
    return entry(*parts, statepoint=REDACTED, **{"redacted": POINTERS, **more})


def test_what_one_side_redacted_stays_redacted_whichever_wins() -> None:
    assert merged(None, redacted(FAILED), raw(COMPLETE)) == redacted(COMPLETE)
    assert merged(None, redacted(COMPLETE), raw(FAILED)) == redacted(COMPLETE)
    assert merged(raw(FAILED), raw(COMPLETE), redacted(FAILED, run_link=E1)) == redacted(
        COMPLETE, run_link=E1
    )


def test_what_another_version_would_not_redact_stays_redacted_too() -> None:
    hidden = {"seed": "<redacted>", "name": "x"}
    known = entry_of({"seed": 3, "name": "x"}, **COMPLETE)
    other = known | FAILED | {"statepoint": hidden, "redacted": ["/statepoint/seed"]}
    expected = known | {"statepoint": hidden, "redacted": ["/statepoint/seed"]}
    outcome = merged(None, entry_text(known).encode(), entry_text(other).encode())
    assert outcome == entry_text(expected).encode()


def test_two_sides_that_redacted_different_values_hide_both() -> None:
    known = entry_of({"a": "/x", "b": "x"}, **COMPLETE)
    mine = known | {"statepoint": {"a": "<redacted>", "b": "x"}, "redacted": ["/statepoint/a"]}
    other = known | {"statepoint": {"a": "/x", "b": "<redacted>"}, "redacted": ["/statepoint/b"]}
    outcome = json.loads(merged(None, entry_text(mine).encode(), entry_text(other).encode()))
    assert outcome["statepoint"] == {"a": "<redacted>", "b": "<redacted>"}
    assert outcome["redacted"] == ["/statepoint/a", "/statepoint/b"]


def test_what_both_sides_give_away_but_for_one_value_is_hidden_whole() -> None:
    partly = STATEPOINT | {"data": "<redacted>"}
    mine = entry(FAILED, statepoint=partly, redacted=["/statepoint/data"])
    assert merged(None, mine, raw(COMPLETE)) == redacted(COMPLETE)


def test_a_key_that_was_redacted_is_the_same_key() -> None:
    known = entry_of({"/home/someone/x": 1, "b": 2}, **FAILED)
    clean = known | COMPLETE | {"statepoint": {"<redacted>": 1, "b": 2}}
    clean["redacted"] = ["/statepoint/<redacted>"]
    outcome = merged(None, entry_text(known).encode(), entry_text(clean).encode())
    assert outcome == entry_text(clean).encode()


def test_a_leak_outside_the_statepoint_is_not_carried_on() -> None:
    tracker = {"url": "https://me:secret-8d7f6a@tracker.example/1"}
    mine, other = entry(COMPLETE, tracker=tracker), entry(FAILED)
    outcome = json.loads(merged(None, mine, other))
    assert outcome["redacted"] == ["/tracker/url"]
    assert not redact.leaks(outcome)


@pytest.mark.parametrize(
    "kept", [{"folder": "/srv/x"}, {"schema_version": 2, "tracker": {"place": "/srv/x"}}]
)
def test_what_this_program_does_not_know_is_kept_as_it_is(kept: dict[str, Any]) -> None:
    assert merged(None, entry(COMPLETE, kept), entry(FAILED)) == entry(COMPLETE, kept)


def test_pointers_into_fields_with_odd_names_follow_them_too() -> None:
    base = entry(COMPLETE, EARLY)
    odd = {"a/b~": {"x": "<redacted>"}, "redacted": ["/a~1b~0/x"]}
    both = odd | {"run_link": E1}
    assert merged(base, entry(COMPLETE, EARLY, odd), entry(COMPLETE, EARLY, run_link=E1)) == entry(
        COMPLETE, EARLY, both
    )


def test_the_pointers_follow_the_fields_they_point_into() -> None:
    tracker = {"tracker": {"url": "<redacted>"}, "redacted": ["/tracker/url"]}
    link = {
        "run_link": {"experiment_path": "<redacted>"},
        "redacted": ["/run_link/experiment_path"],
    }
    base = entry(COMPLETE, EARLY)
    both = tracker | link | {"redacted": ["/run_link/experiment_path", "/tracker/url"]}
    mine, other = entry(COMPLETE, EARLY, tracker), entry(COMPLETE, EARLY, link)
    assert merged(base, mine, other) == entry(COMPLETE, EARLY, both)
    assert merged(None, mine, other) == other
