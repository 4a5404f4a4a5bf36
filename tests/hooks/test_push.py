"""As a plain pre-push hook, each ref that git pushes is checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hooking import NOWHERE, commit
from repositories import add_entry, add_finding, git, job, new_repository, write

HOOK = "#!/bin/sh\nexec {python} -m pytest_aexp.hooks.{name}{arguments}\n"


@pytest.fixture
def pushed(repo: Path, tmp_path: Path) -> Path:
    """A repository with a remote, and a hook that runs before a push."""
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    commit(repo)
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "origin", "main")
    install_hook(repo, "findings")
    return repo


def install_hook(repo: Path, name: str, arguments: str = "") -> None:
    write(
        repo,
        ".git/hooks/pre-push",
        HOOK.format(python=sys.executable, name=name, arguments=arguments),
    )
    (repo / ".git/hooks/pre-push").chmod(0o755)


def push(repo: Path, *refs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "push", "origin", *refs], cwd=repo, capture_output=True, text=True, check=False
    )


def break_a_finding(repo: Path) -> None:
    add_finding(repo, "F002-y", job(NOWHERE))
    commit(repo)


@pytest.mark.parametrize("arguments", ["", ' "$@"'])
def test_what_is_staged_does_not_matter(pushed: Path, arguments: str) -> None:
    install_hook(pushed, "findings", arguments)
    break_a_finding(pushed)
    write(pushed, "README", "staged, and unrelated")
    git(pushed, "add", "README")
    done = push(pushed, "main")
    assert done.returncode != 0
    assert "finding.broken_run_citation" in done.stdout + done.stderr


def test_every_branch_is_checked(pushed: Path) -> None:
    git(pushed, "checkout", "-qb", "good")
    write(pushed, "README", "x")
    commit(pushed)
    git(pushed, "checkout", "-qb", "bad", "main")
    break_a_finding(pushed)
    git(pushed, "checkout", "-q", "good")
    assert push(pushed, "good", "bad").returncode != 0
    assert push(pushed, "good").returncode == 0


def test_a_branch_that_is_deleted_holds_nothing_to_check(pushed: Path) -> None:
    git(pushed, "push", "-q", "--no-verify", "origin", "main:other")
    break_a_finding(pushed)
    assert push(pushed, "--delete", "other").returncode == 0


def test_entries_are_checked_too(pushed: Path) -> None:
    install_hook(pushed, "ledger")
    write(pushed, f".aexp/ledger/{NOWHERE}.json", "{}")
    commit(pushed)
    write(pushed, "README", "x")
    git(pushed, "add", "README")
    assert push(pushed, "main").returncode != 0


def test_an_input_that_says_nothing_is_not_waited_for_long(pushed: Path) -> None:
    write(pushed, "README", "x")
    git(pushed, "add", "README")
    command = [sys.executable, "-m", "pytest_aexp.hooks.findings"]
    with subprocess.Popen(command, cwd=pushed, stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=30) == 0


def test_variables_that_are_left_over_are_named(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_aexp.hooks import findings

    commit(repo)
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
    findings.main([])
    assert "PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF set" in capsys.readouterr().err


@pytest.mark.parametrize("program", ["findings", "ledger"])
def test_file_names_are_refused_with_what_to_do(
    repo: Path, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    from importlib import import_module

    main = import_module(f"pytest_aexp.hooks.{program}").main
    assert main(["kb/research/findings/F001-x.md"]) == 2
    err = capsys.readouterr().err
    assert "takes no file names" in err
    assert "pass_filenames: false" in err


def test_every_repository_of_a_work_tree_is_checked(tmp_path: Path) -> None:
    top = new_repository(tmp_path / "top")
    add_entry(top / "sub", {"seed": 1})
    add_finding(top / "sub", "F001-x", job(NOWHERE))
    git(top, "add", "-A")
    command = [sys.executable, "-m", "pytest_aexp.hooks.findings"]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert "sub/kb/research/findings/F001-x.md:" in done.stdout
