"""The files that a pack writes, removes and cleans up, one by one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from repositories import add_segment, entry_of, packed, write

from pytest_aexp.model.entry import entry_bytes
from pytest_aexp.work.pack.files import line_of, refuse_unshared, remove, tidy

ENTRY = entry_of({"seed": 1})
JOB_ID = str(ENTRY["job_id"])
LOOSE = f".aexp/ledger/{JOB_ID}.json"
ASIDE = f".aexp/.{JOB_ID}.packed.tmp"
BESIDE = f".aexp/ledger/.{JOB_ID}.packed.tmp"
FOLDER = ".aexp/ledger/packs/box"
NEWER = entry_bytes({**ENTRY, "status": "failed"})


def test_the_line_of_an_entry() -> None:
    assert line_of(entry_bytes(ENTRY)) == packed(ENTRY).rstrip(b"\n")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"a": 1e999}', b'{"a": NaN}'])
def test_an_entry_that_is_damaged_has_no_packed_line(data: bytes) -> None:
    assert line_of(data) is None


def test_what_grows_past_the_limit_has_no_line() -> None:
    many = ",".join(["1"] * 150_000)
    assert line_of(f'{{"a":[{many}]}}'.encode()) is None
    assert line_of(f'{{"a":"{many}"}}'.encode()) is not None


def test_a_file_with_other_content_is_put_back(tmp_path: Path) -> None:
    path = write(tmp_path, LOOSE, NEWER)
    assert not remove(tmp_path, JOB_ID, entry_bytes(ENTRY))
    assert path.read_bytes() == NEWER
    assert not (tmp_path / ASIDE).exists()
    assert remove(tmp_path, JOB_ID, NEWER)
    assert not path.exists()
    assert not remove(tmp_path, JOB_ID, NEWER)


def test_where_the_ledger_is_a_mount_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, tried = os.rename, []

    def rename(source: Path, target: Path) -> None:
        tried.append(Path(target).relative_to(tmp_path).as_posix())
        if tried[-1] == ASIDE:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        original(source, target)

    monkeypatch.setattr(os, "rename", rename)
    path = write(tmp_path, LOOSE, NEWER)
    assert remove(tmp_path, JOB_ID, NEWER)
    assert tried == [ASIDE, BESIDE]
    assert not path.exists()


@pytest.mark.parametrize("aside", [ASIDE, BESIDE])
def test_what_a_killed_pack_put_aside_is_removed_if_it_is_packed(
    tmp_path: Path, aside: str
) -> None:
    add_segment(tmp_path, [ENTRY])
    write(tmp_path, aside, entry_bytes(ENTRY))
    tidy(tmp_path)
    assert not (tmp_path / aside).exists()
    assert not (tmp_path / LOOSE).exists()


@pytest.mark.parametrize("content", [NEWER, b"{"])
def test_what_a_killed_pack_put_aside_comes_back_if_it_is_not(
    tmp_path: Path, content: bytes
) -> None:
    add_segment(tmp_path, [ENTRY])
    write(tmp_path, ASIDE, content)
    tidy(tmp_path)
    assert (tmp_path / LOOSE).read_bytes() == content
    assert not (tmp_path / ASIDE).exists()


def test_it_does_not_come_back_over_a_newer_one(tmp_path: Path) -> None:
    write(tmp_path, LOOSE, NEWER)
    write(tmp_path, ASIDE, entry_bytes(ENTRY))
    tidy(tmp_path)
    assert (tmp_path / LOOSE).read_bytes() == NEWER
    assert not (tmp_path / ASIDE).exists()


def test_there_may_be_nothing_to_tidy(tmp_path: Path) -> None:
    tidy(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_rule_above_the_repository_counts(repo: Path) -> None:
    write(repo, ".gitignore", "study/**/packs\n")
    (repo / "study").mkdir()
    path = f"{FOLDER}/2026-05-001.jsonl"
    with pytest.raises(Exception, match="line 1"):
        refuse_unshared(repo / "study", path)
    refuse_unshared(repo, path)
