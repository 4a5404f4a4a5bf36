"""Findings as people name them: by path, from any folder, or by id."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import closest, listed, quoted
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.work.check.checker import Checker


def findings_named(written: Iterable[str], checker: Checker) -> list[str]:
    """The paths of the findings that were named, each once; raises UsageError."""
    return list(dict.fromkeys(finding_named(name, checker) for name in written))


def finding_named(written: str, checker: Checker) -> str:
    """The path of the finding that ``written`` names; raises UsageError."""
    root = checker.repository.root
    try:
        path = Path(os.path.abspath(written)).relative_to(root).as_posix()
    except ValueError:
        path = written
    paths = checker.finding_paths
    for candidate in (path, written):
        if candidate in paths:
            return candidate
    real = os.path.realpath(written)
    named = [p for p in paths if os.path.realpath(root / p) == real]
    named = named or [p for p in paths if name_of(p) == written.upper()]
    if len(named) == 1:
        return named[0]
    if named:
        raise UsageError(f"{written} names {len(named)} findings: {listed(named)}; give the path")
    names = [*map(name_of, paths), *paths]
    digits = re.fullmatch(r"[Ff]?0*(\d{1,9})", written)
    # Nearly the same alone: F004 and F005 are alike to 0.75, so a guess among ids says nothing.
    near = f"F{digits[1].zfill(3)}" if digits else closest(written, names, 0.9)
    if near in names:
        raise UsageError(f"{quoted(written)} is not a finding: did you mean {near}?")
    raise UsageError(
        f"{quoted(written)} is not a finding: give a finding's path or its id, or begin one with "
        "`aexp finding new TITLE`"
    )
