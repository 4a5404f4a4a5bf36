"""Globs of findings, as `[tool.aexp]` has them: which paths fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase


def fitting(paths: Iterable[str], patterns: Iterable[str]) -> Iterator[str]:
    """Those of ``paths`` that fit one of the globs."""
    globs = [pattern.split("/") for pattern in patterns]
    return (path for path in paths if any(fits(path.split("/"), glob) for glob in globs))


def matched(paths: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Those of ``paths`` that ``matching`` would find, were they there and reached by no link."""
    globs = [pattern.split("/") for pattern in patterns]
    below = [(f"{folder}/" if (folder := fixed_part(glob)) else "", glob) for glob in globs]
    inner = [(folder, glob[folder.count("/") :]) for folder, glob in below]
    return [path for path in paths if any(_is_matched(path, *pair) for pair in inner)]


def _is_matched(path: str, folder: str, glob: list[str]) -> bool:
    # Of the paths of a commit most lie elsewhere.
    if not path.startswith(folder):
        return False
    parts = path[len(folder) :].split("/")
    return fits(parts, glob) and not any(part.startswith(".") for part in parts[:-1])


def fixed_part(glob: list[str]) -> str:
    """The folder that a glob, split at ``/``, names before its first wildcard."""
    fixed = []
    for part in glob[:-1]:
        if any(special in part for special in "*?["):
            break
        fixed.append(part)
    return "/".join(fixed)


def fits(path: list[str], glob: list[str]) -> bool:
    """Whether a path, split at ``/``, fits a glob, split likewise; ``**`` is any folders."""
    # The lengths of the beginnings of the path that what was read of the glob fits: a hostile glob
    # has exponentially many ways to fit, but only so many ends.
    ends = {0}
    for part in glob:
        if part == "**":
            ends = set(range(min(ends, default=len(path) + 1), len(path) + 1))
        else:
            ends = {e + 1 for e in ends if e < len(path) and fnmatchcase(path[e], part)}
    return len(path) in ends
