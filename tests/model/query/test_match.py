"""Conditions on parameters, fields and metrics of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.job_id import value_key
from pytest_aexp.model.query.grammar import condition, conditions, written
from pytest_aexp.model.query.match import MISSING, matcher, query, selector_of, value_of

RUN: dict[str, Any] = {
    "job_id": "4076a08a" + "0" * 24,
    "statepoint": {
        "seed": 3,
        "word": "3",
        "model": {"C": 10.0, "kernel": "rbf"},
        "opt.lr": 0.1,
        "opt": {"lr": 0.2, "wd": 0.3},
        "layers": [64, 64],
        "nothing": None,
        "status": "warm",
        "experiment_id": "E001",
    },
    "run_link": {"experiment_id": "E002", "hypothesis_id": "H001"},
    "status": "complete",
    "registered_machine": "cluster",
    "code_commit": "2bed6ef" + "a" * 33,
    "ended_at": "2026-05-01T10:00:00Z",
    "wallclock_s": 12.5,
    "metrics": {"accuracy": 0.93, "loss": None},
}


def holds(text: str, run: dict[str, Any] = RUN) -> bool:
    return matcher([condition(text)])(run)


@pytest.mark.parametrize(
    "text",
    """seed=3 seed=3.0 seed!=4 seed<4 seed<=3 seed>2 seed>=3 seed=[1,3] word="3" word>2z model.C=10
    model.kernel=rbf opt.lr=0.1 opt.wd=0.3 layers=[64,64] nothing=null nowhere!=1 nowhere!=null
    status=complete status!=failed status=[failed,complete] statepoint.status=warm machine=cluster
    code_commit=2bed6ef code_commit=2BED6EF id=4076 id=[ffff,4076a08a] experiment=E001
    experiment=E002 experiment!=E003 hypothesis=H001 wallclock_s>12 accuracy>=0.9
    metrics.accuracy<1 loss=null ended>2026-04-30 ended>=2026-05-01 ended=2026-05-01
    ended<=2026-05-01 ended<2026-05-01T10:00:01 ended=2026-05-01T12:00:00+02:00 started!=2026-05-01
    statepoint.seed=3 model={"C":10,"kernel":"rbf"} code_commit=[ffff,2bed6ef]""".split(),
)
def test_conditions_that_hold(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    """seed=4 seed="3" seed!=3 seed<3 seed>3 seed<x word=3 word<3 seed=[1,2] layers=64 nothing=
    nowhere=null nowhere<1 nowhere>1 model.D=1 opt.lr=0.2 status=warm machine=laptop code_commit=ed6
    code_commit!=2bed code_commit= experiment=E003 experiment!=E001 accuracy>0.93 loss<1
    ended>2026-05-01 ended<2026-05-01 ended!=2026-05-01 started>2020-01-01 started<2030-01-01
    code_dirty=null""".split(),
)
def test_conditions_that_do_not_hold(text: str) -> None:
    assert not holds(text)


def test_a_prefix_of_digits_is_text_all_the_same() -> None:
    assert holds("code_commit=2e5", {"code_commit": "2e5" + "0" * 37})
    assert holds("code_commit=0012", {"statepoint": {"code_commit": "0012" + "0" * 36}})
    assert holds("code_commit=null", {"statepoint": {"code_commit": None}})


def test_all_conditions_must_hold() -> None:
    assert matcher(conditions("seed=3 status=complete"))(RUN)
    assert not matcher(conditions("seed=3 status=failed"))(RUN)
    assert matcher([])(RUN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ended>yesterday", '"yesterday" is not a time; write 2026-05-01'),
        ("ended=2026-13-01", "is not a time"),
        ("seed<true", "only a number or text"),
        ("seed<[1,2]", "only a number or text"),
        ("seed>null", "only a number or text"),
    ],
)
def test_what_cannot_be_compared_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        matcher([condition(text)])


def test_a_value_is_looked_up_in_field_metric_or_statepoint() -> None:
    assert value_of(RUN, "status") == "complete"
    assert value_of(RUN, "accuracy") == 0.93
    assert value_of(RUN, "experiment") == "E001"
    assert value_of(RUN, "tracker.url") is MISSING
    assert value_of({}, "seed") is MISSING


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(VALUES, VALUES)
def test_equal_is_equal_as_json_and_unequal_the_rest(actual: Any, typed: Any) -> None:
    run = {"statepoint": {"key": actual}}
    equal = value_key(actual) == value_key(typed)
    if not (isinstance(typed, float) and typed in (float("inf"), float("-inf"))):
        assert holds(written("key", "=", typed), run) is equal
        assert holds(written("key", "!=", typed), run) is not equal


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.integers())
def test_of_two_numbers_one_is_less_or_they_are_equal(actual: float, typed: int) -> None:
    run = {"statepoint": {"key": actual}}
    assert sum(holds(written("key", op, typed), run) for op in ("<", "=", ">")) == 1
    assert holds(written("key", "<=", typed), run) is not holds(written("key", ">", typed), run)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(("2026-05-01", "2026-05-01T10:30", "2000-02-29T23:59:59+01:00")),
)
def test_of_two_times_one_is_earlier_or_they_are_equal(moment: datetime, typed: str) -> None:
    run = {"ended_at": moment.isoformat()}
    assert sum(holds(f"ended{operator}{typed}", run) for operator in "<=>") == 1
    assert holds(f"ended>={typed}", run) is not holds(f"ended<{typed}", run)
    assert holds(f"ended<={typed}", run) is not holds(f"ended>{typed}", run)


def test_a_citation_takes_what_it_can_say() -> None:
    known = conditions("seed=1 layers=[64,64] statepoint.machine=gpu code_commit=2bed6ef")
    assert selector_of(known) == {
        "seed": 1,
        "layers": [64, 64],
        "machine": "gpu",
        "code_commit": "2bed6ef",
    }


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("seed!=1", "a citation selects by key=value"),
        ("machine=gpu", "if machine is one, write statepoint.machine=gpu"),
        ("status=complete", "a citation selects by parameters, and by status with --status"),
        ("seed=1 seed=2", '"seed" is given twice'),
    ],
)
def test_a_citation_refuses_the_rest(where: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        selector_of(conditions(where))


LINKED = {
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
    assert query(where).matcher()(LINKED) is fits


def test_two_queries_narrow_each_other() -> None:
    assert (query("E001") & query("seed=1")).matcher()(LINKED)
    assert not (query("E001") & query("seed=2")).matcher()(LINKED)
    assert (query("E001 E003") & query("E001")).experiments == {"E001"}
    assert not (query("E001") & query("E003")).matcher()(LINKED)


@pytest.mark.parametrize("where", ["e001", "E1"])
def test_an_experiment_id_in_another_form_is_given_in_the_right_one(where: str) -> None:
    with pytest.raises(UsageError, match="is not an experiment id: write E001"):
        query(where)


@pytest.mark.parametrize("where", ["seed", "E001,E002", "model svm"])
def test_other_words_are_refused(where: str) -> None:
    with pytest.raises(UsageError, match="is neither an experiment id such as E003 nor a cond"):
        query(where)
