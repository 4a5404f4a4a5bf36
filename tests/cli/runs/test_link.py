"""``aexp link`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run_aexp
from runscripts import entry_in

from pytest_aexp.runs import create_run, init_run_store


@pytest.fixture
def store(repo: Path) -> Path:
    init_run_store(repo)
    return repo


def test_linking_a_finished_run_writes_its_entry_again(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = create_run(experiment_id="E001")
    run_aexp(capsys, "mark", job.id, "complete")
    assert run_aexp(capsys, "link", job.id[:6], "--experiment", "E002", "--hypothesis", "H003") == (
        0,
        f"{job.id} belongs to E002\n",
        "",
    )
    link = entry_in(store, job.id)["run_link"]
    assert (link["experiment_id"], link["hypothesis_id"]) == ("E002", "H003")
