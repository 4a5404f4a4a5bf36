"""Which experiment and hypotheses a run belongs to, as its document says it."""

from __future__ import annotations

import re
from typing import Any

from pytest_aexp.ground.text import quoted
from pytest_aexp.model.runs.run_files import RUN_LINK_KEYS

_EXPERIMENT = re.compile(r"E[0-9]{3,}")
_HYPOTHESIS = re.compile(r"H[0-9]{3,}")


def run_link(
    experiment_id: str,
    hypothesis_id: str | None = None,
    sub_hypothesis_id: str | None = None,
    experiment_path: str | None = None,
) -> dict[str, str | None]:
    """A run link; raises ValueError for an id that is not one.

    ``experiment_path`` is relative to the repository; the default matches the experiment's file
    in its usual place, whatever the rest of its name is.
    """
    check_experiment(experiment_id)
    for hypothesis in (hypothesis_id, sub_hypothesis_id):
        if hypothesis is not None:
            _check("a hypothesis", "H", _HYPOTHESIS, hypothesis)
    return {
        "experiment_id": experiment_id,
        "experiment_path": experiment_path or f"kb/research/experiments/{experiment_id}-*.md",
        "hypothesis_id": hypothesis_id,
        "sub_hypothesis_id": sub_hypothesis_id,
    }


def put_link(document: dict[str, Any], link: dict[str, str | None]) -> None:
    """Make ``link`` the one run link of a run's document."""
    for key in RUN_LINK_KEYS:
        document.pop(key, None)
    document[RUN_LINK_KEYS[0]] = link


def check_experiment(written: object) -> None:
    """Raises ValueError if ``written`` is not the id of an experiment."""
    _check("an experiment", "E", _EXPERIMENT, written)


def _check(what: str, letter: str, pattern: re.Pattern[str], written: object) -> None:
    if not (isinstance(written, str) and pattern.fullmatch(written)):
        raise ValueError(
            f"{quoted(str(written))} is not {what} id: write {letter} and three digits or more, "
            f"such as {letter}001"
        )
