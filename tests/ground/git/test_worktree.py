"""A linked worktree belongs to the main one: its runs and its machine's name are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git, new_repository, write

from pytest_aexp.ground.git.worktree import main_root
from pytest_aexp.ground.repository import Repository, read_machine_label
from pytest_aexp.install import install_scaffold


@pytest.fixture
def linked(repo: Path, tmp_path: Path) -> Path:
    install_scaffold(repo, machine_label="cluster", run_store="data/runs")
    write(repo, "sub/README", "")
    git(repo, "add", ".gitignore", ".gitattributes", "sub")
    git(repo, "commit", "-qm", "first")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    return tmp_path / "linked"


def test_it_is_found_without_asking_git(repo: Path, linked: Path) -> None:
    assert main_root(linked) == repo
    assert main_root(linked / "sub") == repo / "sub"
    assert main_root(repo) is None


def test_store_and_label_are_those_of_the_main_one(repo: Path, linked: Path) -> None:
    assert Repository(linked).run_store == repo / "data/runs"
    assert read_machine_label(linked) == "cluster"


def test_an_install_keeps_them(repo: Path, linked: Path) -> None:
    actions = install_scaffold(linked)
    assert not [action for action in actions if action.is_warning]
    assert git(linked, "status", "--porcelain") == ""
    assert not (linked / "data").exists()
    assert not (linked / ".runs").exists()
    assert Repository(linked).run_store == repo / "data/runs"
    assert read_machine_label(linked) == "cluster"


def test_what_is_set_there_counts(repo: Path, linked: Path) -> None:
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
def test_a_file_that_says_nothing_of_the_kind(tmp_path: Path, text: str) -> None:
    write(tmp_path, "repo/.git", text)
    assert main_root(tmp_path / "repo") is None


def test_a_marker_that_is_in_git_cannot_send_the_runs_elsewhere(repo: Path, tmp_path: Path) -> None:
    write(repo, ".aexp/installed.json", f'{{"run_store_path": "{tmp_path}/elsewhere"}}')
    assert Repository(repo).run_store == tmp_path / "elsewhere"
    git(repo, "add", "-f", ".aexp/installed.json")
    assert Repository(repo).run_store == repo / ".runs"
    assert Repository(repo).foreign_store == f"{tmp_path}/elsewhere"
