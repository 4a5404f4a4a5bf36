"""Entries that were deleted, edited by hand or damaged since a commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_segment, entry_of, git, write

from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.work.check.lost_entries import LostEntry, describe, lost_entries

POINT = {"experiment_id": "E001", "seed": 1}


@pytest.fixture
def committed(repo: Path) -> str:
    job_id = add_entry(repo, POINT, metrics={"loss": 0.5})
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "entry")
    return job_id


def lost(repo: Path) -> list[tuple[str, str]]:
    every = lost_entries(repo, Ledger(WorkTree(repo)), "HEAD")
    return [(one.entry.job_id, one.fate) for one in every]


def test_what_is_as_it_was_is_not_lost(repo: Path, committed: str) -> None:
    (repo / entry_path(committed)).touch()
    assert lost(repo) == []


def test_a_deleted_entry_is_lost(repo: Path, committed: str) -> None:
    (repo / entry_path(committed)).unlink()
    assert lost(repo) == [(committed, "deleted")]


def test_a_packed_run_is_not_lost(repo: Path, committed: str) -> None:
    (repo / entry_path(committed)).unlink()
    add_segment(repo, [entry_of(POINT)])
    assert lost(repo) == []


def test_every_run_of_a_deleted_segment_is_lost(repo: Path) -> None:
    path = add_segment(repo, [entry_of(POINT), entry_of({**POINT, "seed": 2})])
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "segment")
    (repo / path).unlink()
    assert len(lost(repo)) == 2


def test_a_half_written_line_of_a_segment_is_lost(repo: Path) -> None:
    path = add_segment(repo, [entry_of(POINT), entry_of({**POINT, "seed": 2})])
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "segment")
    (repo / path).write_text((repo / path).read_text()[:-40])
    assert [fate for _, fate in lost(repo)] == ["damaged"]


def test_an_entry_that_was_promoted_again_is_not_lost(repo: Path, committed: str) -> None:
    add_entry(repo, POINT, metrics={"loss": 0.4}, promoted_at="2026-06-01T00:00:00Z")
    assert lost(repo) == []


@pytest.mark.parametrize("text", ["", "{", '{"metrics": {}}', "\0\0\0"])
def test_a_damaged_entry_is_lost(repo: Path, committed: str, text: str) -> None:
    write(repo, entry_path(committed), text)
    assert lost(repo) == [(committed, "damaged")]


@pytest.mark.parametrize("text", ["version https://git-lfs.github.com/spec/v1\n", "<<<<<<< HEAD\n"])
def test_what_git_still_has_keeps_its_own_fix(repo: Path, committed: str, text: str) -> None:
    write(repo, entry_path(committed), text)
    (one,) = lost_entries(repo, Ledger(WorkTree(repo)), "HEAD")
    assert one.current_fault is not None
    assert "--pin" not in one.current_fault.fix


def test_an_entry_with_another_number_was_edited(repo: Path, committed: str) -> None:
    path = repo / entry_path(committed)
    path.write_text(path.read_text().replace("0.5", "0.4"))
    assert lost(repo) == [(committed, "edited by hand")]
    git(repo, "add", "-A")
    with GitView.at(repo, "index") as view:
        assert len(lost_entries(repo, Ledger(view), "HEAD")) == 1


def test_what_cannot_be_compared_is_not_lost(repo: Path, committed: str) -> None:
    (repo / entry_path(committed)).unlink()
    assert lost_entries(repo, Ledger(WorkTree(repo)), "nothing") == ()


def test_several_are_counted(repo: Path, committed: str) -> None:
    (repo / entry_path(committed)).unlink()
    (one,) = lost_entries(repo, Ledger(WorkTree(repo)), "HEAD")
    other = LostEntry(one.entry, "edited by hand")
    assert describe([one]) == f"the ledger entry of run {committed[:8]} was deleted"
    assert describe([other]).endswith(" was edited by hand")
    assert describe([one, other]).endswith(
        f" of 2 runs ({committed[:8]} and {committed[:8]}) were deleted or edited by hand"
    )
