"""git is asked in English, without a shell, and its refusals are kept."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.git.run import git_or_none, own_environment, run_git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "a repository"
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def test_what_git_says_comes_back_as_bytes(repository: Path) -> None:
    blob = run_git(["hash-object", "--stdin"], repository, stdin=b"x\xff\n").strip()
    assert blob == b"bc09d03cd49d7dd25d949cb960da1bd048aebb62"
    assert run_git(["rev-parse", "--show-cdup"], repository) == b"\n"


def test_nothing_waits_for_a_keyboard(repository: Path) -> None:
    assert run_git(["hash-object", "--stdin"], repository) == (
        b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n"
    )


def test_an_argument_is_never_a_command(repository: Path) -> None:
    with pytest.raises(GitError):
        run_git(["rev-parse", "--verify", "$(touch made); touch made"], repository)
    assert not (repository / "made").exists()


def test_a_refusal_says_what_git_said_in_english(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with pytest.raises(GitError, match=r"^git rev-parse: fatal: Needed a single revision$"):
        run_git(["rev-parse", "--verify", "HEAD"], repository)


def test_a_refusal_cannot_write_to_the_terminal(repository: Path) -> None:
    with pytest.raises(GitError) as caught:
        run_git(["cat-file", "-e", "\x1b[31mred\nline"], repository)
    assert str(caught.value).isprintable()


def test_a_status_that_is_an_answer_is_no_refusal(repository: Path) -> None:
    question = ["config", "--get", "no.such"]
    assert run_git(question, repository, accept=(0, 1)) == b""
    with pytest.raises(GitError, match="git config: exit status 1"):
        run_git(question, repository)


def test_a_missing_git_is_said_so(repository: Path, tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path / "nothing")}
    with pytest.raises(GitError, match="git was not found: install git"):
        run_git(["version"], repository, env=environment)
    assert git_or_none(["version"], repository, env=environment) is None


def test_a_missing_folder_is_not_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="gone"):
        run_git(["version"], tmp_path / "gone")


def test_a_git_that_hangs_is_given_up(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_aexp.ground.git.run.TIMEOUT", 0.2)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    with pytest.raises(GitError, match="no answer within"):
        run_git(["status"], repository, env={"PATH": f"{slow.parent}{os.pathsep}{os.defpath}"})


def test_outside_a_repository_there_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_or_none(["rev-parse", "--git-dir"], tmp_path) is None


def test_a_hooks_variables_count_unless_the_folders_own_repository_is_asked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", other], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    question = ["rev-parse", "--absolute-git-dir"]
    assert run_git(question, repository).strip() == os.fsencode((other / ".git").resolve())
    assert run_git(question, repository, env=own_environment()).strip() == os.fsencode(
        (repository / ".git").resolve()
    )
