"""A run's document: read and changed through signac, whoever else is at it."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeVar

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.stderr import reason
from pytest_aexp.work.signac_store import Job, require_openable

try:
    import fcntl
except ImportError:  # Windows: changes of two processes at one instant may cost one of them
    fcntl = None  # type: ignore[assignment]

Change = Callable[[dict[str, Any]], None]
"""Changes a document, given as plain values, in place. May be called more than once."""

PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Seconds between tries while the file is locked, or another process is half way in writing it."""
LOCK_WAIT = 5.0
"""Seconds to wait for another thread or process that has the document."""

# signac's own locks, in the order in which signac takes them; none where it has no threads.
_LOCKS = ("_buffer_lock", "_thread_lock")
_T = TypeVar("_T")


class DamagedDocument(AexpError, ValueError):
    """A run's document holds something that signac cannot read."""


class RunDocument:
    """The document of one run, on its own handle; the run is initialised if it was not.

    Raises AexpError for a statepoint that signac must not open.

    ``job.doc`` is not used for two reasons. Two threads that share it lose each other's writes.
    And a write to it that fails in reading first keeps signac's locks for good: from then on each
    write of another thread, to whatever document, waits forever.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        require_openable(job.fn(job.FN_STATE_POINT))
        self._collection = type(job.document)

    def read(self) -> dict[str, Any]:
        """What the document says. Raises AexpError, DamagedDocument, OSError."""
        require_openable(self._job.fn(self._job.FN_DOCUMENT))
        return _patiently(lambda: self._load(self._handle()))

    def edit(self, change: Change) -> dict[str, Any]:
        """Apply ``change`` to the document as it is now; what it says then.

        Raises AexpError, DamagedDocument, OSError (TimeoutError if a thread keeps the document
        locked), and what signac raises for values that are not JSON.
        """
        require_openable(self._job.fn(self._job.FN_DOCUMENT))
        return _patiently(lambda: self._edit(change))

    def _handle(self) -> Any:
        job = self._job
        # With write_concern signac writes beside the file and replaces it (collection_json.py): who
        # reads it meanwhile never gets half of it.
        return self._collection(filename=job.fn(job.FN_DOCUMENT), write_concern=True)

    def _edit(self, change: Change) -> dict[str, Any]:
        handle = self._handle()
        with _exclusive(handle), _exclusive_folder(self._job.path):
            before = self._load(handle)
            after = copy.deepcopy(before)
            change(after)
            if after != before:
                with _tidied(self._job.path, self._job.FN_DOCUMENT):
                    handle.reset(after)
        return after

    def _load(self, handle: Any) -> dict[str, Any]:
        try:
            content: dict[str, Any] = handle()
        except (ValueError, RecursionError) as error:
            raise DamagedDocument(
                f"the document of run {self._job.id} cannot be used ({reason(error)}): restore "
                f"or remove {self._job.fn(self._job.FN_DOCUMENT)}"
            ) from error
        return content


def _patiently(operation: Callable[[], _T]) -> _T:
    for pause in PAUSES:
        try:
            return operation()
        # The run's folder is gone, or a lock was waited for already: another try would not help.
        except (FileNotFoundError, TimeoutError):
            raise
        except (OSError, DamagedDocument):
            time.sleep(pause)
    return operation()


@contextmanager
def _tidied(folder: str, name: str) -> Iterator[None]:
    """Remove the temporary file of a write that fails: signac leaves it, and there will be more."""
    before = _temporary(folder, name)
    try:
        yield
    except BaseException:
        for left in _temporary(folder, name) - before:
            with suppress(OSError):
                os.unlink(f"{folder}/{left}")
        raise


def _temporary(folder: str, name: str) -> set[str]:
    with suppress(OSError):
        return {n for n in os.listdir(folder) if n.startswith("._") and n.endswith(f"_{name}")}
    return set()


@contextmanager
def _exclusive(handle: Any) -> Iterator[None]:
    """Keep this process's other threads away from the document."""
    with ExitStack() as held:
        for name in _LOCKS:
            lock: Any = getattr(handle, name, None)
            if not hasattr(lock, "acquire"):
                continue
            if not lock.acquire(timeout=LOCK_WAIT):
                raise TimeoutError(f"another thread has kept {handle.filename} locked")
            held.callback(lock.release)
        yield


@contextmanager
def _exclusive_folder(path: str) -> Iterator[None]:
    """Keep other processes away from a run's document, where its file system can lock.

    signac does not: of two changes at one instant, such as the end of a run and what an operator
    says of it, one would be lost. A process that never gives the lock back is not waited for.
    """
    descriptor = None
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
    try:
        if descriptor is not None and fcntl is not None:
            _wait_for_lock(descriptor)
        yield
    finally:
        if descriptor is not None:
            _unlock(descriptor)


def _wait_for_lock(descriptor: int) -> None:
    # flock itself waits forever or not at all.
    until = time.monotonic() + LOCK_WAIT
    while time.monotonic() < until:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.002)
        except OSError:
            return
        else:
            return


def _unlock(descriptor: int) -> None:
    with suppress(OSError):
        if fcntl is not None:
            # Not by closing alone: a child forked meanwhile has the descriptor too.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
