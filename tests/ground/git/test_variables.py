"""A variable that was left over is named, and nothing else is checked in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding, git, job, new_repository

from pytest_aexp.cli import main


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another repository, with a commit of its own."""
    root = new_repository(tmp_path / "other")
    add_finding(root, "F009-other", "{type: job, id: x}")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "other")
    return root


@pytest.fixture
def checked(repo: Path) -> Path:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    return repo


VARIABLES = [("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/index"), ("GIT_WORK_TREE", ".")]


@pytest.mark.parametrize(("name", "value"), VARIABLES)
@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_one_that_points_elsewhere(
    checked: Path,
    other: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    at: str,
) -> None:
    monkeypatch.setenv(name, str(other / value))
    assert main(["validate", "--at", at]) == 2
    err = capsys.readouterr().err
    assert f"{name}={other / value}" in err
    assert f"unset {name}" in err


@pytest.mark.parametrize(("name", "value"), VARIABLES)
@pytest.mark.parametrize("kind", ["relative", "absolute"])
def test_one_that_git_sets_for_its_hooks(
    checked: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, kind: str
) -> None:
    monkeypatch.setenv(name, value if kind == "relative" else str(checked / value))
    for at in ("worktree", "index", "HEAD"):
        assert main(["validate", "--at", at]) == 0


def test_an_index_that_a_command_made_for_itself(
    checked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "index").write_bytes((checked / ".git/index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert main(["validate", "--at", "index"]) == 0


def test_in_a_linked_work_tree(
    checked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git(checked, "worktree", "add", "-q", str(tmp_path / "linked"))
    monkeypatch.chdir(tmp_path / "linked")
    git_dir = git(tmp_path / "linked", "rev-parse", "--absolute-git-dir").strip()
    monkeypatch.setenv("GIT_DIR", git_dir)
    assert main(["validate", "--at", "index"]) == 0


def test_a_replaced_object_is_not_taken_for_the_committed_one(
    checked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = git(checked, "rev-parse", "HEAD").strip()
    add_finding(checked, "F002-y", job("deadbeef" * 4))
    git(checked, "add", "-A")
    git(checked, "commit", "-qm", "bad")
    git(checked, "replace", "HEAD", good)
    assert main(["validate", "--at", "HEAD"]) == 1
