"""What git itself makes of a path: which rule ignores it, which attribute it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_aexp.ground.errors import GitError
from pytest_aexp.ground.files import unopenable
from pytest_aexp.ground.find_root import BLOCK_FILES
from pytest_aexp.ground.git.run import own_environment, run_git


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """The rule that ignores ``path``: where it stands, and what it says.

    ``source`` is relative to the repository's root where it lies below it, else absolute.
    """

    source: str
    line: int
    pattern: str
    path: str


def ignoring_rules(
    root: Path, paths: Sequence[str], *, tracked: bool = True
) -> dict[str, IgnoreRule]:
    """The rule for each of ``paths`` (relative to ``root``) that git ignores.

    It says so of what is ``tracked``, too, unless that is False. Raises GitError.
    """
    top = root / os.fsdecode(_ask(root, paths, "rev-parse", "--show-cdup").strip())
    index = ["--no-index"] if tracked else []
    arguments = ["check-ignore", *index, "--verbose", "-z", "--stdin"]
    questions = os.fsencode("".join(f"{path}\0" for path in paths))
    answer = _ask(root, paths, *arguments, stdin=questions, accept=(0, 1))
    fields = os.fsdecode(answer).split("\0")[:-1]
    rules = {}
    for source, line, pattern, path in zip(*[iter(fields)] * 4, strict=True):
        # With --verbose git names a rule that takes the path back as well.
        if not pattern.startswith("!"):
            rules[path] = IgnoreRule(_from_root(root, top, source), int(line), pattern, path)
    return rules


def attribute(root: Path, name: str, path: str) -> str:
    """The value of an attribute of ``path``, or ``unspecified``. Raises GitError."""
    answer = _ask(root, [path], "check-attr", "-z", name, "--", path)
    return os.fsdecode(answer).split("\0")[2]


def _ask(
    root: Path,
    paths: Sequence[str],
    *arguments: str,
    stdin: bytes | None = None,
    accept: Sequence[int] = (0,),
) -> bytes:
    fault = rules_fault(root, paths)
    if fault is not None:
        raise GitError(fault)
    return run_git(arguments, root, stdin=stdin, env=own_environment(), accept=accept)


def _from_root(root: Path, top: Path, source: str) -> str:
    full = os.path.normpath(top / source)
    if not full.startswith(f"{root}{os.sep}"):
        return full
    return os.path.relpath(full, root).replace(os.sep, "/")


def rules_fault(root: Path, paths: Sequence[str]) -> str | None:
    """Why git would wait for a control file that counts for ``paths``; None if it would not."""
    folders = {folder for path in paths for folder in PurePosixPath(path).parents}
    for file in sorted(str(folder / name) for folder in folders for name in BLOCK_FILES):
        fault = unopenable(root / file, sys.maxsize)
        if fault is not None:
            return f"{file} {fault.reason}, so git is not asked: put a file there or remove it"
    return None
