"""Job ids as people type them: whole, or how a single one begins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from pytest_aexp.ground.errors import AmbiguousRun, RunNotFound
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.job_id import JOB_ID_LENGTH, is_job_id

SHORTEST = 4
"""How many digits a prefix has at least: one or two would fit by accident."""

_EXPERIMENT = re.compile(r"\s*E[0-9]{3,9}\s*\Z")
_WHOLE = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])", re.ASCII)


def bare_id(written: str) -> str:
    """What is written for a job id in its own form: without dashes, quotes, a path or `.json`."""
    text = written.strip().lower().replace("-", "")
    whole = _WHOLE.findall(text[:4096])
    return whole[0] if len(whole) == 1 else text


def ids_beginning(written: str, job_ids: Iterable[str]) -> list[str]:
    """Those of ``job_ids`` that begin like this, if it is meant to begin one: E005 is not."""
    text = bare_id(written)
    if _EXPERIMENT.match(written) or not SHORTEST <= len(text) <= JOB_ID_LENGTH:
        return []
    return sorted(job_id for job_id in job_ids if job_id.startswith(text))


def unique_length(job_ids: Collection[str], least: int = 8) -> int:
    """The fewest digits, ``least`` or more, by which all of ``job_ids`` differ."""
    lengths = range(least, JOB_ID_LENGTH)
    count = len(job_ids)
    fits = (n for n in lengths if len({job_id[:n] for job_id in job_ids}) == count)
    return next(fits, JOB_ID_LENGTH)


def full_job_id(written: str, job_ids: Iterable[str]) -> str:
    """The one of ``job_ids`` that ``written`` is or begins. Raises RunNotFound, AmbiguousRun."""
    prefix = bare_id(written)
    ids = set(job_ids)
    if prefix in ids:
        return prefix
    matches = sorted(job_id for job_id in ids if job_id.startswith(prefix))
    if len(prefix) < SHORTEST or not matches:
        if matches:
            raise RunNotFound(f"{quoted(written)} is too short: give at least {SHORTEST} digits")
        kind = "run" if is_job_id(prefix) else "run whose id begins with"
        raise RunNotFound(
            f"there is no {kind} {quoted(written)} here; `aexp ledger list` shows those in the "
            "ledger, `git pull` brings those of other machines"
        )
    if len(matches) > 1:
        more = f" and {len(matches) - 8} more" if len(matches) > 8 else ""
        runs = f"{len(matches)} runs: {', '.join(matches[:8])}{more}"
        raise AmbiguousRun(f"{written} fits {runs}; give more digits")
    return matches[0]
