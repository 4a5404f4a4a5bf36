"""What became of runs."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aexp.model.retractions import Record, Retractions
from pytest_aexp.work.evidence.changes import KINDS, compare

RUN = {
    "job_id": "1" * 32,
    "statepoint": {"seed": 1},
    "status": "complete",
    "ended_at": "2026-05-01T10:00:00Z",
    "code_commit": "a" * 40,
    "promoted_at": "2026-05-01T10:00:01Z",
    "metrics": {"f1": 1},
}
COMMITS = f"code_commit {'a' * 10} -> {'b' * 10}"
RECORD = Record("2" * 16, "wrong split", retracts=("1" * 32,))


@pytest.mark.parametrize(
    ("then", "now", "kind", "details"),
    [
        (None, RUN, "new", []),
        (RUN, None, "gone", []),
        (RUN, {**RUN, "promoted_at": "2027-01-01T00:00:00Z"}, None, []),
        (RUN, {**RUN, "run_link": {"experiment_id": "E001"}}, None, []),
        (RUN, {**RUN, "metrics": {"f1": 1.0}}, None, []),
        (RUN, {**RUN, "metrics": {"f1": 2}}, "changed", ["f1 1 -> 2"]),
        (RUN, {**RUN, "metrics": {"f1": 1, "x": None}}, "changed", ["x none -> null"]),
        (
            RUN,
            {**RUN, "code_commit": "b" * 40},
            "changed",
            [f"code_commit {'a' * 10} -> {'b' * 10}"],
        ),
        (
            RUN,
            {**RUN, "ended_at": "2026-05-02T10:00:00Z", "status": "failed"},
            "ran again",
            ["status complete -> failed", "ended 2026-05-01T10:00:00Z -> 2026-05-02T10:00:00Z"],
        ),
        (
            RUN,
            {**RUN, "retracted": ["2" * 16]},
            "retracted",
            [f'"wrong split" (record {"2" * 16})'],
        ),
        ({**RUN, "retracted": ["2" * 16]}, RUN, "no longer retracted", []),
    ],
)
def test_a_change_of_a_run_has_its_kind_and_details(
    then: dict[str, Any] | None, now: dict[str, Any] | None, kind: str | None, details: list[str]
) -> None:
    sides = [{} if run is None else {run["job_id"]: run} for run in (then, now)]
    found = list(compare(sides[0], sides[1], Retractions([RECORD])))
    expected = [] if kind is None else [(kind, details)]
    if kind == "new":
        expected = [("new", [f'"wrong split" (record {"2" * 16})'])]
    assert [(change.kind, list(change.details)) for change in found] == expected
    assert {change.kind for change in found} <= set(KINDS)
