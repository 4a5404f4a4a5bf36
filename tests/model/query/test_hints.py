"""Why nothing fits a query."""

from __future__ import annotations

import pytest
from repositories import entry_of

from pytest_aexp.model.query.hints import unknown_name, why_nothing
from pytest_aexp.model.query.match import query
from pytest_aexp.model.query.table import Differing

RUNS = [entry_of({"experiment_id": "E001", "lr": lr, "model": {"depth": 2}}) for lr in (0.1, 0.2)]


def differing() -> Differing:
    return Differing(RUNS)


@pytest.mark.parametrize("name", ["lr", "model", "model.depth", "status", "metrics.accuracy"])
def test_a_name_that_a_run_may_have_is_none(name: str) -> None:
    assert unknown_name(name, differing()) is None


def test_a_name_that_no_run_has_gets_the_nearest_or_all() -> None:
    assert unknown_name("lrr", differing()) == 'no run here has "lrr"; did you mean "lr"?'
    assert "there is" in str(unknown_name("zzzzzzzz", differing()))


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("E001 lr=0.3", "no run has lr=0.3; there is lr=0.1 and lr=0.2"),
        ("E001 lr=0.1 lr=0.2", "some runs fit each of the conditions, but no run fits all of them"),
        ("E001 lrr=1", 'no run here has "lrr"; did you mean "lr"?'),
        ("E001 lr=[0.3,0.4]", "no run has lr=[0.3,0.4]; there is lr=0.1 and lr=0.2"),
    ],
)
def test_the_reason_is_the_first_condition_that_nothing_fits(where: str, reason: str) -> None:
    assert why_nothing(query(where), RUNS) == reason


def test_without_runs_there_is_nothing_to_fit() -> None:
    assert why_nothing(query("E002"), []) == "no run of E002 was found"
    assert why_nothing(query(""), []) == "no runs were found"
