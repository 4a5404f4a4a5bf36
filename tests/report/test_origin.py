"""The commit that a report says it is about."""

from __future__ import annotations

from pathlib import Path

from reports import gathered, page, point
from repositories import add_entry, add_finding, git, write


def test_the_page_names_its_commit_and_says_what_is_not_committed(repo: Path) -> None:
    assert gathered(repo).origin is None
    add_entry(repo, point(1))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "all")
    write(repo, "elsewhere.txt", "x")
    origin = gathered(repo).origin
    assert origin is not None
    assert origin.commit == git(repo, "rev-parse", "HEAD").strip()
    assert not origin.changed
    assert "not committed" not in page(repo)
    add_finding(repo, "F001-a")
    assert "that are not committed" in page(repo)
