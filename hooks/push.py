"""What is pushed: as pre-commit's variables say, or as git writes it to its pre-push hook."""

from __future__ import annotations

import os
import re
import select
import sys
from dataclasses import dataclass

from pytest_aexp.ground.stderr import notice

from .early_exit import may_be_pushing

_LINE = re.compile(rb"\S+ ([0-9a-f]{40,64}) \S+ ([0-9a-f]{40,64})", re.ASCII)
_PATIENCE = 2.0
"""Seconds that git may take to say what is pushed; another program may never say anything."""
_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Push:
    """A commit that is pushed, and what the other side has; None if that is not known."""

    commit: str
    before: str | None = None


def pushes() -> list[Push] | None:
    """What is pushed; None where something is committed or only looked at."""
    before, pushed = (os.environ.get(f"PRE_COMMIT_{end}_REF") for end in ("FROM", "TO"))
    branch = os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
    # pre-commit sets PRE_COMMIT beside them; without it they are left over in somebody's shell, or
    # meant.
    if (pushed or branch) and not os.environ.get("PRE_COMMIT"):
        names = [f"PRE_COMMIT_{name}" for name in ("FROM_REF", "TO_REF", "LOCAL_BRANCH")]
        variables = " and ".join(name for name in names if name in os.environ)
        notice(f"{variables} set: that push is checked, and not what is staged")
    if before and pushed:
        return [Push(pushed, before)]
    if branch:
        return [Push(branch)]
    return _from_git() if may_be_pushing() else None


def _from_git() -> list[Push] | None:
    """What git writes to its pre-push hook: a line for each ref, none for what is deleted."""
    lines = [_LINE.fullmatch(line) for line in _standard_input().splitlines()]
    matches = [match for match in lines if match is not None]
    if not matches:
        return None
    return [
        Push(new.decode(), old.decode() if old.strip(b"0") else None)
        for new, old in (match.groups() for match in matches)
        if new.strip(b"0")
    ]


def _standard_input() -> bytes:
    stream = sys.stdin.fileno() if sys.stdin is not None else 0
    data = b""
    while select.select([stream], [], [], _PATIENCE)[0]:
        piece = os.read(stream, _READ)
        if not piece:
            break
        data += piece
    return data
