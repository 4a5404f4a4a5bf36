"""Which commits everybody has who pulls."""

from __future__ import annotations

from pathlib import Path

from repositories import git, new_repository

from pytest_aexp.work.check.evidence.history import History


def commit(repo: Path) -> str:
    # Of one second, one tree and one message would be one commit.
    number = git(repo, "rev-list", "--all", "--count")
    git(repo, "commit", "-q", "--allow-empty", "-m", f"{number} {git(repo, 'status')}")
    return git(repo, "rev-parse", "HEAD").strip()


def test_the_history_is_that_of_the_judged_commit_of_remotes_and_tags(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "a")
    first = commit(repo)
    second = commit(repo)
    git(repo, "checkout", "-q", "--detach", first)
    lost = commit(repo)
    tagged = commit(repo)
    history = History(repo, "main")
    assert history.has(first)
    assert history.has(second[:7].upper())
    assert history.has(lost) is False
    assert History(repo, first).has(second) is False
    git(repo, "tag", "t", tagged)
    assert History(repo, "main").has(lost)


def test_names_and_half_ids_are_no_commits(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "a")
    first = commit(repo)
    history = History(repo)
    for text in ("", "HEAD", "main", first[:6], "--all", f"{first}^", "x" * 40):
        assert history.has(text) is False


def test_a_shallow_clone_cannot_tell(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "a")
    first, second = commit(repo), commit(repo)
    clone = tmp_path / "b"
    git(tmp_path, "clone", "-q", "--depth", "1", repo.as_uri(), str(clone))
    history = History(clone)
    assert history.has(second)
    assert history.has(first) is None
    assert history.has("HEAD") is False


def test_nor_can_a_folder_without_git_or_a_commit(tmp_path: Path) -> None:
    assert History(tmp_path).has("a" * 40) is None
    assert History(new_repository(tmp_path / "a")).has("a" * 40) is None
