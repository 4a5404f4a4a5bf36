"""Names of metrics: what an expression can write, and ``[tool.aexp.metrics]``, which lists them."""

from __future__ import annotations

import re

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.text import quoted

FUNCTIONS = ("n", "mean", "median", "min", "max", "sum", "sd")
"""The functions of expressions over metrics."""

WALLCLOCK = "wallclock_s"
"""The metric that every entry has a field of its own for."""

MOST_METRICS = 64
LONGEST_NAME, _LONGEST_PATH = 64, 1000
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def why_no_metric(name: str) -> str:
    """Why a metric cannot have this name, to complete "the name … "; nothing if it can."""
    if not _IDENTIFIER.fullmatch(name) or len(name) > LONGEST_NAME:
        letters = f"at most {LONGEST_NAME} letters, digits and underscores"
        return f"must be {letters}, not beginning with a digit"
    if name in FUNCTIONS:
        return "is that of a function"
    return "is that of the time a run took, which is always there" if name == WALLCLOCK else ""


def parse_metrics(table: object) -> dict[str, str]:
    """The value of ``tool.aexp.metrics``: paths in the run's document by name.

    Raises ConfigurationError.
    """
    if not isinstance(table, dict):
        raise ConfigurationError(
            'tool.aexp.metrics must be a table of name = path, such as val_loss = "eval/loss"'
        )
    if len(table) > MOST_METRICS:
        raise ConfigurationError(
            f"tool.aexp.metrics: {len(table)} metrics; an entry holds at most {MOST_METRICS}"
        )
    for name, path in table.items():
        reason = why_no_metric(name)
        if reason:
            raise ConfigurationError(f"tool.aexp.metrics: the name {quoted(name)} {reason}")
        if not isinstance(path, str) or not 0 < len(path) <= _LONGEST_PATH:
            raise ConfigurationError(
                f"tool.aexp.metrics: {name} must be a path in the run's document, such as "
                '"accuracy" or "eval/loss"'
            )
    return dict(table)
