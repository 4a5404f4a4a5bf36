"""Reading a file without trusting it, and replacing one without ever leaving half of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# O_NONBLOCK: opening a FIFO must not wait for a writer. Absent on Windows, where 0 is harmless.
_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file could not be read: ``reason`` completes the sentence "the file …"."""

    reason: str
    missing: bool = False


MISSING = Unreadable("does not exist", missing=True)
LINK = Unreadable("is a link")
UNMERGED = Unreadable("is in conflict: git holds both sides of a merge that is not finished")


def read_bounded(
    path: str | Path, limit: int, *, whole: bool = True, follow: bool = True
) -> bytes | Unreadable:
    """The bytes of a regular file of at most ``limit`` bytes; ``whole=False`` cuts a longer one.

    Never blocks on a FIFO or a device, and with ``follow=False`` answers LINK for a symbolic link.
    """
    try:
        descriptor = os.open(path, _READ_FLAGS | (0 if follow else _NO_FOLLOW))
    except (OSError, ValueError) as error:
        return _refusal(error, follow=follow)
    try:
        return _read_descriptor(descriptor, limit, whole=whole)
    except OSError as error:
        return _refusal(error, follow=follow)
    finally:
        os.close(descriptor)


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


def _refusal(error: OSError | ValueError, *, follow: bool) -> Unreadable:
    if not isinstance(error, OSError):
        return Unreadable("has a name that no file can have")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return MISSING
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return Unreadable("is a link that leads back to itself") if follow else LINK
    if error.errno == errno.EACCES:
        return Unreadable("may not be read by you (permission denied)")
    if error.errno in (errno.ENXIO, errno.ENODEV):
        return Unreadable("is a device or a socket, not a file")
    return Unreadable(f"cannot be read: {os.strerror(error.errno) if error.errno else error}")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a socket"


def size(count: int) -> str:
    """A number of bytes as people write it."""
    for unit, width in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= width and count % width == 0:
            return f"{count // width} {unit}"
    return f"{count} bytes"


def write_atomic(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Put ``data`` at ``path`` in one step: readers see the old file or the new one, whole.

    With ``sync`` the data is on the disk before the name is, so that a machine switched off
    right after still has the old file or the new one.

    The temporary name is unique, ends in ``.tmp`` (so that nothing takes it for an entry), and is
    removed if anything fails; it lies in the same folder, or, for what lies below ``.aexp``,
    directly in that, where git ignores it. The mode of a new file follows the umask; a file that
    is replaced keeps its mode. Raises OSError.
    """
    _put(path, data, lambda temporary: os.replace(temporary, path), sync=sync)


def write_new(path: Path, data: bytes) -> None:
    """The same where nothing may be at ``path``; the disk has data and name before it returns.

    Raises FileExistsError, OSError.
    """
    _put(path, data, lambda temporary: _take_name(path, temporary), sync=True)
    sync_path(path.parent)


def _take_name(path: Path, temporary: str) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise
        # Without hard links the name is taken first, and for a moment the file is empty.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(temporary, path)
    else:
        os.unlink(temporary)


def _put(path: Path, data: bytes, put: Callable[[str], None], *, sync: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in dict.fromkeys((_unseen_by_git(path.parent), path.parent)):
        try:
            with _temporary(folder, data, _mode_for(path), sync=sync) as temporary:
                put(temporary)
        except OSError as error:
            if error.errno == errno.EXDEV and folder != path.parent:
                continue  # the ledger is a mount of its own
            raise OSError(error.errno, error.strerror, str(path)) from error
        return


def _unseen_by_git(folder: Path) -> Path:
    """Where in ``.aexp`` a temporary file may lie, or ``folder`` itself.

    ``git add`` would take it with the rest, or fail because it has gone again.
    """
    for above in (folder, *folder.parents):
        if above.name == ".aexp":
            return above if os.access(above, os.W_OK) else folder
    return folder


def sync_path(path: Path) -> None:
    """See to it that the disk has a file, or the names in a folder, where systems offer that.

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


@contextmanager
def _temporary(folder: Path, data: bytes, mode: int, *, sync: bool) -> Iterator[str]:
    """A file in ``folder`` that holds ``data``; removed if anything fails."""
    # Here, for start-up time: most programs only read.
    import tempfile

    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if sync:
                stream.flush()
                os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        yield temporary
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _mode_for(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o666 & ~_umask()


def _umask() -> int:
    # Linux tells the mask without touching it; elsewhere the only way to read it is to set it.
    with suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("Umask:")[1].split()[0], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
