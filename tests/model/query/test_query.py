"""Experiments and conditions, in the words in which runs are asked for."""

from __future__ import annotations

import pytest

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.query.query import query

RUN = {
    "statepoint": {"experiment_id": "E001", "seed": 1},
    "run_link": {"experiment_id": "E002"},
    "status": "complete",
}


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("", True),
        ("E001", True),
        ("E002", True),
        ("E003", False),
        ("E003 E001", True),
        ("E001 seed=1", True),
        ("seed=1 E001", True),
        ("E001 seed=2", False),
        ("seed=1 status=failed", False),
        (["E001", "seed<2"], True),
    ],
)
def test_which_run_is_meant(where: str, fits: bool) -> None:
    assert query(where).matcher()(RUN) is fits


def test_two_queries_narrow_each_other() -> None:
    assert (query("E001") & query("seed=1")).matcher()(RUN)
    assert not (query("E001") & query("seed=2")).matcher()(RUN)
    assert (query("E001 E003") & query("E001")).experiments == {"E001"}
    assert not (query("E001") & query("E003")).matcher()(RUN)


@pytest.mark.parametrize("where", ["e001", "E1"])
def test_an_experiment_id_in_another_form_is_given_in_the_right_one(where: str) -> None:
    with pytest.raises(UsageError, match="is not an experiment id: write E001"):
        query(where)


@pytest.mark.parametrize("where", ["seed", "E001,E002", "model svm"])
def test_other_words_are_refused(where: str) -> None:
    with pytest.raises(UsageError, match="is neither an experiment id such as E003 nor a cond"):
        query(where)
