"""The contents of git's objects, streamed through one ``git cat-file --batch``."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_aexp.ground.files import Unreadable, size
from pytest_aexp.ground.git.run import start_git

LOST = Unreadable("cannot be read from git: its content is missing from this clone, or damaged")

# So few that git can take all the questions before anybody reads its first answer.
_AT_ONCE = 32
# Bytes that are read and dropped in less time than the process takes to start again.
_DRAINED = 1 << 20


class Blobs:
    """Reads objects by name. Its process starts when it is needed; ``close`` ends it."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._command = (*options, "cat-file", "--batch")
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, name: str, limit: int, *, whole: bool = True) -> bytes | Unreadable:
        """One object: at most ``limit`` bytes, cut there if not ``whole``. Raises GitError."""
        return self._read([name], limit, whole=whole)[0]

    def read_many(self, names: Sequence[str], limit: int) -> Iterator[bytes | Unreadable]:
        """Many objects, in the order given. Raises GitError."""
        for start in range(0, len(names), _AT_ONCE):
            yield from self._read(names[start : start + _AT_ONCE], limit, whole=True)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _read(self, names: Sequence[str], limit: int, *, whole: bool) -> list[bytes | Unreadable]:
        answers: list[bytes | Unreadable] = []
        while len(answers) < len(names):
            process = self._ask(names[len(answers) :])
            # Until the process had to be given up, or all is answered.
            while self._process is process and len(answers) < len(names):
                answers.append(self._answer(process, limit, whole=whole))
        return answers

    def _ask(self, names: Sequence[str]) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = start_git(self._command, self._folder)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("".join(f"{name}\n" for name in names).encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended, and the missing answer shows that too
        return self._process

    def _answer(
        self, process: subprocess.Popen[bytes], limit: int, *, whole: bool
    ) -> bytes | Unreadable:
        assert process.stdout is not None
        # Source: git-cat-file(1): `<name> <type> <size>`, the content, a line end; or
        # `<name> missing`. An end without an answer is that of the process.
        about = process.stdout.readline().split()
        if len(about) == 2:
            return LOST
        if len(about) != 3:
            self.close()
            return LOST
        length = int(about[2])
        if length <= limit:
            data = process.stdout.read(length)
            if not process.stdout.read(1):  # the end of the line behind it
                self.close()
                return LOST
            return data
        data = b"" if whole else process.stdout.read(limit)
        if length - len(data) > _DRAINED:
            self.close()
        else:
            process.stdout.read(length - len(data) + 1)
        return Unreadable(f"is larger than {size(limit)}") if whole else data
