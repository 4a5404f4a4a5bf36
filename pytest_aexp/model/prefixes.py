"""Job ids as people type them: whole, or how a single one begins."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.identity import is_job_id

SHORTEST = 4
"""How many digits a prefix has at least: one or two would fit by accident."""


def full_job_id(written: str, known: Iterable[str]) -> str:
    """The job id in ``known`` that ``written`` is or begins. Raises RunNotFound, AmbiguousRun."""
    prefix = written.strip().lower()
    ids = set(known)
    if prefix in ids:
        return prefix
    found = sorted(job_id for job_id in ids if job_id.startswith(prefix))
    if len(prefix) < SHORTEST or not found:
        few = f"; give at least {SHORTEST} digits" if found else ""
        kind = "run" if is_job_id(prefix) else "run whose id begins with"
        raise RunNotFound(f"there is no {kind} {quoted(written)} here{few}")
    if len(found) > 1:
        raise AmbiguousRun(written, tuple(found))
    return found[0]
