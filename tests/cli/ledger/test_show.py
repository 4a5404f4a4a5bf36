"""``aexp ledger show`` as it is typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from repositories import add_entry, add_jobs, write

from pytest_aexp.cli import main

POINT = {"experiment_id": "E001", "seed": 1}


@pytest.fixture
def job_id(repo: Path) -> str:
    return add_entry(repo, POINT, ended_at="2026-02-01T00:00:00Z")


def test_an_entry_is_shown_by_an_abbreviated_id(
    job_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "show", job_id[:8]]) == 0
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert rows["statepoint.seed"].strip() == "1"
    assert main(["ledger", "show", job_id, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["statepoint"] == POINT


def test_in_a_narrow_window_a_value_is_whole(
    repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://wandb.ai/{'a' * 60}"
    job_id = add_entry(repo, POINT, tracker={"backend": "wandb", "url": url})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["ledger", "show", job_id]) == 0
    assert f"  {url}\n" in capsys.readouterr().out


def test_an_id_that_no_run_has_is_wrong_usage(
    job_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "show", "0123456789"]) == 2
    assert "no run whose id begins with" in capsys.readouterr().err


def test_show_what_cannot_be_used(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repo, f".aexp/ledger/{'e' * 32}.json", "[]")
    assert main(["ledger", "show", "e" * 32]) == 2
    assert "aexp ledger check" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("running", "is here and has not finished: it enters the ledger when it ends"),
        ("complete", "is only in this machine's run store: run `aexp ledger promote {}`"),
    ],
)
def test_a_run_that_is_only_in_the_store_is_said_to_be_here(
    repo: Path, capsys: pytest.CaptureFixture[str], status: str, what: str
) -> None:
    [run] = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": status}}])
    for written in (run, run[:8]):
        assert main(["ledger", "show", written]) == 2
        assert capsys.readouterr().err == f"aexp: run {run} {what.format(run)}\n"
