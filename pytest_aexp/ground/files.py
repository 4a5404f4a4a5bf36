"""Reading a file without trusting it, and replacing one without ever leaving half of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pytest_aexp.ground.containment import lies_in


def _flags(*names: str) -> int:
    # What a system lacks, such as Windows, is harmless as 0.
    return sum({getattr(os, name, 0) for name in names})


# O_NONBLOCK: opening a FIFO must not wait for a writer.
READ_FLAGS = _flags("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
NO_FOLLOW = _flags("O_NOFOLLOW")
_NEW_FILE_FLAGS = _flags("O_WRONLY", "O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
_UNNAMED_FLAGS = _flags("O_WRONLY", "O_TMPFILE", "O_CLOEXEC")
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_NOT_FROM_THERE = (errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)
_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Unreadable(NamedTuple):
    """Why a file could not be read: ``reason`` completes the sentence "the file …"."""

    reason: str
    missing: bool = False
    is_link: bool = False


MISSING = Unreadable("does not exist", missing=True)
LINK = Unreadable("is a link", is_link=True)
OUTSIDE = Unreadable(
    "is a link that leaves the repository; such links are not followed", is_link=True
)
DANGLING = Unreadable("is a link to a file that does not exist", is_link=True)
LOOP = Unreadable("is a link that leads back to itself", is_link=True)
UNMERGED = Unreadable("is in conflict: git holds both sides of a merge that is not finished")


def read_bounded(
    path: str | Path,
    limit: int,
    *,
    whole: bool = True,
    follow: bool = True,
    inside: str | int | None = None,
) -> bytes | Unreadable:
    """The bytes of a regular file of at most ``limit`` bytes; ``whole=False`` cuts a longer one.

    Never blocks on a FIFO or a device, and with ``follow=False`` answers LINK for a symbolic link.
    A file that was opened and does not lie in the real folder ``inside`` is not read: a link may
    have taken a folder's place since somebody looked (where the system shows that, as Linux does).
    ``inside`` may as well be what `opened_folder` gave for the file's own folder.
    Raises OSError where the file is not at fault: too many are open.
    """
    try:
        flags = READ_FLAGS | (0 if follow else NO_FOLLOW)
        if isinstance(inside, int):
            # Not by os.path, which takes as long as the rest: there may be 100,000.
            name = os.fspath(path).rpartition(os.sep)[2]
            descriptor = os.open(name, flags, dir_fd=inside)
        else:
            descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        return _refusal(error, path, follow=follow)
    try:
        if isinstance(inside, str) and not lies_in(descriptor, inside):
            return OUTSIDE
        return _read_descriptor(descriptor, limit, whole=whole)
    except OSError as error:
        return _refusal(error, path, follow=follow)
    finally:
        os.close(descriptor)


def unopenable(path: str | Path, limit: int) -> Unreadable | None:
    """Why another program must not be made to open a file: it would wait, or read too much.

    None for a regular file of at most ``limit`` bytes, and where opening it fails at once.
    """
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(info.st_mode):
        return None
    if not stat.S_ISREG(info.st_mode):
        return Unreadable(f"is {_kind(info.st_mode)}, not a file")
    return Unreadable(f"is larger than {size(limit)}") if info.st_size > limit else None


def _read_descriptor(descriptor: int, limit: int, *, whole: bool) -> bytes | Unreadable:
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        return Unreadable(f"is {_kind(info.st_mode)}, not a file")
    if whole and info.st_size > limit:
        return Unreadable(f"is larger than {size(limit)}")
    data = os.read(descriptor, min(info.st_size, limit) + 1)
    # One more byte than the file had was asked for, so one read is the whole of a file that does
    # not grow; a network's file system may give less than there is.
    while len(data) != info.st_size and len(data) <= limit and (more := os.read(descriptor, limit)):
        data += more
    if len(data) > limit:
        return Unreadable(f"is larger than {size(limit)}") if whole else data[:limit]
    return data


def can_be_named(name: str) -> bool:
    """Whether a file could have that name or path."""
    try:
        # Bytes of a name that are not UTF-8 are such surrogates in Python (PEP 383).
        return b"\0" not in name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


def is_directory(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or leads to one; a link that leads to itself is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_absence(error: OSError) -> bool:
    """Whether it says that nothing has that name."""
    return error.errno in _NOT_THERE


def is_shortage(error: OSError) -> bool:
    """Whether this process ran out of files or memory: that says nothing of the one asked for."""
    return error.errno in _SHORT


def _refusal(error: OSError | ValueError, path: str | Path, *, follow: bool) -> Unreadable:
    if not isinstance(error, OSError):
        return Unreadable("has a name that no file can have")
    if is_shortage(error):
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    if error.errno in (errno.ELOOP, errno.EMLINK):  # FreeBSD says EMLINK for O_NOFOLLOW
        return LOOP if follow else LINK
    reason = f"cannot be read: {os.strerror(error.errno) if error.errno else error}"
    return _REFUSALS.get(error.errno or 0, Unreadable(reason))


_REFUSALS = {
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), MISSING),
    errno.EACCES: Unreadable("cannot be read (permission denied)"),
    **dict.fromkeys((errno.ENXIO, errno.ENODEV), Unreadable("is a device or a socket, not a file")),
}


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def size(count: int) -> str:
    """A number of bytes as people write it."""
    for unit, width in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= width and count % width == 0:
            return f"{count // width} {unit}"
    return f"{count} bytes"


def write_atomic(path: str | Path, data: bytes, *, sync: bool = True) -> None:
    """Put ``data`` at ``path`` in one step: readers see the old file or the new one, whole.

    With ``sync`` the data is on the disk before the name is, so that a machine switched off
    right after still has the old file or the new one.

    The temporary name is unique, ends in ``.tmp`` (so that nothing takes it for an entry), and is
    removed if anything fails; it lies in the same folder, or, for what lies below ``.aexp``,
    directly in that, where git ignores it. The mode of a new file follows the umask; a file that
    is replaced keeps its mode. Raises OSError.
    """
    _put(os.fspath(path), data, _replace, sync=sync)


def write_new(path: str | Path, data: bytes) -> None:
    """The same where nothing may be at ``path``; the disk has data and name before it returns.

    Raises FileExistsError, OSError.
    """
    _put(os.fspath(path), data, _take_name, sync=True)
    sync_path(os.path.dirname(path) or os.curdir)


def write_unnamed(path: str, data: bytes) -> bool:
    """Put ``data`` at ``path`` as a file that has no name before it is whole, and no other look.

    That takes a fifth less time than a temporary name. False where it cannot be done: something is
    there, or the folder is not, or the (file) system has no files without a name. Nothing is left
    behind then, nor by who is killed.
    """
    try:
        # Without that flag, and where it is not understood, a folder cannot be opened to write.
        descriptor = os.open(os.path.dirname(path), _UNNAMED_FLAGS, 0o666)
        try:
            if os.write(descriptor, data) < len(data):
                return False
            # Python follows the link to the file only where a descriptor is given, here unused.
            os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return True


def _replace(temporary: str, path: str) -> None:
    """Take the place of the file at ``path``, if there is one, and its mode."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        pass
    else:
        os.chmod(temporary, stat.S_IMODE(mode))
    os.replace(temporary, path)


def _take_name(temporary: str, path: str) -> None:
    try:
        # A link fails where the name is taken, and `replace` would not.
        os.link(temporary, path)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.EXDEV):
            raise
        _take_empty_name(temporary, path)
    else:
        os.unlink(temporary)


def _take_empty_name(temporary: str, path: str) -> None:
    """The same without hard links: the name is taken first, and for a moment the file is empty."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise


def _put(path: str, data: bytes, put: Callable[[str, str], None], *, sync: bool) -> None:
    folder = os.path.dirname(path) or os.curdir
    aside = _unseen_by_git(folder)
    try:
        try:
            _put_from(aside, path, data, put, sync=sync)
        except OSError as error:
            # Not before: of many files only the first may be without a folder.
            if not os.path.isdir(folder):
                os.makedirs(folder, exist_ok=True)
                return _put(path, data, put, sync=sync)
            if error.errno not in _NOT_FROM_THERE or aside == folder:
                raise
            # The ledger is a mount of its own, or what it lies in must not be written to.
            _put_from(folder, path, data, put, sync=sync)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def _put_from(
    aside: str, path: str, data: bytes, put: Callable[[str, str], None], *, sync: bool
) -> None:
    """The same by way of a temporary file in ``aside``, which is removed if anything fails."""
    temporary = f"{aside}/.{os.urandom(8).hex()}.tmp"
    try:
        # Inside, for Ctrl-C may come between the file's creation and the next line.
        descriptor = os.open(temporary, _NEW_FILE_FLAGS, 0o666)
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                written += os.write(descriptor, data[written:])
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        put(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _unseen_by_git(folder: str) -> str:
    """The ``.aexp`` that ``folder`` lies in, for a temporary file; else ``folder`` itself.

    ``git add`` would take it with the rest, or fail because it has gone again.
    """
    above, found, _ = f"{folder}{os.sep}".rpartition(f"{os.sep}.aexp{os.sep}")
    return f"{above}{os.sep}.aexp" if found else folder


def sync_path(path: str | Path) -> None:
    """Flush a file, or the names in a folder, to the disk, where the system can.

    Raises OSError.
    """
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
