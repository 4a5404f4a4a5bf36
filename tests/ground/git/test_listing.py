"""The index and commits are listed with modes and object names, as git has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import git, new_repository, write

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.listing import (
    FOLDER,
    LINK,
    UNMERGED,
    Listing,
    Location,
    bare_root,
    folders_of,
    uses_ledger_below,
)


def commit(repo: Path) -> None:
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "change")


@pytest.fixture(params=["index", "HEAD"])
def listing(request: pytest.FixtureRequest, repo: Path) -> Listing:
    """The same files in the index and in a commit."""
    write(repo, "a/b/file.txt", "text")
    write(repo, "a/näme [x]*", "text")
    (repo / "a/link").symlink_to("b")
    commit(repo)
    location = Location.of(repo)
    return Listing(location, None if request.param == "index" else "HEAD")


def test_every_file_below_a_folder_is_listed_with_its_mode(listing: Listing) -> None:
    nodes = listing.below("a")
    assert sorted(nodes) == ["a/b/file.txt", "a/link", "a/näme [x]*"]
    assert nodes["a/link"].mode == LINK
    assert nodes["a/b/file.txt"].is_file
    assert not nodes["a/link"].is_file
    assert sorted(listing.below("")) == sorted(nodes)
    assert listing.below("a/b/file.txt") == {"a/b/file.txt": nodes["a/b/file.txt"]}


def test_paths_are_looked_up_one_by_one_and_folders_are_among_them(listing: Listing) -> None:
    nodes = listing.files(["a", "a/b", "a/link", "a/n*", "missing"])
    assert {path: node.mode for path, node in nodes.items()} == {
        "a": FOLDER,
        "a/b": FOLDER,
        "a/link": LINK,
    }
    assert "a/näme [x]*" in listing.files(["a/näme [x]*"])


def test_a_folder_is_there_if_a_file_lies_below_it(listing: Listing) -> None:
    assert listing.holds("a")
    assert listing.holds("a/b")
    assert not listing.holds("a/missing")


def test_paths_are_relative_to_a_root_below_the_top_of_git(repo: Path) -> None:
    write(repo, "project/.aexp/ledger/x.json", "{}")
    write(repo, "other.txt", "text")
    commit(repo)
    location = Location.of(repo / "project")
    for listing in (Listing(location, None), Listing(location, "HEAD")):
        assert list(listing.below("")) == [".aexp/ledger/x.json"]
        assert listing.files(["other.txt"]) == {}


def test_what_git_add_n_announced_is_not_in_the_index_yet(repo: Path) -> None:
    write(repo, "announced.txt", "text")
    write(repo, "empty.txt", "")
    git(repo, "add", "empty.txt")
    git(repo, "add", "--intent-to-add", "announced.txt")
    assert list(Listing(Location.of(repo), None).below("")) == ["empty.txt"]


def test_a_conflict_is_one_unmerged_node(repo: Path) -> None:
    write(repo, "file.txt", "base")
    commit(repo)
    git(repo, "checkout", "-qb", "other")
    write(repo, "file.txt", "theirs")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write(repo, "file.txt", "ours")
    commit(repo)
    git(repo, "merge", "other", check=False)
    assert Listing(Location.of(repo), None).files(["file.txt"])["file.txt"].mode == UNMERGED


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("HEAD", "there is no commit yet"),
        ("HEAD..main", "is not one commit"),
        ("missing", "missing"),
        ("--all", "--all"),
    ],
)
def test_a_revision_that_is_not_one_commit_is_wrong_usage(
    revision: str, message: str, repo: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        Listing(Location.of(repo), revision)


def test_a_bare_repository_is_found_and_one_inside_another_is_refused(
    repo: Path, tmp_path: Path
) -> None:
    assert bare_root(repo) is None
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    assert bare_root(tmp_path / "bare.git") == tmp_path / "bare.git"
    new_repository(tmp_path / "around")
    git(tmp_path / "around", "init", "-q", "--bare", "inside.git")
    with pytest.raises(UsageError, match="may be somebody else's"):
        bare_root(tmp_path / "around/inside.git")


def test_the_folders_of_a_listing_name_what_lies_directly_in_them(repo: Path) -> None:
    write(repo, "a/b/c/file.txt", "text")
    write(repo, "a/file.txt", "text")
    commit(repo)
    folders = folders_of("a", Listing(Location.of(repo), None).below("a"))
    names = {folder: sorted(nodes) for folder, nodes in folders.items()}
    assert names == {"a": ["b", "file.txt"], "a/b": ["c"], "a/b/c": ["file.txt"]}
    assert folders["a"]["b"].mode == FOLDER


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("one/.aexp/ledger/x.json", "", True),
        ("one/two/.gitattributes", "# agentic-experiments:begin\n", True),
        ("one/.gitignore", "*.pyc\n", False),
        (".gitignore", "# agentic-experiments:begin\n", False),
    ],
)
def test_what_git_has_of_other_folders_counts(
    repo: Path, path: str, text: str, expected: bool
) -> None:
    write(repo, path, text)
    assert not uses_ledger_below(repo)
    git(repo, "add", "--all")
    assert uses_ledger_below(repo) is expected


def test_without_git_there_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert not uses_ledger_below(tmp_path)
