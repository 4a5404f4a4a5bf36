"""A repository's root is the nearest folder with `.git` or a ledger."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import git, new_repository, write

from pytest_aexp.ground.find_root import BLOCK_FILES, BLOCK_MARK, main_root, nearest_root
from pytest_aexp.ground.repository import Repository, read_machine_label
from pytest_aexp.install import install_scaffold


@pytest.mark.parametrize(
    ("made", "start", "expected"),
    [
        ([".git/"], ".", "."),
        ([".git/"], "a/b/c", "."),
        ([".git"], "a/b", "."),
        ([".aexp/installed.json"], "a/b", "."),
        ([".git/", "a/.git/"], "a/b", "a"),
        ([".git/", "a/.git"], "a/b", "a"),
        ([".git/", "a/.aexp/installed.json"], "a/b", "a"),
        ([".git/", "a/.aexp/"], "a/b", "."),
        ([".git/", "a/.aexp/ledger/x.json"], "a/b", "a"),
        ([".git/", "a/.aexp/runs-index/"], "a/b", "a"),
        ([".git/", "a/.aexp/other"], "a/b", "."),
        ([".git/", "a/.aexp/installed.json/"], "a/b", "a"),
        ([".git/", ".aexp/installed.json", "a/.git/"], "a", "a"),
        (["b/.git/"], "a", None),
    ],
)
def test_the_nearest_folder_that_git_shares_is_the_root(
    tmp_path: Path, made: list[str], start: str, expected: str | None
) -> None:
    for name in made:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text("")
    (tmp_path / start).mkdir(parents=True, exist_ok=True)
    found = nearest_root(tmp_path / start)
    assert found == (None if expected is None else tmp_path / expected)


@pytest.mark.parametrize("name", BLOCK_FILES)
def test_a_folder_with_the_managed_block_is_a_root_in_every_clone(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a" / name).write_bytes(b"*.log\n" + BLOCK_MARK + b"\n")
    assert nearest_root(tmp_path / "a/b") == tmp_path / "a"


def test_a_pipe_in_the_place_of_a_control_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/.gitignore")
    assert nearest_root(tmp_path / "a") == tmp_path


@pytest.fixture
def linked(repo: Path, tmp_path: Path) -> Path:
    install_scaffold(repo, machine_label="cluster", run_store="data/runs")
    write(repo, "sub/README", "")
    git(repo, "add", ".gitignore", ".gitattributes", "sub")
    git(repo, "commit", "-qm", "first")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    return tmp_path / "linked"


def test_the_main_worktree_is_found_without_asking_git(repo: Path, linked: Path) -> None:
    assert main_root(linked) == repo
    assert main_root(linked / "sub") == repo / "sub"
    assert main_root(repo) is None


def test_store_and_label_are_those_of_the_main_worktree(repo: Path, linked: Path) -> None:
    assert Repository(linked).run_store == repo / "data/runs"
    assert read_machine_label(linked) == "cluster"


def test_an_install_in_a_linked_worktree_keeps_store_and_label(repo: Path, linked: Path) -> None:
    actions = install_scaffold(linked)
    assert not [action for action in actions if action.is_warning]
    assert git(linked, "status", "--porcelain") == ""
    assert not (linked / "data").exists()
    assert not (linked / ".runs").exists()
    assert Repository(linked).run_store == repo / "data/runs"
    assert read_machine_label(linked) == "cluster"


def test_what_is_set_in_a_linked_worktree_counts(repo: Path, linked: Path) -> None:
    install_scaffold(linked, machine_label="node", run_store="here")
    assert Repository(linked).run_store == linked / "here"
    assert read_machine_label(linked) == "node"


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path) -> None:
    other = new_repository(tmp_path / "other")
    write(other, "README", "")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "x")
    allow = ("-c", "protocol.file.allow=always")
    git(repo, *allow, "submodule", "--quiet", "add", str(other), "sub")
    assert main_root(repo / "sub") is None


@pytest.mark.parametrize("text", ["", "gitdir:", "gitdir: nowhere", "x\0", "gitdir: ../../.."])
def test_a_git_file_that_names_no_folder_has_no_main_worktree(tmp_path: Path, text: str) -> None:
    write(tmp_path, "repo/.git", text)
    assert main_root(tmp_path / "repo") is None


def test_a_marker_that_is_in_git_cannot_send_the_runs_elsewhere(repo: Path, tmp_path: Path) -> None:
    write(repo, ".aexp/installed.json", f'{{"run_store_path": "{tmp_path}/elsewhere"}}')
    assert Repository(repo).run_store == tmp_path / "elsewhere"
    git(repo, "add", "-f", ".aexp/installed.json")
    assert Repository(repo).run_store == repo / ".runs"
    assert Repository(repo).foreign_store == f"{tmp_path}/elsewhere"
