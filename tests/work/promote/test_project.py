"""What of a finished run may enter the ledger."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import job_id_of

from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import statepoint_json
from pytest_aexp.model.runs.run_files import RunFiles
from pytest_aexp.work.promote.project import entry_bytes, project

POINT = {"experiment_id": "E001", "seed": 1, "code_commit": "9f" * 20, "code_dirty": True}
DOCUMENT = {
    "status": "complete",
    "aexp": {"experiment_id": "E001", "hypothesis_id": None, "more": 1},
    "started_at": "2026-05-14T18:23:01Z",
    "ended_at": "2026-05-14T19:22:01Z",
    "heartbeat_at": "2026-05-14T19:22:00Z",
    "wallclock_s": 3540.5,
    "tracker": {"backend": "wandb", "run_id": "r1", "url": "https://wandb.ai/r1", "dir": "/home/x"},
    "loss": [1, 2, 3],
}


def projected(document: dict[str, Any], point: Any = None) -> dict[str, Any]:
    statepoint = POINT if point is None else point
    files = RunFiles(statepoint, document, (), statepoint_json(statepoint))
    return project(job_id_of(statepoint), files, "cluster").entry


def test_an_entry_has_the_fields_of_the_allowlist_and_no_others() -> None:
    entry = projected(DOCUMENT)
    promoted_at = entry.pop("promoted_at")
    assert promoted_at.endswith("Z")
    assert entry == {
        "schema_version": 1,
        "job_id": job_id_of(POINT),
        "statepoint": POINT,
        "status": "complete",
        "registered_machine": "cluster",
        "run_link": {"experiment_id": "E001", "hypothesis_id": None},
        "started_at": "2026-05-14T18:23:01Z",
        "ended_at": "2026-05-14T19:22:01Z",
        "wallclock_s": 3540.5,
        "tracker": {"backend": "wandb", "run_id": "r1", "url": "https://wandb.ai/r1"},
        "code_commit": "9f" * 20,
        "code_dirty": True,
    }


def test_the_number_of_the_attempt_and_code_that_is_no_parameter_come_from_the_document() -> None:
    document = {
        "aexp_attempt": {"number": 3, "token": "x"},
        "code_commit": "ab",
        "code_dirty": True,
    }
    entry = projected({"status": "failed", **document}, {"a": 1})
    assert (entry["attempt"], entry["code_commit"], entry["code_dirty"]) == (3, "ab", True)
    assert projected({"status": "failed", **document})["code_commit"] == "9f" * 20
    assert "attempt" not in projected({"status": "failed", "aexp_attempt": {"number": True}})


def test_what_is_not_known_is_left_out() -> None:
    entry = projected({"status": "failed"}, {"a": 1})
    assert set(entry) == {
        *("schema_version", "job_id", "statepoint", "status", "registered_machine", "promoted_at")
    }


@pytest.mark.parametrize("wallclock", ["5", None, True, float("nan"), float("inf"), [1]])
def test_a_wallclock_that_is_no_number_is_left_out(wallclock: Any) -> None:
    assert "wallclock_s" not in projected({"status": "complete", "wallclock_s": wallclock})


@pytest.mark.parametrize("status", ["done", 5, {"a-operation": 1}])
def test_a_status_of_another_program_is_shown(status: Any) -> None:
    with pytest.raises(NotPromotable, match="which is not one of pytest-aexp's") as refused:
        projected({"status": status})
    assert re.search("run `aexp mark [0-9a-f]{32} complete --replace`", str(refused.value))


@pytest.mark.parametrize("status", [None, "running", "created"])
def test_only_a_finished_run(status: Any) -> None:
    with pytest.raises(NotPromotable, match="has not finished"):
        projected({"status": status})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_statepoint_that_is_not_json_is_refused(value: float) -> None:
    with pytest.raises(NotPromotable, match="not valid JSON"):
        projected({"status": "complete"}, {"experiment_id": "E001", "x": [value]})


def test_what_may_not_leave_the_machine_is_replaced_and_listed() -> None:
    point = {"experiment_id": "E001", "data": "/scratch/me/x", "cfg": {"api_key": "abc123def"}}
    entry = projected({"status": "complete"}, point)
    assert entry["statepoint"]["data"] == entry["statepoint"]["cfg"]["api_key"] == "<redacted>"
    assert entry["redacted"] == ["/statepoint/cfg/api_key", "/statepoint/data"]
    assert b"scratch" not in entry_bytes(entry)


def test_an_entry_is_indented_sorted_utf_8_with_a_final_newline() -> None:
    assert entry_bytes({"b": "ü", "a": 1}) == '{\n  "a": 1,\n  "b": "ü"\n}\n'.encode()
    assert entry_bytes({"a": "\ud800"}) == b'{\n  "a": "\\ud800"\n}\n'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_whatever_the_statepoint_the_entry_is_sound(point: dict[str, Any]) -> None:
    entry = projected({"status": "complete"}, point)
    judged = judge_entry(entry["job_id"], "x", entry_bytes(entry))
    assert judged.usable, judged.faults
    assert judged.faults == ()
    assert json.loads(entry_bytes(entry)) == entry
