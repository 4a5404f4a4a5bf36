"""Whatever two or more machines may have: symmetric, idempotent, no complete run is lost."""

from __future__ import annotations

import itertools
import json
from functools import reduce
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from sides import (
    BASES,
    COMPLETE,
    E1,
    E2,
    EARLY,
    FAILED,
    JOB_ID,
    PROMOTION,
    SIDES,
    STATEPOINT,
    entry,
    merged,
    part,
    versions,
)

from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.work.merge.merge import MergeConflict, Merged, merge_entries
from pytest_aexp.work.merge.side import OUTCOME


def usable(data: bytes) -> bool:
    return judge_entry(JOB_ID, "", data).usable


def as_text(data: bytes, *names: str) -> str:
    return json.dumps(part(data, *names), sort_keys=True)


@given(versions())
def test_the_versions_made_here_are_usable(data: bytes) -> None:
    assert usable(data)


@given(BASES, SIDES, SIDES)
def test_any_two_entries_merge_or_are_refused_alike_from_both_sides(
    base: bytes | None, mine: bytes, other: bytes
) -> None:
    outcome, swapped = merge_entries(base, mine, other), merge_entries(base, other, mine)
    if not usable(mine) and not usable(other) and mine != other:
        assert isinstance(outcome, MergeConflict)
        assert isinstance(swapped, MergeConflict)
        return
    assert isinstance(outcome, Merged)
    assert isinstance(swapped, Merged)
    assert outcome.data == swapped.data
    assert outcome.note == swapped.note
    sides = [side for side in (mine, other) if usable(side)]
    if sides:
        check_result(outcome.data, sides)


def check_result(data: bytes, sides: list[bytes]) -> None:
    assert usable(data)
    complete = [side for side in sides if json.loads(side)["status"] == "complete"]
    candidates = complete or sides
    assert as_text(data, *OUTCOME) in [as_text(side, *OUTCOME) for side in candidates]
    assert as_text(data, *PROMOTION) in [as_text(side, *PROMOTION) for side in sides]
    hidden = {p for s in sides for p in json.loads(s).get("redacted", []) if "statepoint" in p}
    result = json.loads(data)
    assert hidden <= set(result.get("redacted", []))
    assert result["statepoint"]["data"] == ("<redacted>" if hidden else STATEPOINT["data"])


@given(BASES, SIDES)
def test_a_merge_with_itself_changes_nothing(base: bytes | None, mine: bytes) -> None:
    assert merge_entries(base, mine, mine) == Merged(mine, "both versions are the same")


@given(versions(), versions())
def test_merging_again_changes_nothing(mine: bytes, other: bytes) -> None:
    once = merged(None, mine, other)
    if mine != other:
        assert merged(None, once, mine) == once
        assert merged(None, once, other) == once


@given(st.lists(versions(), min_size=3, max_size=3, unique=True))
def test_three_machines_in_any_order(each: list[bytes]) -> None:
    def fold(ours: bytes, theirs: bytes) -> bytes:
        outcome = merge_entries(None, ours, theirs)
        assert isinstance(outcome, Merged)
        return outcome.data

    results = {reduce(fold, order) for order in itertools.permutations(each)}
    first, second, third = each
    results.add(fold(fold(first, second), fold(second, third)))
    assert len(results) == 1


@example(entry(FAILED, EARLY), COMPLETE, {"run_link": E2})
@given(
    st.sampled_from([entry(FAILED, EARLY, run_link=E1), entry(COMPLETE, EARLY, host=None)]),
    st.sampled_from([COMPLETE, FAILED, {"tracker": {"run_id": "x"}}, {"host": 1}]),
    st.sampled_from([{"run_link": E2}, {"run_link": ...}]),
)
def test_changes_of_different_fields_are_both_taken(
    base: bytes, mine: dict[str, Any], other: dict[str, Any]
) -> None:
    before = {name: value for name, value in json.loads(base).items() if name != "statepoint"}
    lost_a_complete_run = before["status"] == "complete" != mine.get("status", "complete")
    kept = {} if lost_a_complete_run else mine
    outcome = merged(base, entry(before, mine), entry(before, other))
    assert outcome == entry(before, kept, other)
