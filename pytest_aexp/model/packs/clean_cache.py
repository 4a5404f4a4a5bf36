"""The segments that were found to have no fault, remembered by their content.

A file in git's own folder, named for the rules they were judged by: one digest a line. It says of
no path that it is sound, only of bytes, so it is never out of date; a line that was damaged says
nothing of any segment. To delete it costs nothing but time, and where it cannot be written nothing
is remembered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.git.cache_dir import memory_folder, rules
from pytest_aexp.model.packs.segment import Survey, survey_sound
from pytest_aexp.model.packs.worker_pool import surveys

_LIMIT = 16 << 20
_MOST = 100_000


class SoundSegments:
    """What is remembered in the repository at ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._met: set[str] = set()
        self._new = False

    @cached_property
    def _path(self) -> Path | None:
        folder = memory_folder(self._root)
        return None if folder is None else folder / f"segments-{rules()}"

    @cached_property
    def _known(self) -> set[str]:
        data = read_bounded(self._path, _LIMIT) if self._path is not None else b""
        return set() if isinstance(data, Unreadable) else set(data.decode("latin-1").split("\n"))

    def has(self, digest: str) -> bool:
        """Whether a segment of that digest is known to have no fault."""
        if digest not in self._known:
            return False
        self._met.add(digest)
        return True

    def add(self, digest: str) -> None:
        """Remember that a segment of that digest has none."""
        self._met.add(digest)
        self._new = True

    def keep(self) -> None:
        """Write down what was added; of too many, what was not met is forgotten."""
        if self._path is None or not self._new:
            return
        every = self._met | self._known
        kept = every if len(every) <= _MOST else self._met
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            write_atomic(self._path, "".join(f"{each}\n" for each in sorted(kept)).encode())
            for other in self._path.parent.glob("segments-*"):
                if other != self._path:
                    other.unlink(missing_ok=True)


def survey_all(
    segments: Iterable[tuple[str, bytes | Unreadable]], count: int, sound: SoundSegments | None
) -> Survey:
    """What is to be said of the ``count`` segments, in their order.

    What ``sound`` knows to have no fault is not judged again, and what has none is added to it.
    """
    found: dict[str, Survey] = {}
    asked: deque[tuple[str, str]] = deque()

    def unknown() -> Iterator[tuple[str, bytes | Unreadable]]:
        for path, data in segments:
            # In that order they are told, whichever is known first.
            found[path] = Survey()
            digest = "" if isinstance(data, Unreadable) else sha256(data).hexdigest()
            if sound is not None and isinstance(data, bytes) and sound.has(digest):
                found[path] = survey_sound(path, data)
            else:
                asked.append((path, digest))
                yield path, data

    for told in surveys(unknown(), count):
        path, digest = asked.popleft()
        found[path] = told
        has_faults = told.faults or any(entry.faults for entry in told.notable)
        if sound is not None and digest and not has_faults:
            sound.add(digest)
    if sound is not None:
        sound.keep()
    return _joined(found.values())


def _joined(found: Iterable[Survey]) -> Survey:
    every = list(found)
    return Survey(
        sum(each.judged for each in every),
        tuple(entry for each in every for entry in each.notable),
        tuple(fault for each in every for fault in each.faults),
    )
