"""What a run's statepoint says of its code."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git, new_repository, write

from pytest_aexp.work.runs.code_state import UNKNOWN, code_state


@pytest.fixture
def committed(repo: Path) -> str:
    write(repo, "train.py", "print()\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "begin")
    return git(repo, "rev-parse", "HEAD").strip()


def test_a_clean_work_tree(repo: Path, committed: str) -> None:
    assert code_state(repo) == (committed, False)


@pytest.mark.parametrize("change", ["edit", "stage", "delete", "untracked"])
def test_a_work_tree_that_differs(repo: Path, committed: str, change: str) -> None:
    if change == "delete":
        (repo / "train.py").unlink()
    else:
        write(repo, "new.py" if change == "untracked" else "train.py", "print(1)\n")
    if change == "stage":
        git(repo, "add", ".")
    assert code_state(repo) == (committed, True)


def test_ignored_files_are_no_difference(repo: Path, committed: str) -> None:
    write(repo, ".git/info/exclude", "*.log\n")
    write(repo, "a.log", "")
    assert code_state(repo) == (committed, False)


def test_what_runs_leave_is_no_difference(repo: Path, committed: str) -> None:
    write(repo, f".aexp/ledger/{'a' * 32}.json", "{}")
    write(repo, ".aexp/runs-index/here.json", "{}")
    assert code_state(repo) == (committed, False)
    write(repo, ".aexp/else.json", "{}")
    assert code_state(repo) == (committed, True)


def test_before_the_first_commit(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_state(repo) == ("", False)
    write(repo, "train.py", "")
    assert code_state(repo) == ("", True)
    assert capsys.readouterr().err == ""


def test_without_a_repository_nothing_is_known_and_nothing_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_state(tmp_path) == UNKNOWN == ("", False)
    assert capsys.readouterr().err == ""


def test_a_repository_that_git_refuses_is_told_of(
    repo: Path, committed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".git/HEAD", "nonsense")
    assert code_state(repo) == UNKNOWN
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("aexp: the run is registered without its commit, for git rev-parse: ")


def test_the_environment_of_a_hook_of_another_repository_does_not_count(
    tmp_path: Path, repo: Path, committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert code_state(repo) == (committed, False)
