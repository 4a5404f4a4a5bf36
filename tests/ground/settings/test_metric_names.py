"""Which metrics a repository may list for its ledger."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.settings.configuration import parse_configuration
from pytest_aexp.ground.settings.metric_names import FUNCTIONS, parse_metrics


def test_metrics_are_names_with_paths() -> None:
    text = b'[tool.aexp.metrics]\naccuracy = "accuracy"\nval_loss = "eval/loss"\n'
    metrics = {"accuracy": "accuracy", "val_loss": "eval/loss"}
    assert parse_configuration(text).metrics == metrics
    assert parse_configuration(b"").metrics == {}


@pytest.mark.parametrize(
    "name", ["val loss", "", "9lives", "é", "a-b", "a.b", "x" * 65, "wallclock_s", *FUNCTIONS]
)
def test_a_name_that_no_expression_can_write_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="the name"):
        parse_metrics({name: "accuracy"})


@pytest.mark.parametrize("path", ["", 5, None, ["a"], {"b": "c"}, "x" * 1001])
def test_the_path_of_a_metric_must_be_text(path: Any) -> None:
    with pytest.raises(ConfigurationError, match="accuracy must be a path"):
        parse_metrics({"accuracy": path})


def test_the_table_is_one_of_at_most_64() -> None:
    with pytest.raises(ConfigurationError, match="must be a table"):
        parse_metrics(["accuracy"])
    with pytest.raises(ConfigurationError, match="at most 64"):
        parse_metrics({f"m{number}": "x" for number in range(65)})
    assert len(parse_metrics({f"m{number}": "x" for number in range(64)})) == 64
