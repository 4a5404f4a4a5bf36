"""The working tree as the rules see it: inside the repository, links followed only there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import write

from pytest_aexp.ground.files import MISSING, OUTSIDE, Unreadable
from pytest_aexp.ground.views import (
    DANGLING,
    LOOP,
    WorkTree,
    fits,
    fixed_part,
    matched,
    matching,
)

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


def test_folders_and_files(tree: WorkTree) -> None:
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

GLOBS = [
    ("a/F*.md", "a/F1.md", True),
    ("a/F*.md", "a/b/F1.md", False),
    ("a/F*.md", "F1.md", False),
    ("a/**/F*.md", "a/F1.md", True),
    ("a/**/F*.md", "a/b/c/F1.md", True),
    ("a/**/F*.md", "b/F1.md", False),
    ("**/F*.md", "F1.md", True),
    ("**/F*.md", "a/b/F1.md", True),
    ("a/**", "a/b/c", True),
    ("a/**", "a", True),
    ("a/**/b/**/c", "a/x/b/y/z/c", True),
    ("a/**/b/**/c", "a/x/y/c", False),
    ("a/[Ff][0-9]*.md", "a/f7.md", True),
    ("a/[Ff][0-9]*.md", "a/Fx.md", False),
    ("a/?.md", "a/é.md", True),
    ("a/*.md", "a/.md", True),
    ("A/*.md", "a/x.md", False),
    ("a/b", "a/b", True),
    ("a/b", "a/b/c", False),
    ("", "", True),
    ("a/**b.md", "a/xb.md", True),
    ("a/**b.md", "a/x/b.md", False),
]


@pytest.mark.parametrize(("glob", "path", "expected"), GLOBS)
def test_whether_a_path_fits_a_glob(glob: str, path: str, expected: bool) -> None:
    assert fits(path.split("/"), glob.split("/")) == expected


@given(
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "*", "**", "?", "a*"]), min_size=1, max_size=5),
)
def test_fitting_is_what_trying_everything_says(path: list[str], glob: list[str]) -> None:
    def tried(rest: list[str], parts: list[str]) -> bool:
        if not parts:
            return not rest
        if parts[0] == "**":
            return any(tried(rest[i:], parts[1:]) for i in range(len(rest) + 1))
        return bool(rest) and fits(rest[:1], parts[:1]) and tried(rest[1:], parts[1:])

    assert fits(path, glob) == tried(path, glob)


def test_a_glob_of_many_stars_takes_no_time() -> None:
    assert not fits(["a"] * 200, ["**", "a"] * 90 + ["b"])


FIXED = {"a/b/*.md": "a/b", "a/b*/c/d": "a", "**/x": "", "x.md": "", "a/[b]/c": "a", "a/b": "a"}


@pytest.mark.parametrize(("glob", "expected"), FIXED.items())
def test_the_part_of_a_glob_before_its_wildcards(glob: str, expected: str) -> None:
    assert fixed_part(glob.split("/")) == expected


def test_matching_files_are_found_once_and_sorted(tree: WorkTree) -> None:
    expected = sorted([*(f"a/{name}" for name in tree.names("a")), "a/sub/y", "b/w"])
    assert list(matching(tree, ["a/*", "a/**/y", "a/x", "b/*"])) == expected
    assert list(matching(tree, ["nowhere/*.md"])) == []


@pytest.mark.parametrize("path", ["a/F1.md", "a/b/F1.md", "a/.F1.md", "a/.b/F1.md", "b/F1.md"])
def test_whether_a_file_would_be_found(path: str) -> None:
    found = matched([path], ["a/**/*F*.md"])
    assert bool(found) == (path not in ("a/.b/F1.md", "b/F1.md"))


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
