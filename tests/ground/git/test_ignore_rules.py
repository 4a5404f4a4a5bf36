"""git is asked which rule ignores a path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import git, new_repository, write

from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.git.ignore_rules import IgnoreRule, attribute, ignoring_rules
from pytest_aexp.work.pack.files import refuse_unshared


def rules(root: Path, *paths: str) -> dict[str, IgnoreRule]:
    return ignoring_rules(root, paths)


def test_the_rule_is_named_with_file_and_line(repo: Path) -> None:
    write(repo, ".gitignore", "\n# logs\n*.log\n")
    write(repo, "deep/er/.gitignore", "x*\n")
    write(repo, ".git/info/exclude", "*.tmp\n")
    assert rules(repo, "a.log", "deep/er/x y", "b.tmp", "free") == {
        "a.log": IgnoreRule(".gitignore", 3, "*.log", "a.log"),
        "deep/er/x y": IgnoreRule("deep/er/.gitignore", 1, "x*", "deep/er/x y"),
        "b.tmp": IgnoreRule(".git/info/exclude", 1, "*.tmp", "b.tmp"),
    }


def test_a_rule_that_takes_back_ignores_nothing(repo: Path) -> None:
    write(repo, ".gitignore", "*.log\n!keep.log\n")
    assert list(rules(repo, "keep.log", "a.log")) == ["a.log"]


def test_a_tracked_file_is_judged_by_the_rules_alone(repo: Path) -> None:
    write(repo, "a.log", "")
    git(repo, "add", "a.log")
    write(repo, ".gitignore", "*.log\n")
    assert "a.log" in rules(repo, "a.log")


def test_the_users_own_excludes_count(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    excludes = write(tmp_path, "my ignore", "*.json\n")
    write(tmp_path, "config", f'[core]\n\texcludesFile = "{excludes}"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert rules(repo, "a.json") == {"a.json": IgnoreRule(str(excludes), 1, "*.json", "a.json")}


def test_in_a_folder_of_a_larger_repository_paths_are_relative_to_the_folder(repo: Path) -> None:
    write(repo, ".gitignore", "*.above\n")
    write(repo, "part/.gitignore", "*.here\n")
    found = rules(repo / "part", "a.above", "a.here")
    assert found["a.here"].source == ".gitignore"
    assert found["a.above"].source == str(repo / ".gitignore")


def test_a_linked_work_tree_knows_the_excludes_of_its_repository(
    repo: Path, tmp_path: Path
) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "first")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    write(repo, ".git/info/exclude", "*.json\n")
    found = rules(tmp_path / "linked", "a.json")
    assert found["a.json"].source == str(repo / ".git/info/exclude")


def test_an_attribute_is_read(repo: Path) -> None:
    write(repo, ".gitattributes", "*.json merge=ours-truly\n")
    assert attribute(repo, "merge", "a.json") == "ours-truly"
    assert attribute(repo, "merge", "a.txt") == "unspecified"


def test_another_repository_in_the_environment_is_not_asked(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repository(tmp_path / "other")
    write(other, ".git/info/exclude", "*.json\n")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert rules(repo, "a.json") == {}


def test_outside_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(GitError, match="not a git repository"):
        rules(tmp_path, "a")


@pytest.mark.parametrize("name", [".gitattributes", ".aexp/.gitignore", ".aexp/ledger/.gitignore"])
def test_a_pipe_in_a_control_files_place_is_not_waited_for(repo: Path, name: str) -> None:
    pipe = repo / name
    pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    reason = rf"^{name} is a named pipe, not a file, so git is not asked"
    with pytest.raises(GitError, match=reason):
        rules(repo, "free", ".aexp/ledger/a.json")
    with pytest.raises(GitError, match=reason):
        attribute(repo, "merge", ".aexp/ledger/a.json")
    with pytest.raises(UsageError, match=r"nothing is packed: .* is a named pipe"):
        refuse_unshared(repo, ".aexp/ledger/packs/a.jsonl")
