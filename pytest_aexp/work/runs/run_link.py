"""Which experiment and hypotheses a run belongs to, as its document says it."""

from __future__ import annotations

import re
from typing import Any

from pytest_aexp.ground.errors import InvalidValue
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.batches import is_experiment_id, meant_experiment
from pytest_aexp.model.runs.run_files import RUN_LINK_KEYS

_is_hypothesis_id = re.compile(r"H[0-9]{3,}").fullmatch


def run_link(
    experiment_id: str,
    hypothesis_id: str | None = None,
    sub_hypothesis_id: str | None = None,
    experiment_path: str | None = None,
) -> dict[str, str | None]:
    """A run link; raises InvalidValue for an id that is not one.

    ``experiment_path`` is relative to the repository; the default matches the experiment's file
    in its usual place, whatever the rest of its name is.
    """
    for hypothesis in (hypothesis_id, sub_hypothesis_id):
        if hypothesis is not None and not _is_hypothesis_id(str(hypothesis)):
            raise InvalidValue(
                f"{quoted(str(hypothesis))} is not a hypothesis id: write H and three digits or "
                "more, such as H001"
            )
    return {
        "experiment_id": checked_experiment(experiment_id),
        # Where agentic-experiments keeps them.
        "experiment_path": experiment_path or f"kb/research/experiments/{experiment_id}-*.md",
        "hypothesis_id": hypothesis_id,
        "sub_hypothesis_id": sub_hypothesis_id,
    }


def put_link(document: dict[str, Any], link: dict[str, str | None]) -> None:
    """Make ``link`` the one run link of a run's document."""
    for key in RUN_LINK_KEYS:
        document.pop(key, None)
    document[RUN_LINK_KEYS[0]] = link


def checked_experiment(experiment_id: str) -> str:
    """``experiment_id`` itself; raises InvalidValue, with what was meant, if it is not one."""
    if not (isinstance(experiment_id, str) and is_experiment_id(experiment_id)):
        meant = meant_experiment(experiment_id) or "E and three digits or more, such as E001"
        raise InvalidValue(f"{quoted(str(experiment_id))} is not an experiment id: write {meant}")
    return experiment_id
