"""``aexp ledger list`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import add_entry

from pytest_aexp.cli import main

POINT = {"experiment_id": "E001", "seed": 1}


@pytest.fixture
def ids(repo: Path) -> tuple[str, str]:
    one = add_entry(repo, POINT, ended_at="2026-02-01T00:00:00Z")
    two = add_entry(
        repo,
        {"experiment_id": "E002"},
        status="failed",
        ended_at="2026-01-01T00:00:00Z",
        registered_machine="lap\x1btop",
    )
    return one, two


def test_a_table_for_people(ids, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "list"]) == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["job", "id", "status", "experiment", "ended", "machine"]
    assert first.split() == [ids[1], "failed", "E002", "2026-01-01T00:00:00Z", "lap\\x1btop"]
    assert second.startswith(ids[0])


def test_json_for_programs(ids, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "list", "--format", "json", "--experiment", "E001"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["job_id"] == ids[0]
    assert main(["ledger", "list", "--format", "json", "--status", "failed"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["job_id"] == ids[1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--status", "foo"), '"foo": choose one of complete, failed, abandoned or stopped'),
        (("--status", "running"), '"running": choose one of complete, '),
        (("--status", ""), '"": choose one of complete, '),
        (("--experiment", "5"), '"5" is no experiment'),
        (("--experiment", "e005"), '"e005" is no experiment'),
        (("--experiment", ""), '"" is no experiment'),
    ],
)
def test_what_no_entry_can_have_is_wrong_usage(
    ids, asked: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--format", "json"]):
        assert main(["ledger", "list", *asked, *more]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert said in captured.err


def test_an_experiment_without_runs_is_an_empty_table(
    ids, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "list", "--experiment", "E009"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
