"""Findings as people name them: by path, from any folder, or by id."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_aexp.errors import UsageError
from pytest_aexp.text import quoted

if TYPE_CHECKING:
    from pytest_aexp.validate import Judgement


def finding_named(written: str, judgement: Judgement) -> str:
    """The path of the finding that ``written`` names; raises UsageError."""
    root = judgement.repository.root
    try:
        path = Path(os.path.abspath(written)).relative_to(root).as_posix()
    except ValueError:
        path = written
    known = judgement.finding_paths
    if path in known:
        return path
    if written in known:
        return written
    named = [p for p in known if judgement.finding(p).name == written.upper()]
    if len(named) == 1:
        return named[0]
    if named:
        raise UsageError(f"{written} names {len(named)} findings: {', '.join(named)}")
    raise UsageError(f"there is no finding {quoted(written)}: give a finding's path or its id")
