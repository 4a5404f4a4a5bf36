"""What git itself makes of a path: which rule ignores it, which attribute it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.files import unopenable
from pytest_aexp.ground.git.run import own_environment, run_git

CONTROL_FILES = (".gitignore", ".gitattributes")
CONTROL_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that ignores ``path``: where it stands, and what it says.

    ``source`` is relative to the repository's root where it lies below it, else absolute.
    """

    source: str
    line: int
    pattern: str
    path: str


@dataclass(frozen=True, slots=True)
class Tree:
    """Where git is asked: in the folder ``place``, which is or stands for the root ``root``."""

    root: Path
    place: Path
    options: tuple[str, ...] = ()

    def ignoring_rules(self, paths: Sequence[str], *, tracked: bool = True) -> dict[str, Rule]:
        """The rule for each of ``paths`` (relative to the root) that git ignores.

        It says so of what is ``tracked``, too, unless that is False. Raises GitError.
        """
        self._require_rules(paths)
        top = self.place / os.fsdecode(self._ask("rev-parse", "--show-cdup").strip())
        index = ["--no-index"] if tracked else []
        arguments = ["check-ignore", *index, "--verbose", "-z", "--stdin"]
        questions = "".join(f"{path}\0" for path in paths)
        answer = self._ask(*arguments, stdin=os.fsencode(questions), accept=(0, 1))
        fields = os.fsdecode(answer).split("\0")[:-1]
        rules = {}
        for source, line, pattern, path in zip(*[iter(fields)] * 4, strict=True):
            if not pattern.startswith("!"):
                rules[path] = Rule(self._from_root(top, source), int(line), pattern, path)
        return rules

    def attribute(self, name: str, path: str) -> str:
        """The value of an attribute of ``path``, or ``unspecified``. Raises GitError."""
        self._require_rules([path])
        answer = self._ask("check-attr", "-z", name, "--", path)
        return os.fsdecode(answer).split("\0")[2]

    def _require_rules(self, paths: Sequence[str]) -> None:
        fault = rules_fault(self.place, paths)
        if fault is not None:
            raise GitError(fault)

    def _ask(
        self, *arguments: str, stdin: bytes | None = None, accept: Sequence[int] = (0,)
    ) -> bytes:
        command = [*self.options, *arguments]
        return run_git(command, self.place, stdin=stdin, env=own_environment(), accept=accept)

    def _from_root(self, top: Path, source: str) -> str:
        full = os.path.normpath(top / source)
        for folder in (self.place, self.root):
            if full.startswith(f"{folder}{os.sep}"):
                return os.path.relpath(full, folder).replace(os.sep, "/")
        return full


def rules_fault(root: Path, paths: Sequence[str]) -> str | None:
    """Why git would wait for a control file that counts for ``paths``; None if it would not."""
    folders = {folder for path in paths for folder in PurePosixPath(path).parents}
    for file in sorted(str(folder / name) for folder in folders for name in CONTROL_FILES):
        fault = unopenable(root / file, sys.maxsize)
        if fault is not None:
            return f"{file} {fault.reason}, so git is not asked: put a file there or remove it"
    return None
