"""Reading a file without trusting it, and replacing one without ever leaving half of it."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from pytest_aexp.ground.files import (
    LINK,
    LOOP,
    MISSING,
    Unreadable,
    can_be_named,
    read_bounded,
    size,
    unopenable,
    write_atomic,
    write_new,
    write_unnamed,
)


@pytest.mark.parametrize("content", [b"", b"x", b"12345", b"\0\xff"])
def test_a_file_within_the_limit_is_read_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert read_bounded(path, 5) == content
    assert read_bounded(str(path), 5, whole=False, follow=False) == content


def test_a_longer_file_is_refused_or_cut(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"123456")
    assert read_bounded(path, 5) == Unreadable("is larger than 5 bytes")
    assert read_bounded(path, 5, whole=False) == b"12345"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_a_file_that_grows_while_it_is_read_is_read_to_its_end() -> None:
    # Its size is said to be 0.
    found = read_bounded("/proc/self/status", 1 << 20)
    assert isinstance(found, bytes)
    assert b"Umask" in found
    assert read_bounded("/proc/self/status", 10) == Unreadable("is larger than 10 bytes")


def test_a_file_system_that_gives_less_than_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, length: read(descriptor, min(length, 3)))
    assert read_bounded(path, 10) == b"0123456789"
    assert read_bounded(path, 4, whole=False) == b"0123"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    assert read_bounded(tmp_path, 9) == Unreadable("is a folder, not a file")
    assert read_bounded("/dev/null", 9) == Unreadable("is a device, not a file")
    assert read_bounded(tmp_path / "nowhere", 9) is MISSING
    (tmp_path / "file").write_text("x")
    assert read_bounded(tmp_path / "file" / "below", 9) is MISSING
    assert read_bounded("a\0b", 9) == Unreadable("has a name that no file can have")
    assert read_bounded("x" * 5000, 9) == Unreadable("cannot be read: File name too long")


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_bounded(tmp_path / "pipe", 9) == Unreadable("is a named pipe, not a file")


def test_what_others_are_not_let_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("ten bytes!")
    assert unopenable(tmp_path / "pipe", 9) == Unreadable("is a named pipe, not a file")
    assert unopenable("/dev/zero", 9) == Unreadable("is a device, not a file")
    assert unopenable(tmp_path / "file", 9) == Unreadable("is larger than 9 bytes")
    harmless = (tmp_path / "file", tmp_path, tmp_path / "nowhere", "a\0b")
    assert [unopenable(path, 10) for path in harmless] == [None] * 4


@pytest.mark.parametrize(("name", "can"), [("ä/*.md", True), ("a\0", False), ("\ud800", False)])
def test_what_a_file_can_be_named(name: str, can: bool) -> None:
    assert can_be_named(name) is can
    assert can_be_named("\udc80")


def test_a_socket_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        found = read_bounded("s", 9)
    assert found == Unreadable("is a device or a socket, not a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch(0o000)
    found = read_bounded(path, 9)
    assert found == Unreadable("cannot be read (permission denied)")


def test_links_are_followed_unless_asked_not_to(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1")
    (tmp_path / "link").symlink_to("x")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert read_bounded(tmp_path / "link", 9) == b"1"
    assert read_bounded(tmp_path / "link", 9, follow=False) is LINK
    assert read_bounded(tmp_path / "loop", 9) is LOOP
    assert read_bounded(tmp_path / "loop", 9, follow=False) is LINK
    assert read_bounded(tmp_path / "dangling", 9) is MISSING


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"123456")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        read_bounded(tmp_path / "x", 9)
        read_bounded(tmp_path / "x", 5)
        read_bounded(tmp_path, 5)
    assert len(os.listdir("/proc/self/fd")) == before


SIZES = {0: "0 bytes", 5: "5 bytes", 1024: "1 KiB", 1025: "1025 bytes", 1 << 20: "1 MiB"}


@pytest.mark.parametrize(("count", "expected"), SIZES.items())
def test_sizes_are_shown_in_the_largest_fitting_unit(count: int, expected: str) -> None:
    assert size(count) == expected


# Writing


@pytest.fixture
def umask_027():
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize("write", [write_atomic, write_new])
def test_a_new_file_has_its_folders_and_the_mode_of_the_umask(
    tmp_path: Path, umask_027, write
) -> None:
    path = tmp_path / "a" / "b" / "x.json"
    write(path, b"data")
    assert path.read_bytes() == b"data"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["x.json"]


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o604)
    write_atomic(path, b"new", sync=False)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_new(path, b"old")
    with pytest.raises(FileExistsError):
        write_new(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_without_hard_links_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    write_new(tmp_path / "x", b"old")
    assert (tmp_path / "x").read_bytes() == b"old"
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "x", b"new")
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("fails", ["fsync", "replace", "chmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "temporary")

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomic(path, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_an_interruption_leaves_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "x", b"new")
    assert os.listdir(tmp_path) == []


def test_below_aexp_the_temporary_file_lies_where_git_ignores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    replace = os.replace

    def watched(source: str, target: Path) -> None:
        seen.append(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    path = tmp_path / ".aexp" / "ledger" / "x.json"
    write_atomic(path, b"1")
    write_atomic(path, b"2")
    assert path.read_bytes() == b"2"
    assert {Path(name).parent for name in seen} == {tmp_path / ".aexp"}
    assert all(Path(name).name.startswith(".") and name.endswith(".tmp") for name in seen)
    assert sorted(os.listdir(tmp_path / ".aexp")) == ["ledger"]


def test_where_that_is_another_file_system_it_lies_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def across(source: str, target: Path) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, target)

    monkeypatch.setattr(os, "replace", across)
    path = tmp_path / ".aexp" / "ledger" / "x.json"
    write_atomic(path, b"1")
    assert path.read_bytes() == b"1"
    assert sorted(os.listdir(tmp_path / ".aexp")) == ["ledger"]


def test_a_link_is_replaced_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"target")
    (tmp_path / "link").symlink_to("target")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"target"
    assert not (tmp_path / "link").is_symlink()


def test_readers_and_writers_at_once_see_whole_files_only(tmp_path: Path) -> None:
    path = tmp_path / "x"
    contents = {bytes([letter]) * 5000 for letter in b"abcd"}
    write_atomic(path, b"a" * 5000)
    stop = threading.Event()
    seen: set[bytes | Unreadable] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(read_bounded(path, 1 << 20))

    def write(content: bytes) -> None:
        for _ in range(30):
            write_atomic(path, content, sync=False)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert seen <= contents
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="no files without a name")
class TestWithoutAName:
    def test_a_new_file_is_whole_and_has_the_mode_of_the_umask(
        self, tmp_path: Path, umask_027: None
    ) -> None:
        assert write_unnamed(f"{tmp_path}/x", b"data")
        assert (tmp_path / "x").read_bytes() == b"data"
        assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640
        assert os.listdir(tmp_path) == ["x"]

    def test_nothing_takes_the_place_of_another_file(self, tmp_path: Path) -> None:
        (tmp_path / "x").symlink_to("y")
        assert not write_unnamed(f"{tmp_path}/x", b"data")
        assert os.listdir(tmp_path) == ["x"]
        assert not write_unnamed(f"{tmp_path}/folder/x", b"data")

    @pytest.mark.parametrize("call", ["open", "write", "link"])
    def test_what_fails_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        def failing(*_: object, **__: object) -> None:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")

        monkeypatch.setattr(os, call, failing)
        assert not write_unnamed(f"{tmp_path}/x", b"data")
        assert os.listdir(tmp_path) == []

    def test_half_of_it_gets_no_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write = os.write
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
        assert not write_unnamed(f"{tmp_path}/x", b"data")
        assert os.listdir(tmp_path) == []
