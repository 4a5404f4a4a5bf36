"""Which paths fit a glob."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.settings.globs import fits, fixed_part, matched

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
    assert fits(path, glob) == expected


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
        return bool(rest) and fits(rest[0], parts[0]) and tried(rest[1:], parts[1:])

    assert fits("/".join(path), "/".join(glob)) == tried(path, glob)


def test_a_glob_of_many_stars_takes_no_time() -> None:
    assert not fits("/".join(["a"] * 200), "**/a/" * 90 + "b")


FIXED = {"a/b/*.md": "a/b", "a/b*/c/d": "a", "**/x": "", "x.md": "", "a/[b]/c": "a", "a/b": "a"}


@pytest.mark.parametrize(("glob", "expected"), FIXED.items())
def test_the_part_of_a_glob_before_its_wildcards(glob: str, expected: str) -> None:
    assert fixed_part(glob) == expected


@pytest.mark.parametrize("path", ["a/F1.md", "a/b/F1.md", "a/.F1.md", "a/.b/F1.md", "b/F1.md"])
def test_whether_a_file_would_be_found(path: str) -> None:
    found = matched([path], ["a/**/*F*.md"])
    assert bool(found) == (path not in ("a/.b/F1.md", "b/F1.md"))
