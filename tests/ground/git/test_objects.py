"""Objects are read by name through one git process, within a limit, whatever is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import git, write

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.git.objects import LOST, Blobs


@pytest.fixture
def blobs(repo: Path) -> Iterator[Blobs]:
    reader = Blobs(repo)
    yield reader
    reader.close()


def add(repo: Path, content: bytes) -> str:
    write(repo, "blob", content)
    return git(repo, "hash-object", "-w", "blob").strip()


def object_file(repo: Path, name: str) -> Path:
    return repo / ".git/objects" / name[:2] / name[2:]


def test_many_objects_come_in_the_order_asked_for(repo: Path, blobs: Blobs) -> None:
    contents = [b"%d\n" % number * number for number in range(100)]
    names = [add(repo, content) for content in contents]
    assert list(blobs.read_many(names[::-1], 1000)) == contents[::-1]


def test_a_missing_object_does_not_hide_the_others(repo: Path, blobs: Blobs) -> None:
    name = add(repo, b"content")
    assert list(blobs.read_many([name, "0" * 40, name], 100)) == [b"content", LOST, b"content"]


def test_a_damaged_object_does_not_hide_the_others(repo: Path, blobs: Blobs) -> None:
    good, bad = add(repo, b"good"), add(repo, b"bad")
    object_file(repo, bad).chmod(0o600)
    object_file(repo, bad).write_bytes(b"not zlib")
    assert list(blobs.read_many([bad, good], 100)) == [LOST, b"good"]


@pytest.mark.parametrize("length", [101, 5 << 20])
def test_an_object_over_the_limit_is_named_or_cut(length: int, repo: Path, blobs: Blobs) -> None:
    large, small = add(repo, b"x" * length), add(repo, b"small")
    answer = blobs.read(large, 100)
    assert isinstance(answer, Unreadable)
    assert "larger than 100 bytes" in str(answer)
    assert blobs.read(large, 100, whole=False) == b"x" * 100
    assert blobs.read(small, 100) == b"small"


def test_reading_goes_on_after_it_was_closed(repo: Path, blobs: Blobs) -> None:
    name = add(repo, b"content")
    assert blobs.read(name, 100) == b"content"
    blobs.close()
    assert blobs.read(name, 100) == b"content"
