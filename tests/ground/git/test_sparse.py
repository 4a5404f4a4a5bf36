"""A ledger that a sparse checkout leaves out is not one without runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding, git, job

from pytest_aexp.cli import main

SAID = (
    "files of .aexp/ledger are not checked out here (sparse checkout), so not everything can be "
    "checked; run `git sparse-checkout add .aexp/ledger`"
)


@pytest.fixture
def committed(repo: Path) -> Path:
    add_finding(repo, "F001-x", job(add_entry(repo, {"experiment_id": "E001"})))
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "begin")
    return repo


def sparse(repo: Path, *folders: str) -> None:
    git(repo, "sparse-checkout", "set", *folders)


@pytest.mark.parametrize("verb", [["validate"], ["validate", "F001"], ["ledger", "check"]])
def test_the_check_cannot_be_done(
    committed: Path, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(verb) == 0
    sparse(committed, "kb")
    assert not (committed / ".aexp").exists()
    capsys.readouterr()
    assert main(verb) == 2
    assert capsys.readouterr().err.startswith(f"aexp: {SAID}")
    git(committed, "sparse-checkout", "add", ".aexp/ledger")
    assert main(verb) == 0


def test_what_is_committed_can_be_checked(committed: Path) -> None:
    sparse(committed, "kb")
    assert main(["validate", "--at", "HEAD"]) == 0
    assert main(["validate", "--at", "index"]) == 0


def test_a_sparse_checkout_that_has_the_ledger(committed: Path) -> None:
    sparse(committed, "kb", ".aexp")
    assert main(["validate"]) == 0


def test_in_a_linked_work_tree(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(committed, "worktree", "add", "-q", "../linked")
    linked = committed.parent / "linked"
    sparse(linked, "kb")
    assert main(["validate"]) == 0
    monkeypatch.chdir(linked)
    assert main(["validate"]) == 2


def test_pytest_names_a_ledger_that_is_not_checked_out(
    committed: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse(committed, "kb")
    monkeypatch.chdir(committed)
    done = pytester.runpytest_inprocess("--aexp", "-p", "no:xdist", "-p", "no:hypothesispytest")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*not checked out here (sparse checkout)*"])


@pytest.mark.parametrize("what", ["finding", "entry"])
def test_a_file_that_git_is_told_not_to_miss(
    committed: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    pattern = {"finding": "kb/research/findings/*.md", "entry": ".aexp/ledger/*.json"}[what]
    [path] = committed.glob(pattern)
    name = path.relative_to(committed).as_posix()
    git(committed, "update-index", "--skip-worktree", name)
    assert main(["validate"]) == 0
    path.unlink()
    capsys.readouterr()
    assert main(["validate"]) == 2
    advice = f"run `git update-index --no-skip-worktree {name}` and `git restore {name}`"
    assert advice in capsys.readouterr().err
    assert main(["validate", "--at", "HEAD"]) == 0
