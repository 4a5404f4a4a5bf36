"""The cache directory, ``.git/aexp``: what is derived from bytes, by the digest of the bytes.

A file never holds a verdict that something else than its key decides, so none is ever out of date.
To delete the directory costs nothing but time; where it cannot be written nothing is kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.git.run import git_or_none
from pytest_aexp.ground.schema import schema_text

PACKAGE = Path(__file__).parents[2]
"""The sources that decide what is derived."""

_LIMIT = 1 << 30
_CHECKSUM = 64 + len("\n")


class Cache:
    """One kind of cached content in the repository at ``root``: the latest ``keep`` files of it.

    Keys are hex digests. Content that another version of the program derived is never returned,
    nor is content that changed on the disk. Outside of git nothing is kept.
    """

    def __init__(self, root: Path, kind: str, keep: int) -> None:
        self._root = root
        self._kind = kind
        self._keep = keep

    @cached_property
    def _folder(self) -> Path | None:
        return cache_dir(self._root)

    @cached_property
    def _suffix(self) -> str:
        return f"-{source_fingerprint()}"

    def get(self, key: str) -> bytes | None:
        """The content that was put under ``key``; None if there is none."""
        if self._folder is None:
            return None
        data = read_bounded(self._path(self._folder, key), _LIMIT, follow=False)
        if isinstance(data, Unreadable):
            return None
        content = data[_CHECKSUM:]
        return content if _checksum(content) == data[:_CHECKSUM] else None

    def put(self, key: str, content: bytes = b"") -> None:
        """Keep ``content`` under ``key``, if the directory can be written."""
        if self._folder is None:
            return
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            path = self._path(self._folder, key)
            # Not synced: what a crash tears has another checksum, and costs time alone.
            write_atomic(path, _checksum(content) + content, sync=False)
            self._prune(self._folder, path.name)

    def latest_keys(self) -> list[str]:
        """The keys there is content for, the latest first."""
        try:
            files = [path for path in self._files() if path.name.endswith(self._suffix)]
            files.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        except OSError:
            return []
        return [path.name[len(self._kind) + 1 : -len(self._suffix)] for path in files]

    def _path(self, folder: Path, key: str) -> Path:
        return folder / f"{self._kind}-{key}{self._suffix}"

    def _files(self) -> list[Path]:
        return [] if self._folder is None else list(self._folder.glob(f"{self._kind}-*"))

    def _prune(self, folder: Path, written: str) -> None:
        latest = self.latest_keys()[: self._keep]
        kept = {written, *(self._path(folder, key).name for key in latest)}
        for path in self._files():
            if path.name not in kept:
                path.unlink(missing_ok=True)


def cache_dir(root: Path) -> Path | None:
    """The cache directory of the repository at ``root``, there or not; None outside of git.

    Nor is there one if it is a link, which might lead anywhere.
    """
    git = root / ".git"
    if not git.is_dir():
        answer = git_or_none(["rev-parse", "--git-common-dir"], root)
        if answer is None:
            return None
        git = root / os.fsdecode(answer).removesuffix("\n")
    folder = git / "aexp"
    return None if folder.is_symlink() else folder


def source_fingerprint() -> str:
    """A digest of the rules, which are the sources and the schema of an entry."""
    total = sha256(schema_text("ledger-entry").encode())
    for source in sorted(PACKAGE.rglob("*.py")):
        total.update(source.read_bytes())
    return total.hexdigest()[:16]


def _checksum(content: bytes) -> bytes:
    return f"{sha256(content).hexdigest()}\n".encode()
