"""The working tree as the rules see it: inside the repository, links followed only there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import write

from pytest_aexp.ground.files import DANGLING, LOOP, MISSING, OUTSIDE, Unreadable
from pytest_aexp.ground.settings.globs import matched
from pytest_aexp.ground.views import WorkTree, matching

LIMIT = 1000


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    root = tmp_path / "root"
    outside = tmp_path / "root-outside"
    for folder, content in ((root, "in"), (outside, "out")):
        write(folder, "a/x", content)
        write(folder, "a/sub/y", content)
        write(folder, "a/.hidden/z", content)
        write(folder, "top", content)
    for link, target in {
        "a/link": "x",
        "a/chain": "link",
        "a/loop": "loop",
        "a/dangling": "nowhere",
        "a/through": "x/below",
        "a/out": "../../root-outside/top",
        "a/absolute": str(root / "top"),
        "a/away": str(outside / "a"),
        "a/sibling": "../b",
        "a/back": "..",
        "linked": "a",
    }.items():
        (root / link).symlink_to(target)
    write(root, "b/w", "in")
    os.mkfifo(root / "a/pipe")
    return WorkTree(root)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("top", b"in"),
        ("a/x", b"in"),
        ("a/link", b"in"),
        ("a/chain", b"in"),
        ("a/absolute", b"in"),
        ("linked/x", b"in"),
        ("a/sibling/w", b"in"),
        ("a/back/top", b"in"),
        ("a/loop", LOOP),
        ("a/dangling", DANGLING),
        ("a/through", DANGLING),
        ("a/out", OUTSIDE),
        ("a/away/x", OUTSIDE),
        ("a/away/nowhere", OUTSIDE),
        ("../root-outside/top", OUTSIDE),
        ("nowhere", MISSING),
        ("a/x/below", MISSING),
        ("a", Unreadable("is a folder, not a file")),
        ("a/pipe", Unreadable("is a named pipe, not a file")),
    ],
)
def test_a_file_is_read_while_links_stay_inside(
    tree: WorkTree, path: str, expected: bytes | Unreadable
) -> None:
    assert tree.read(path, LIMIT) == expected
    assert list(tree.read_many([path, "top"], LIMIT)) == [(path, expected), ("top", b"in")]


def test_a_long_file_is_cut_on_request(tree: WorkTree) -> None:
    assert tree.read("a/link", 1) == Unreadable("is larger than 1 bytes")
    assert tree.read("a/link", 1, whole=False) == b"i"


def test_names_are_those_of_what_is_no_folder(tree: WorkTree) -> None:
    assert tree.names("a") == (
        *("absolute", "chain", "dangling", "link", "loop", "out", "pipe", "through", "x"),
    )
    assert tree.names("a/away") == ()
    assert tree.names("nowhere") == ()
    assert tree.names("top") == ()
    assert tree.names("") == ("top",)


def test_folders_and_files_are_distinguished_through_links(tree: WorkTree) -> None:
    folders = ["a", "linked", "a/sub", "a/sibling", "a/away", "top", "nowhere", "a/loop"]
    assert [folder for folder in folders if tree.has_folder(folder)] == folders[:4]
    files = [
        "top",
        "a/dangling",
        "a/loop",
        "a/out",
        "linked/x",
        "a/away/x",
        "a",
        "nowhere",
        "a/sub",
    ]
    assert [file for file in files if tree.has_file(file)] == files[:5]


def test_each_folder_is_walked_once_by_its_own_path_first(tree: WorkTree) -> None:
    below = list(tree.walk("a"))
    assert below == sorted(below)
    assert {"a/x", "a/sub/y", "a/loop", "a/dangling", "a/pipe"} <= set(below)
    names = [path.rpartition("/")[2] for path in below]
    assert [names.count(name) for name in ("y", "w", "top")] == [1, 1, 1]
    assert list(tree.walk("a/sub")) == ["a/sub/y"]
    everything = list(tree.walk(""))
    assert everything == sorted(everything)
    assert {"top", "b/w", "a/x", "a/sub/y"} <= set(everything)
    assert not any(
        path.startswith(("linked/", "a/sibling/", "a/back/", "a/away/")) for path in everything
    )
    assert not any(".hidden" in path for path in everything)
    assert list(tree.walk("nowhere")) == []
    assert list(tree.walk("a/away")) == []


def test_links_that_fan_out_cost_nothing(tmp_path: Path) -> None:
    for name in "abcdefgh":
        (tmp_path / name).mkdir()
        for other in "abcdefgh":
            (tmp_path / name / f"to-{other}").symlink_to(f"../{other}")
        write(tmp_path, f"{name}/x", "")
    assert list(WorkTree(tmp_path).walk("")) == [f"{name}/x" for name in "abcdefgh"]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.md")).write_text("x")
    except OSError:
        pytest.skip("no such names on this file system")
    (path,) = WorkTree(tmp_path).walk("")
    assert WorkTree(tmp_path).read(path, LIMIT) == b"x"


# Globs


def test_matching_files_are_found_once_and_sorted(tree: WorkTree) -> None:
    expected = sorted([*(f"a/{name}" for name in tree.names("a")), "a/sub/y", "b/w"])
    assert list(matching(tree, ["a/*", "a/**/y", "a/x", "b/*"])) == expected
    assert list(matching(tree, ["nowhere/*.md"])) == []


def test_a_hidden_folder_that_the_glob_names_is_searched(tmp_path: Path) -> None:
    write(tmp_path, ".notes/F1.md", "x")
    assert list(matching(WorkTree(tmp_path), [".notes/*.md"])) == [".notes/F1.md"]
    assert matched([".notes/F1.md"], [".notes/*.md"])


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not tell")
def test_a_link_that_takes_a_folders_place_later_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "a", outside):
        folder.mkdir(parents=True)
        (folder / "file").write_text(folder.name)
    view = WorkTree(root)
    assert view.read("a/file", LIMIT) == b"a"
    (root / "a").rename(root / "b")
    (root / "a").symlink_to(outside)
    assert view.read("a/file", LIMIT) is OUTSIDE
    assert list(view.read_many(["a/file", "b/file"], LIMIT)) == [
        ("a/file", OUTSIDE),
        ("b/file", b"a"),
    ]
