"""The cache directory: what is in it was derived from its key by these sources, or is not used."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from repositories import git, write

import pytest_aexp
from pytest_aexp.ground.git import cache_dir
from pytest_aexp.ground.git.cache_dir import Cache

KEY, OTHER = "0" * 40, "1" * 40


def files(repo: Path) -> list[Path]:
    return sorted((repo / ".git/aexp").glob("*"))


def test_what_was_put_is_got(repo: Path) -> None:
    cache = Cache(repo, "kind", 9)
    assert cache.get(KEY) is None
    cache.put(KEY, b"content")
    cache.put(OTHER)
    assert Cache(repo, "kind", 9).get(KEY) == b"content"
    assert Cache(repo, "kind", 9).get(OTHER) == b""
    assert Cache(repo, "another", 9).get(KEY) is None
    assert set(Cache(repo, "kind", 9).latest_keys()) == {KEY, OTHER}
    assert git(repo, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize("content", [b"", b"\0" * 500, b"0" * 64 + b"\ncontent", None])
def test_a_damaged_file_is_not_used(repo: Path, content: bytes | None) -> None:
    Cache(repo, "kind", 9).put(KEY, b"content")
    (file,) = files(repo)
    file.write_bytes(file.read_bytes()[:-1] + b"T" if content is None else content)
    assert Cache(repo, "kind", 9).get(KEY) is None


def test_what_other_sources_derived_is_not_used_and_goes(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cache(repo, "kind", 9).put(KEY, b"content")
    monkeypatch.setattr(cache_dir, "source_fingerprint", lambda: "other")
    cache = Cache(repo, "kind", 9)
    assert cache.get(KEY) is None
    assert cache.latest_keys() == []
    cache.put(OTHER, b"content")
    assert [path.name for path in files(repo)] == [f"kind-{OTHER}-other"]


def test_every_source_file_is_in_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "package"
    shutil.copytree(cache_dir.PACKAGE, copy)
    assert Path(pytest_aexp.__file__).parent == cache_dir.PACKAGE
    monkeypatch.setattr(cache_dir, "PACKAGE", copy)
    before = cache_dir.source_fingerprint()
    assert cache_dir.source_fingerprint() == before
    with (copy / "model/redaction/redact.py").open("a", encoding="utf-8") as stream:
        stream.write("# stricter\n")
    assert cache_dir.source_fingerprint() != before


def test_few_files_are_kept(repo: Path) -> None:
    cache = Cache(repo, "kind", 3)
    Cache(repo, "another", 3).put(KEY)
    for number in range(6):
        cache.put(f"{number:040x}")
    assert len(cache.latest_keys()) == 3
    assert cache.get(f"{5:040x}") == b""
    assert len(files(repo)) == 4


@pytest.mark.parametrize("what", ["a file", "a link", "read-only", "no git"])
def test_where_nothing_can_be_kept(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "outside").mkdir()
    if what == "a file":
        write(repo, ".git/aexp", "in the way")
    elif what == "a link":
        (repo / ".git/aexp").symlink_to(tmp_path / "outside")
    elif what == "no git":
        shutil.rmtree(repo / ".git")
    else:

        def refuse(path: Path, *_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(cache_dir, "write_atomic", refuse)
    cache = Cache(repo, "kind", 9)
    cache.put(KEY, b"content")
    assert cache.get(KEY) is None
    assert cache.latest_keys() == []
    assert list((tmp_path / "outside").iterdir()) == []


def test_linked_work_trees_share_it(repo: Path, tmp_path: Path) -> None:
    write(repo, "file", "content")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "first")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    Cache(tmp_path / "linked", "kind", 9).put(KEY, b"content")
    assert Cache(repo, "kind", 9).get(KEY) == b"content"
