"""Globs of findings, as `[tool.aexp]` has them: which paths fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_WILDCARD = re.compile(r"[*?\[]")


def matched(paths: Iterable[str], globs: Iterable[str]) -> list[str]:
    """Those of ``paths`` that ``matching`` would find, were they there and reached by no link."""
    folders = {glob: f"{fixed_part(glob)}/".lstrip("/") for glob in globs}
    return [path for path in paths if any(_is_matched(path, *pair) for pair in folders.items())]


def _is_matched(path: str, glob: str, folder: str) -> bool:
    # Of the paths of a commit most lie elsewhere.
    if not (path.startswith(folder) and fits(path, glob)):
        return False
    inner_folders, _, _ = path[len(folder) :].rpartition("/")
    return "/." not in f"/{inner_folders}"


def fixed_part(glob: str) -> str:
    """The folder that a glob names before its first wildcard."""
    return _WILDCARD.split(glob, maxsplit=1)[0].rpartition("/")[0]


def fits(path: str, glob: str) -> bool:
    """Whether a path fits a glob, in which ``**`` is any folders."""
    parts = path.split("/")
    # The lengths of the beginnings of the path that what was read of the glob fits: a hostile glob
    # has exponentially many ways to fit, but only so many ends.
    ends = {0}
    for wanted in glob.split("/"):
        if wanted == "**":
            ends = set(range(min(ends, default=len(parts) + 1), len(parts) + 1))
        else:
            ends = {e + 1 for e in ends if e < len(parts) and fnmatchcase(parts[e], wanted)}
    return len(parts) in ends
