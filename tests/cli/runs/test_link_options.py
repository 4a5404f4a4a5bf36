"""The options that say what a run belongs to."""

from __future__ import annotations

import argparse

import pytest

from pytest_aexp.cli.runs.link_options import add_link_options


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
