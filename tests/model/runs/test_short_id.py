"""Job ids as people type them."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound
from pytest_aexp.model.runs.short_id import full_job_id, ids_beginning, unique_length

A, B = "abcde" + "0" * 27, "abcdf" + "0" * 27
KNOWN = {A, B}


@pytest.mark.parametrize("written", [A, A.upper(), "abcde", "ABCDE0", f" {A[:9]} "])
def test_a_prefix_in_any_case_is_the_only_run_it_begins(written: str) -> None:
    assert full_job_id(written, KNOWN) == A


def test_several_are_listed() -> None:
    with pytest.raises(AmbiguousRun, match=f"{A}, {B}; give more digits"):
        full_job_id("abcd", KNOWN)


def test_many_runs_that_it_fits_are_counted() -> None:
    with pytest.raises(AmbiguousRun, match=r"fits 20 runs: .* and 12 more; give") as caught:
        full_job_id("abab", {f"abab{n:028d}" for n in range(20)})
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("written", ["ffff", "f" * 32, "", "../../etc/passwd", "abcde0ff"])
def test_an_abbreviation_that_fits_no_run_is_refused(written: str) -> None:
    with pytest.raises(RunNotFound):
        full_job_id(written, KNOWN)


def test_too_short_to_be_meant() -> None:
    with pytest.raises(RunNotFound, match="at least 4 digits"):
        full_job_id("abc", {A})


@pytest.mark.parametrize(
    ("written", "ids"),
    [("abcde", [A]), (" ABCD", [A, B]), ("abc", []), (A + "0", []), ("abc0", [])],
)
def test_a_citation_may_mean_the_runs_that_begin_as_it_says(written: str, ids: list[str]) -> None:
    assert ids_beginning(written, KNOWN) == ids


def test_an_experiment_begins_no_run() -> None:
    run = "e005" + "0" * 28
    assert ids_beginning("E005", [run]) == []
    assert ids_beginning("e005", [run]) == [run]


@pytest.mark.parametrize(
    ("ids", "length"),
    [
        ([], 8),
        (["0" * 32], 8),
        (["0" * 32, "0" * 7 + "1" * 25], 8),
        (["0" * 32, "0" * 8 + "1" * 24], 9),
        (["0" * 32, "0" * 31 + "1"], 32),
    ],
)
def test_the_shortest_that_tells_them_apart(ids: list[str], length: int) -> None:
    assert unique_length(ids) == length
