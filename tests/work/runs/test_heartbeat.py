"""How often the heart of a run beats, and that it stops."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from runscripts import document_of

from pytest_aexp.runs import create_run, init_run_store
from pytest_aexp.work.runs.heartbeat import Heartbeat, heartbeat_interval
from pytest_aexp.work.runs.job_document import RunDocument


@pytest.fixture
def job(repo: Path) -> Any:
    init_run_store(repo)
    return create_run(experiment_id="E001", statepoint={"seed": 1})


def test_a_heart_that_was_stopped_while_it_waited_for_the_document_beats_no_more(
    repo: Path, job: Any
) -> None:
    document = RunDocument(job)
    heartbeat = Heartbeat(document, 60, lambda values: values.update(heartbeat_at="now"))
    document.edit(heartbeat.renew)
    last = document_of(repo, job.id)
    assert "heartbeat_at" in last
    document.edit(lambda values: values.pop("heartbeat_at"))
    heartbeat.stop()
    document.edit(heartbeat.renew)
    assert "heartbeat_at" not in document_of(repo, job.id)


@pytest.mark.parametrize(
    ("asked", "variable", "interval"),
    [
        (None, None, 30.0),
        (None, "5", 5.0),
        (None, "0.5", 0.5),
        (None, "0", 0.0),
        (None, "-1", 0.0),
        (None, "30s", 30.0),
        (None, "nan", 30.0),
        (None, "", 30.0),
        (None, "inf", threading.TIMEOUT_MAX),
        (2, "5", 2.0),
        (0, "5", 0.0),
        (-3, None, 0.0),
        (float("nan"), None, 0.0),
        (float("inf"), None, threading.TIMEOUT_MAX),
    ],
)
def test_how_often_the_heart_beats(
    monkeypatch: pytest.MonkeyPatch, asked: float | None, variable: str | None, interval: float
) -> None:
    monkeypatch.delenv("AEXP_HEARTBEAT_S", raising=False)
    if variable is not None:
        monkeypatch.setenv("AEXP_HEARTBEAT_S", variable)
    assert heartbeat_interval(asked) == interval
