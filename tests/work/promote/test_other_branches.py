"""Entries that other branches have."""

from __future__ import annotations

from pathlib import Path

from repositories import add_entry, git, write

from pytest_aexp.work.promote.other_branches import runs_of_other_branches, was_ever_added


def commit(repo: Path) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")


def test_only_what_the_checked_out_branch_never_had(tmp_path: Path, repo: Path) -> None:
    assert runs_of_other_branches(repo) == frozenset()
    write(repo, "README", "")
    commit(repo)
    ours = add_entry(repo, {"seed": 1})
    commit(repo)
    git(repo, "checkout", "-q", "-b", "exp")
    theirs = add_entry(repo, {"seed": 2})
    write(repo, ".aexp/ledger/notes.txt", "")
    commit(repo)
    assert runs_of_other_branches(repo) == frozenset()
    git(repo, "checkout", "-q", "main")
    git(repo, "rm", "-q", f".aexp/ledger/{ours}.json")
    commit(repo)
    assert runs_of_other_branches(repo) == {theirs}
    assert [was_ever_added(repo, run) for run in (ours, theirs, "0" * 32)] == [True, True, False]
    assert runs_of_other_branches(tmp_path / "nowhere") == frozenset()


def test_what_is_staged_was_added(repo: Path) -> None:
    run = add_entry(repo, {"seed": 1})
    assert not was_ever_added(repo, run)
    git(repo, "add", ".")
    assert was_ever_added(repo, run)


def test_without_git_nobody_can_say_that_it_was_not(tmp_path: Path) -> None:
    assert was_ever_added(tmp_path, "0" * 32)
