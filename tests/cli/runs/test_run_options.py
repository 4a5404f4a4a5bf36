"""``--sp KEY=VALUE``: values are read as in every other command."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from pytest_aexp.cli.runs.run_options import add_link_options, add_run_options, parameters, register
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.query.grammar import conditions
from pytest_aexp.model.query.match import selector_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed=3", {"seed": 3}),
        ('seed="3"', {"seed": "3"}),
        ("lr=1e-3", {"lr": 0.001}),
        ("amp=true", {"amp": True}),
        ("note=null", {"note": None}),
        ("condition=full", {"condition": "full"}),
        ("sizes=[1, 2]", {"sizes": [1, 2]}),
        ("a=1,b=x", {"a": 1, "b": "x"}),
        ("a=", {"a": ""}),
        ("", {}),
    ],
)
def test_a_value_is_json_where_it_is_json_and_else_text(text: str, expected: Any) -> None:
    assert parameters([text]) == expected


@pytest.mark.parametrize("text", ["seed=3", 'seed="3"', "lr=1e-3", "x=full", "y=true", "z=[1, 2]"])
def test_a_batch_is_selected_by_what_the_run_was_given(text: str) -> None:
    assert parameters([text]) == selector_of(conditions([text]))


@pytest.mark.parametrize("text", ["seed", "=3", "a=x,y", "a=1,b"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not KEY=VALUE"):
        parameters([text])


def test_the_experiment_is_required_and_the_hypotheses_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    add_link_options(parser)
    assert vars(parser.parse_args(["--experiment", "E001"])) == {
        "experiment": "E001",
        "hypothesis": None,
        "sub_hypothesis": None,
    }
    with pytest.raises(SystemExit):
        parser.parse_args(["--hypothesis", "H001"])
    assert "--experiment" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[1]", "{", "3"])
def test_a_statepoint_is_one_json_object(text: str) -> None:
    parser = argparse.ArgumentParser()
    add_run_options(parser)
    with pytest.raises(UsageError, match="--statepoint"):
        register(parser.parse_args(["-E", "E001", "--statepoint", text]))
