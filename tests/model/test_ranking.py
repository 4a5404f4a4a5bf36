"""Which of two entries of one run counts, a row for each way in which they can differ."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from repositories import entry_of

from pytest_aexp.model.ranking import is_complete, outranks, promoted_at, rank, same_run

HERE, ELSEWHERE = {"registered_machine": "cluster"}, {"registered_machine": "laptop"}
FIRST = {"started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T01:00:00Z", "attempt": 1}
SECOND = {"started_at": "2026-01-02T00:00:00Z", "ended_at": "2026-01-02T01:00:00Z", "attempt": 2}
IMPORTED = {"ended_at": "2026-01-01T01:00:00Z", "attempt": 1}
IMPORTED_LATER = {"ended_at": "2026-01-02T01:00:00Z", "attempt": 1}
COMPLETE, FAILED, STOPPED = ({"status": name} for name in ("complete", "failed", "stopped"))


def entry(*parts: dict[str, Any]) -> dict[str, Any]:
    made = entry_of({"seed": 3})
    for part in parts:
        made |= part
    return made


# What the machine "cluster" has made of its run, the entry that stands, and whether it gives way.
PROMOTED = {
    "complete beats another machine's failure": (
        entry(HERE, FIRST, COMPLETE), entry(ELSEWHERE, SECOND, FAILED), True),
    "a failure never replaces another machine's complete run": (
        entry(HERE, SECOND, FAILED), entry(ELSEWHERE, FIRST, COMPLETE), False),
    "another machine's complete attempt stays beside a later one": (
        entry(HERE, SECOND, COMPLETE), entry(ELSEWHERE, FIRST, COMPLETE), False),
    "another machine's failure stays beside a later one": (
        entry(HERE, SECOND, STOPPED), entry(ELSEWHERE, FIRST, FAILED), False),
    "another machine's entry of the same attempt stays": (
        entry(HERE, FIRST, COMPLETE, {"run_link": {"experiment_id": "E001"}}),
        entry(ELSEWHERE, FIRST, COMPLETE), False),
    "of two imports that only say when an attempt ended the later attempt counts": (
        entry(HERE, COMPLETE, IMPORTED), entry(HERE, COMPLETE, IMPORTED_LATER), False),
    "in whatever order": (
        entry(HERE, COMPLETE, IMPORTED_LATER), entry(HERE, COMPLETE, IMPORTED), True),
    "what an import corrects of one attempt replaces it": (
        entry(HERE, COMPLETE, IMPORTED, {"metrics": {"f1": 1}}), entry(HERE, COMPLETE, IMPORTED),
        True),
    "what is marked after an import is the last word": (
        entry(HERE, {"status": "abandoned"}, IMPORTED_LATER), entry(HERE, COMPLETE, IMPORTED),
        True),
    "complete beats this machine's earlier failure": (
        entry(HERE, SECOND, COMPLETE), entry(HERE, FIRST, FAILED), True),
    "complete stays when this machine fails later": (
        entry(HERE, SECOND, FAILED), entry(HERE, FIRST, COMPLETE), False),
    "the later failure of this machine counts": (
        entry(HERE, SECOND, FAILED), entry(HERE, FIRST, STOPPED), True),
    "the earlier failure of this machine does not": (
        entry(HERE, FIRST, STOPPED), entry(HERE, SECOND, FAILED), False),
    "the later complete attempt of this machine counts": (
        entry(HERE, SECOND, COMPLETE), entry(HERE, FIRST, COMPLETE), True),
    "two attempts that ended in one second are told apart by their number": (
        entry(HERE, FIRST, FAILED, {"attempt": 2, "started_at": "2026-01-01T00:59:59Z"}),
        entry(HERE, FIRST, FAILED), True),
    "this machine corrects how an attempt ended": (
        entry(HERE, FIRST, FAILED), entry(HERE, FIRST, COMPLETE), True),
    "this machine links the run of an attempt": (
        entry(HERE, FIRST, COMPLETE), entry(HERE, FIRST, COMPLETE, {"run_link": {}}), True),
    "an entry that does not say when its attempt began gives way on its machine": (
        entry(HERE, SECOND, FAILED), entry(HERE, COMPLETE), True),
    "but not to another machine's": (
        entry(ELSEWHERE, SECOND, FAILED), entry(HERE, COMPLETE), False),
    "an entry without times is corrected as well": (
        entry(HERE, FAILED), entry(HERE, COMPLETE), True),
}  # fmt: skip


@pytest.mark.parametrize("case", PROMOTED)
def test_what_a_machine_promotes_against_the_entry_that_stands(case: str) -> None:
    candidate, standing, replaces = PROMOTED[case]
    assert outranks(candidate, standing, "cluster") is replaces


@pytest.mark.parametrize("case", PROMOTED)
def test_two_machines_never_rewrite_each_other_for_ever(case: str) -> None:
    one, other = PROMOTED[case][:2]
    if one["registered_machine"] != other["registered_machine"]:
        assert not (outranks(one, other, "cluster") and outranks(other, one, "laptop"))


# Of equals: the greater first.
EQUALS = {
    "complete": (entry(ELSEWHERE, FIRST, COMPLETE), entry(HERE, SECOND, FAILED)),
    "the later end": (entry(HERE, SECOND, FAILED), entry(ELSEWHERE, FIRST, STOPPED)),
    "an end at all": (entry(FIRST, FAILED), entry(FAILED)),
    "an end that is a date": (entry(FIRST, FAILED), entry(FIRST, FAILED, {"ended_at": "today"})),
    "instants are compared, not texts": (
        entry(FIRST, FAILED), entry(FIRST, FAILED, {"ended_at": "2026-01-01T01:30:00+01:00"})),
    "the later attempt": (entry(FIRST, FAILED, {"attempt": 2}), entry(FIRST, FAILED)),
    "a number of the attempt": (entry({"attempt": 1}, FAILED), entry(FAILED)),
    "stopped before failed": (entry(STOPPED), entry(FAILED)),
    "failed before abandoned": (entry(FAILED), entry({"status": "abandoned"})),
    "the newer format": (entry({"schema_version": 2}), entry()),
    "a linked run": (
        entry({"run_link": {"experiment_id": "E001"}}), entry({"run_link": {}, "tracker": {}})),
    "more fields": (entry({"tracker": {}, "code_dirty": True}), entry({"wallclock_s": 1})),
    "the greater text": (entry({"wallclock_s": 2}), entry({"wallclock_s": 1})),
    "the earlier promotion": (
        entry({"promoted_at": "2026-01-01T00:00:00Z"}),
        entry({"promoted_at": "2026-01-01T00:00:01Z"})),
    "what was redacted": (
        entry({"redacted": ["/statepoint/data"], "wallclock_s": 1}), entry({"wallclock_s": 1})),
}  # fmt: skip


@pytest.mark.parametrize("case", EQUALS)
def test_the_order_of_two_entries_of_equals(case: str) -> None:
    greater, lesser = EQUALS[case]
    assert rank(greater) > rank(lesser)


def test_the_order_is_total() -> None:
    every = [one for pair in (*EQUALS.values(), *PROMOTED.values()) for one in pair[:2]]
    for one, other in itertools.product(every, repeat=2):
        assert (rank(one) > rank(other)) + (rank(other) > rank(one)) == (rank(one) != rank(other))
        assert rank(one) != rank(other) or one == other


@pytest.mark.parametrize("odd", [None, True, float("nan"), "2", [2], {}])
def test_odd_values_have_a_place_too(odd: Any) -> None:
    fields = ("attempt", "schema_version", "ended_at", "promoted_at", "status", "run_link")
    for name in fields:
        assert rank(entry({name: odd})) < rank(entry(FIRST, SECOND, COMPLETE))


def test_entries_that_differ_in_the_promotion_alone_say_the_same() -> None:
    one = entry(HERE, FIRST, {"promoted_at": "2026-01-01T00:00:00Z", "wallclock_s": 1})
    assert same_run(one, one | ELSEWHERE | {"promoted_at": "2027-01-01T00:00:00Z"})
    assert same_run(one, one | {"wallclock_s": 1.0})
    assert not same_run(one, one | {"wallclock_s": True})
    assert not same_run(one, one | {"status": "failed"})


def test_only_complete_is_complete() -> None:
    assert is_complete(entry(COMPLETE))
    assert not is_complete(entry(STOPPED))


# Times


def test_when_an_entry_was_promoted() -> None:
    assert promoted_at({"promoted_at": "2026-01-01T01:00:00+01:00"}) == datetime(
        2026, 1, 1, tzinfo=UTC
    )
    assert promoted_at({"promoted_at": "2026-01-01"}) == datetime(2026, 1, 1, tzinfo=UTC)
    assert promoted_at({"promoted_at": "soon"}) == promoted_at(None)
    assert promoted_at(None) < promoted_at({"promoted_at": "1970-01-01T00:00:00Z"})
