"""git is asked which rule ignores a path, in the repository or in a rehearsal of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import git, new_repository, write

from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.git.ignore_rules import Rule, Tree, rehearsal
from pytest_aexp.work.pack.files import refuse_unshared


def rules(root: Path, *paths: str) -> dict[str, Rule]:
    return Tree(root, root).ignoring_rules(paths)


def test_the_rule_is_named_with_file_and_line(repo: Path) -> None:
    write(repo, ".gitignore", "\n# logs\n*.log\n")
    write(repo, "deep/er/.gitignore", "x*\n")
    write(repo, ".git/info/exclude", "*.tmp\n")
    assert rules(repo, "a.log", "deep/er/x y", "b.tmp", "free") == {
        "a.log": Rule(".gitignore", 3, "*.log", "a.log"),
        "deep/er/x y": Rule("deep/er/.gitignore", 1, "x*", "deep/er/x y"),
        "b.tmp": Rule(".git/info/exclude", 1, "*.tmp", "b.tmp"),
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
    assert rules(repo, "a.json") == {"a.json": Rule(str(excludes), 1, "*.json", "a.json")}


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
    tree = Tree(repo, repo)
    assert tree.attribute("merge", "a.json") == "ours-truly"
    assert tree.attribute("merge", "a.txt") == "unspecified"


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


def test_a_rehearsal_sees_what_is_planned_and_every_other_rule(repo: Path) -> None:
    write(repo, ".gitignore", "old\n")
    write(repo, ".gitattributes", "* merge=old\n")
    write(repo, "deep/.gitignore", "mine\n")
    write(repo, ".git/info/exclude", "*.tmp\n")
    planned = {".gitignore": b"new/\n", ".gitattributes": b"* merge=new\n"}
    before = snapshot(repo)
    with rehearsal(repo, planned, ["deep/er", "new/er"]) as tree:
        found = tree.ignoring_rules(["old", "new", "new/er/x", "deep/mine", "a.tmp"])
        assert tree.attribute("merge", "x") == "new"
        assert not tree.place.is_relative_to(repo)
    assert found == {
        "new": Rule(".gitignore", 1, "new/", "new"),
        "new/er/x": Rule(".gitignore", 1, "new/", "new/er/x"),
        "deep/mine": Rule("deep/.gitignore", 1, "mine", "deep/mine"),
        "a.tmp": Rule(".git/info/exclude", 1, "*.tmp", "a.tmp"),
    }
    assert snapshot(repo) == before
    assert not tree.place.exists()


def test_a_rehearsal_of_a_folder_knows_the_rules_above_it(repo: Path) -> None:
    write(repo, ".gitignore", "*.above\n")
    (repo / "a" / "part").mkdir(parents=True)
    with rehearsal(repo / "a" / "part", {".gitignore": b"*.here\n"}, ["x"]) as tree:
        found = tree.ignoring_rules(["x/a.above", "x/a.here"])
    assert found["x/a.here"].source == ".gitignore"
    assert found["x/a.above"].pattern == "*.above"


def test_a_linked_control_file_is_no_rule_in_a_rehearsal_as_in_git(
    repo: Path, tmp_path: Path
) -> None:
    write(tmp_path, "rules", "*.json\n")
    (repo / "deep").mkdir()
    os.symlink(tmp_path / "rules", repo / "deep" / ".gitignore")
    with rehearsal(repo, {}, ["deep"]) as tree:
        assert tree.ignoring_rules(["deep/a.json"]) == rules(repo, "deep/a.json") == {}


def snapshot(root: Path) -> dict[str, tuple[int, bytes | None]]:
    return {
        str(path.relative_to(root)): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else None,
        )
        for path in root.rglob("*")
    }


@pytest.mark.parametrize("name", [".gitattributes", ".aexp/.gitignore", ".aexp/ledger/.gitignore"])
def test_a_pipe_in_a_control_files_place_is_not_waited_for(repo: Path, name: str) -> None:
    pipe = repo / name
    pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    said = rf"^{name} is a named pipe, not a file, so git is not asked"
    with pytest.raises(GitError, match=said):
        rules(repo, "free", ".aexp/ledger/a.json")
    with pytest.raises(GitError, match=said):
        Tree(repo, repo).attribute("merge", ".aexp/ledger/a.json")
    with pytest.raises(UsageError, match=r"nothing is packed: .* is a named pipe"):
        refuse_unshared(repo, ".aexp/ledger/packs/a.jsonl")
