"""Writing the file of an entry, and seeing to it that the disk has many of them."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.files import size, write_atomic
from pytest_aexp.model.entry import ENTRY_LIMIT, entry_path

_FORBIDDEN = (errno.EPERM, errno.EACCES)

_FILES_BETWEEN = 1000
"""To the disk that is a tenth of a second's work."""


def refuse_too_large(job_id: str, entry: dict[str, Any], data: bytes) -> None:
    """Raise NotPromotable, which names the largest field, for an entry over the limit."""
    if len(data) <= ENTRY_LIMIT:
        return
    largest = max(entry, key=lambda field: len(jsontext.dump(entry[field])))
    raise NotPromotable(
        f"run {job_id} cannot enter the ledger: its entry would be {len(data):,} bytes, most of it "
        f"the {largest}, and {size(ENTRY_LIMIT)} is the most; in new runs, keep what is so large "
        "in a file"
    )


def write_entry(job_id: str, path: str, data: bytes, *, sync: bool) -> None:
    """Write an entry. Raises NotPromotable for what stands in its very place, OSError."""
    try:
        write_atomic(path, data, sync=sync)
    except OSError as error:
        place, where = entry_path(job_id), f"the ledger entry of run {job_id} cannot be written"
        if os.path.isdir(path):
            raise NotPromotable(
                f"{where}: {place} is a folder; move what is in it elsewhere, remove it, and run "
                f"`aexp ledger promote {job_id}`"
            ) from error
        # In a folder that can be written to, only this file can be what is forbidden.
        may_write = os.access(os.path.dirname(path), os.W_OK | os.X_OK)
        if error.errno in _FORBIDDEN and may_write and os.path.lexists(path):
            raise NotPromotable(
                f"{where}: {place} cannot be replaced ({error.strerror}); remove it or take "
                f"ownership of it, and run `aexp ledger promote {job_id}`"
            ) from error
        raise


class DiskSync:
    """Syncs the file system of ``folder``, for somebody who writes many files in it.

    One sync for all, since with one for each a file takes more than twice as long to write. But to
    wait at the end for 10,000 files would take as long as to make a quarter of them, so that a
    thread has it begin meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0
        self._beside: Thread | None = None

    def count(self) -> None:
        """Another file was written."""
        self._written += 1
        if self._written % _FILES_BETWEEN == 0:
            self._begin()

    def _begin(self) -> None:
        if self._beside is not None and self._beside.is_alive():
            return
        thread = Thread(target=sync_file_system, args=(self._folder,))
        with suppress(RuntimeError):  # no more threads for this user: it is done at the end
            thread.start()
            self._beside = thread

    def finish(self) -> None:
        """Wait until the disk has all that was written."""
        if self._beside is not None:
            self._beside.join()
        if self._written:
            sync_file_system(self._folder)


def sync_file_system(folder: Path) -> None:
    """See to it that the disk has all that was written where ``folder`` lies, as far as can be."""
    if not hasattr(os, "sync"):
        return
    # Here, for start-up time: only who wrote much needs it.
    import ctypes

    with suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            # Python's own sync waits for every other disk of the machine as well.
            if ctypes.CDLL(None).syncfs(descriptor) == 0:
                return
        finally:
            os.close(descriptor)
    os.sync()
