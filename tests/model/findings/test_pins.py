"""A pin holds if and only if the runs and their attempts are those that it was made of."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import Pin
from pytest_aexp.model.findings.pins import Fit, digest_of, pinned, same_attempt

TIMES = st.sampled_from(["", "2026-05-14T11:00:00Z", "2026-05-15T11:00:00Z", "yesterday"])


def entry(number: int, ended_at: str) -> Entry:
    return Entry(f"{number:032x}", f"{number}.json", usable=True, ended_at=ended_at)


batches = st.dictionaries(st.integers(0, 12), TIMES, min_size=1, max_size=6).map(
    lambda runs: [entry(number, ended_at) for number, ended_at in runs.items()]
)


def attempts(entries: list[Entry]) -> set[tuple[str, str]]:
    return {(entry.job_id, entry.ended_at) for entry in entries}


@given(batches, batches)
def test_a_digest_breaks_if_and_only_if_a_run_or_an_attempt_changes(
    then: list[Entry], now: list[Entry]
) -> None:
    found = pinned(Pin(len(then), digest=digest_of(then)), now)
    assert (found.fit is Fit.EXACT) == (attempts(then) == attempts(now))
    if attempts(then) < attempts(now) and len(now) - len(then) <= 2:
        assert found.fit is Fit.GROWN
        assert attempts(list(found.entries)) == attempts(then)
    if not attempts(then) <= attempts(now):
        assert found.fit is Fit.CHANGED


@given(batches)
def test_what_says_nothing_of_the_attempt_does_not_matter(entries: list[Entry]) -> None:
    others = [e._replace(path="packed", status="x", machine="m", metrics="{}") for e in entries]
    assert digest_of(reversed(others)) == digest_of(entries)


@pytest.mark.parametrize(
    ("pin", "fit"),
    [
        (None, Fit.EXACT),
        (Pin(3), Fit.EXACT),
        (Pin(2), Fit.GROWN),
        (Pin(4), Fit.CHANGED),
        (Pin(3, at_least=True), Fit.EXACT),
        (Pin(1, at_least=True), Fit.EXACT),
        (Pin(4, at_least=True), Fit.CHANGED),
        (Pin(3, digest="0" * 16), Fit.CHANGED),
        (Pin(2, digest="0" * 16), Fit.CHANGED),
    ],
)
def test_a_count_alone_is_of_all(pin: Pin | None, fit: Fit) -> None:
    entries = [entry(number, "") for number in range(3)]
    found = pinned(pin, entries)
    assert (found.fit, found.entries) == (fit, tuple(entries))


def test_the_pinned_runs_are_found_among_many_that_came_later() -> None:
    then = [entry(number, "2026-05-14T11:00:00Z") for number in range(5)]
    now = [*(entry(number, "2026-05-15T11:00:00Z") for number in range(5, 300)), *then]
    found = pinned(Pin(5, digest=digest_of(then)), now)
    assert (found.fit, attempts(list(found.entries))) == (Fit.GROWN, attempts(then))


def test_the_search_is_bounded() -> None:
    entries = [entry(number, "") for number in range(50)]
    start = time.process_time()
    for number in range(2000):
        assert pinned(Pin(48, digest=f"{number:016x}"), entries).fit is Fit.CHANGED
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("pin", "ended_at", "same"),
    [
        ("2026-05-14T11:00:00Z", "2026-05-14T11:00:00Z", True),
        ("2026-05-14 13:00:00+02:00", "2026-05-14T11:00:00Z", True),
        ("2026-05-14T11:00:00", "2026-05-14T11:00:00Z", True),
        ("2026-05-14T11:00:00Z", "2026-05-14T11:00:01Z", False),
        ("2026-05-14T11:00:00Z", "", False),
        ("2026-13-14T11:00:00Z", "", False),
    ],
)
def test_attempts_are_compared_by_the_moment(pin: str, ended_at: str, same: bool) -> None:
    assert same_attempt(pin, entry(1, ended_at)) is same
