"""A commit may add retraction records, and must not change or delete one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import Hooks, commit, stage
from repositories import add_record, write

A = "a" * 32
FOLDER = ".aexp/ledger/retractions"


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


def test_a_new_record_is_committed_in_silence(repo: Path, hooks: Hooks) -> None:
    add_record(repo, retracts=[A])
    stage(repo)
    assert (hooks.ledger().out, hooks.findings().out) == ("", "")


def test_a_record_is_not_changed(repo: Path, hooks: Hooks) -> None:
    path = repo / FOLDER / f"{add_record(repo, retracts=[A])}.json"
    commit(repo)
    path.write_text(path.read_text().replace("leaked", "is fine"))
    stage(repo)
    said = hooks.ledger()
    assert said.codes == ["ledger.invalid_retraction"]
    assert said.status == 1


def test_a_record_is_not_deleted(repo: Path, hooks: Hooks) -> None:
    record = add_record(repo, retracts=[A])
    commit(repo)
    (repo / FOLDER / f"{record}.json").unlink()
    stage(repo)
    said = hooks.ledger()
    assert said.codes == ["ledger.invalid_retraction"]
    assert f"aexp retract --lift {record}" in said.out
    assert said.status == 1


def test_a_formatter_may_pass_over_a_record(repo: Path, hooks: Hooks) -> None:
    path = repo / FOLDER / f"{add_record(repo, retracts=[A])}.json"
    commit(repo)
    path.write_text(path.read_text().replace("  ", "\t").replace("\n", "\r\n"), newline="")
    stage(repo)
    assert hooks.ledger().out == ""


def test_what_was_never_a_record_may_be_deleted(repo: Path, hooks: Hooks) -> None:
    write(repo, f"{FOLDER}/notes.json", "{}")
    commit(repo)
    (repo / FOLDER / "notes.json").unlink()
    stage(repo)
    assert hooks.ledger().out == ""


def test_a_record_that_leaks_may_be_deleted(repo: Path, hooks: Hooks) -> None:
    path = repo / FOLDER / f"{add_record(repo, retracts=[A], reason='see /home/ada/x')}.json"
    commit(repo)
    assert hooks.ledger().codes == ["ledger.leak"]
    path.unlink()
    stage(repo)
    assert hooks.ledger().out == ""
