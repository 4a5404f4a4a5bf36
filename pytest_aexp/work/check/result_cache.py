"""The outcome of a check, remembered for as long as nothing that it rests on has changed.

A file in git's own folder, named for everything that was looked at: name, place on the disk, size
and times of each file and folder, the settings, and the program itself. So it is never out of
date, and it is not believed if a bit of it is not as it was written.

Two writes within one tick of a file system's clock leave the same times, so nothing is remembered
of files that changed just before they were looked at. What changes later has another time.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pytest_aexp.ground.files import read_bounded, write_atomic
from pytest_aexp.ground.git.cache_dir import PACKAGE, checked, memory_folder, with_checksum
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import Position
from pytest_aexp.ground.views import fits, fixed_part
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.machine_index import INDEX_DIR
from pytest_aexp.model.problems import Basis, Fault, Outcome, Policy, Problem, Rule
from pytest_aexp.model.run_store import DOCUMENT, STATEPOINT, RunStore
from pytest_aexp.model.sharing import Share, can_share

MANY = 500
"""Fewer files than this are judged as fast as they are looked at."""

COARSEST = 3_000_000_000
"""Nanoseconds, more than a tick of any file system's clock: FAT has the longest, of 2 s."""

_KEPT = 4
_LIMIT = 64 << 20


def outcome_of(repository: Repository, policy: Policy, judge: Callable[[], Outcome]) -> Outcome:
    """What ``judge`` says of the whole working tree, or said when all was as it is now."""
    folder = memory_folder(repository.root) if os.name == "posix" else None
    if folder is None:
        return judge()
    started = time.monotonic_ns()
    if _remembered(folder):
        seen = _seen(repository, policy)
        known = _read(folder, seen)
        if known is None:
            known = judge()
            _keep(folder, seen, started, known)
        return known
    if not can_share():
        known = judge()
        _keep(folder, _seen(repository, policy), started, known)
        return known

    def aside() -> _Seen | None:
        # The judge needs both processors first.
        os.nice(19)
        return _seen(repository, policy)

    with Share(aside) as share:
        known = judge()
        _keep(folder, share.result(), started, known)
    return known


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was looked at, and when the latest change to any of it was, in nanoseconds."""

    digest: str
    latest: int


class _Odd(Exception):
    """Something is no plain file or folder: what a link leads to may change unseen."""


@dataclass
class _Looking:
    """Looks at files and folders, at each once."""

    lines: list[str] = field(default_factory=list)
    latest: int = 0

    def note(self, path: str, info: os.stat_result) -> None:
        self.latest = max(self.latest, info.st_mtime_ns, info.st_ctime_ns)
        self.lines.append(f"{path}\0{_identity(info)}")

    def at(self, path: str, *, folder: bool = False) -> bool:
        """Look at what lies at ``path``; whether there is anything. Raises _Odd."""
        try:
            info = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            self.lines.append(path)
            return False
        if not (stat.S_ISDIR(info.st_mode) if folder else stat.S_ISREG(info.st_mode)):
            raise _Odd
        self.note(path, info)
        return True

    def below(self, root: str, folder: str, globs: list[list[str]]) -> None:
        """Look at the folders below one, and at the files that fit. Raises _Odd, OSError."""
        place = f"{root}/{folder}" if folder else root
        if os.path.realpath(place) != place:
            raise _Odd
        pending = [place] if self.at(place, folder=True) else []
        while pending:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir():
                        if not entry.name.startswith("."):
                            self.at(entry.path, folder=True)
                            pending.append(entry.path)
                    elif not globs or _fits(entry.path[len(root) + 1 :], globs):
                        if not entry.is_file(follow_symlinks=False):
                            raise _Odd
                        self.note(entry.path, entry.stat(follow_symlinks=False))

    def store(self, store: RunStore) -> None:
        """Look at the two files of each run. Raises _Odd, OSError."""
        workspace = os.path.realpath(store.path / "workspace")
        self.at(workspace, folder=True)
        for job_id in store.job_ids:
            place = f"{workspace}/{job_id}"
            self.at(place, folder=True)
            self.at(f"{place}/{STATEPOINT}")
            self.at(f"{place}/{DOCUMENT}")


def _fits(path: str, globs: list[list[str]]) -> bool:
    parts = path.split("/")
    return any(fits(parts, glob) for glob in globs)


def _identity(info: os.stat_result) -> str:
    return (
        f"{info.st_dev} {info.st_ino} {info.st_mode} {info.st_uid} {info.st_gid} "
        f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
    )


def _seen(repository: Repository, policy: Policy) -> _Seen | None:
    """All that decides the outcome; None if it is little, or cannot be told by looking."""
    root = os.fspath(repository.root)
    globs = [glob.split("/") for glob in repository.configuration.findings]
    looking = _Looking()
    try:
        for folder in (LEDGER_DIR, INDEX_DIR):
            looking.below(root, folder, [])
        for folder in sorted({fixed_part(glob) for glob in globs}):
            looking.below(root, folder, globs)
        store = RunStore.of(repository)
        if store is not None:
            looking.store(store)
    except (_Odd, OSError):
        return None
    if len(looking.lines) < MANY:
        return None
    place = None if store is None else (os.path.realpath(store.path), store.shown)
    lines = [repr(_circumstances(repository, policy)), repr(place), *sorted(looking.lines)]
    return _Seen(sha256(os.fsencode("\n".join(lines))).hexdigest()[:32], looking.latest)


def _circumstances(repository: Repository, policy: Policy) -> tuple[object, ...]:
    return (
        sys.version,
        # Installing anything changes the folder it goes to.
        [_state(Path(place)) for place in sys.path if place],
        sorted(map(_state, PACKAGE.rglob("*.py"))),
        (os.geteuid(), sorted(os.getgroups())),
        repository.configuration,
        repository.marker,
        policy,
    )


def _state(path: Path) -> tuple[str, str]:
    try:
        return os.fspath(path), _identity(path.stat())
    except OSError:
        return os.fspath(path), ""


def _keep(folder: Path, seen: _Seen | None, started: int, outcome: Outcome) -> None:
    """Remember ``outcome`` unless what was seen was not at rest when the check ``started``."""
    if seen is None:
        return
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        then = _clock(folder) - (time.monotonic_ns() - started)
        if seen.latest < then - COARSEST:
            content = json.dumps(asdict(outcome)).encode()
            write_atomic(_path(folder, seen), with_checksum(content), sync=False)
            for path in _remembered(folder)[_KEPT:]:
                path.unlink(missing_ok=True)


def _clock(folder: Path) -> int:
    """The time by the clock of ``folder``'s file system, in nanoseconds. Raises OSError."""
    path = folder / f".{os.urandom(8).hex()}.tmp"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        return os.fstat(descriptor).st_mtime_ns
    finally:
        os.close(descriptor)
        path.unlink()


def _path(folder: Path, seen: _Seen) -> Path:
    return folder / f"outcome-{seen.digest}"


def _read(folder: Path, seen: _Seen | None) -> Outcome | None:
    if seen is None:
        return None
    content = checked(read_bounded(_path(folder, seen), _LIMIT, follow=False))
    if content is None:
        return None
    told = json.loads(content)
    problems = tuple(map(_problem, told.pop("problems")))
    return Outcome(problems, **told)


def _problem(told: dict[str, Any]) -> Problem:
    fault = told["fault"]
    rule = Rule(fault["rule"]["code"], Basis(fault["rule"]["basis"]))
    return Problem(
        Fault(**{**fault, "rule": rule, "position": Position(**fault["position"])}),
        told["severity"],
    )


def _remembered(folder: Path) -> list[Path]:
    """The files of what is remembered, the latest first."""
    try:
        found = list(folder.glob("outcome-*"))
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError:
        return []
