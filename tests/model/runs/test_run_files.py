"""The two files of a run; test_run_store.py has them as signac writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import job_id_of, write

from pytest_aexp.model.runs.run_files import DOCUMENT, STATEPOINT, read_files, run_link_of

POINT = {"experiment_id": "E001", "seed": 1}
JOB_ID = job_id_of(POINT)


def test_what_cannot_be_used_is_empty_and_reported(repo: Path) -> None:
    write(repo, f"{JOB_ID}/{STATEPOINT}", '{"experiment_id": "E001", "seed": 2}')
    write(repo, f"{JOB_ID}/{DOCUMENT}", '{"aexp": "E001"}')
    files = read_files(JOB_ID, f"runs/{JOB_ID}")
    assert (files.statepoint, files.canonical, files.document) == (None, "", {"aexp": "E001"})
    assert [fault.path for fault in files.faults] == [
        f"runs/{JOB_ID}/{STATEPOINT}",
        f"runs/{JOB_ID}/{DOCUMENT}",
    ]
    assert f"aexp link {JOB_ID} --experiment E###" in files.faults[1].fix


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, None),
        ({"aexp": {}, "limina": {"a": 1}}, {}),
        ({"aexp": None, "limina": {"a": 1}}, {"a": 1}),
        ({"aexp": "E1"}, "E1"),
    ],
)
def test_the_run_link_of_a_document(document: dict[str, Any], expected: Any) -> None:
    assert run_link_of(document) == expected
