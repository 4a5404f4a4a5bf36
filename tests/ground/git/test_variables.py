"""A variable that was left over is named, and nothing else is checked in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_aexp.hooks import findings, ledger
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


VARIABLES = [
    ("GIT_DIR", ".git"),
    ("GIT_INDEX_FILE", ".git/index"),
    ("GIT_WORK_TREE", "."),
    ("GIT_COMMON_DIR", ".git"),
    ("GIT_OBJECT_DIRECTORY", ".git/objects"),
]
PATHSPECS = [f"GIT_{kind}_PATHSPECS" for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE")]


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
    for hook in (findings, ledger):
        assert hook.main([]) == 2
        assert f"unset {name}" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), VARIABLES)
@pytest.mark.parametrize("kind", ["relative", "absolute"])
def test_one_that_git_sets_for_its_hooks(
    checked: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, kind: str
) -> None:
    monkeypatch.setenv(name, value if kind == "relative" else str(checked / value))
    for at in ("worktree", "index", "HEAD"):
        assert main(["validate", "--at", at]) == 0


def test_an_index_that_is_gone(
    checked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", str(checked.parent / "gone"))
    assert main(["validate", "--at", "index"]) == findings.main([]) == ledger.main([]) == 2
    assert capsys.readouterr().err.count("unset GIT_INDEX_FILE") == 3


@pytest.mark.parametrize("where", ["..", "kb", "nowhere"])
def test_a_work_tree_in_the_settings_that_is_another(
    checked: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    git(checked, "config", "core.worktree", str(checked / where))
    for at in ("worktree", "index", "HEAD"):
        assert main(["validate", "--at", at]) == 2
    assert findings.main([]) == 2
    assert capsys.readouterr().err.count("`git config --unset core.worktree`") == 4


@pytest.mark.parametrize("where", ["..", "../../repo"])
def test_the_own_work_tree_in_the_settings(checked: Path, where: str) -> None:
    git(checked, "config", "core.worktree", where)
    assert main(["validate", "--at", "index"]) == 0


@pytest.mark.parametrize("name", PATHSPECS)
def test_one_that_reads_paths_otherwise(
    checked: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    add_entry(checked / "sub", {"seed": 2})
    add_finding(checked / "sub", "F002-y", job("deadbeef" * 4))
    git(checked, "add", "-A")
    monkeypatch.setenv(name, "1")
    assert main(["validate", "--at", "index"]) == main(["validate"]) == findings.main([]) == 1


def test_an_index_that_a_command_made_for_itself(
    checked: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index = tmp_path / "index"
    index.write_bytes((checked / ".git/index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    assert main(["validate", "--at", "index"]) == findings.main([]) == ledger.main([]) == 0
    printed = capsys.readouterr().err
    # A long path is shortened.
    assert printed.count(str(index)[:40]) == printed.count(", as GIT_INDEX_FILE says") == 3
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert main(["validate", "--at", "index"]) == 0
    assert capsys.readouterr().err == ""


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
