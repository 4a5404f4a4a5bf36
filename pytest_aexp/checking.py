"""The door: whether each entry may be let into the ledger everybody shares."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_aexp.catalogue import Ledger
from pytest_aexp.problems import INVALID_ENTRY, Fault, Outcome, Policy


def check_ledger(
    ledger: Ledger, policy: Policy, job_ids: Iterable[str] | None = None
) -> tuple[Outcome, tuple[str, ...]]:
    """Judge the entries of ``job_ids``, or every entry and every stray file.

    With the outcome come the job ids whose identity redaction took away.
    """
    if job_ids is None:
        entries, strays = list(ledger), ledger.strays
    else:
        entries, strays = [e for e in map(ledger.get, job_ids) if e is not None], ()
    faults = [fault for entry in entries for fault in entry.faults]
    problems = tuple(policy.judge([*faults, *map(stray_fault, strays)]))
    uncheckable = tuple(e.job_id for e in entries if e.usable and not e.checkable)
    return Outcome(problems, len(entries)), uncheckable


def stray_fault(path: str) -> Fault:
    """The fault of a file in the ledger folder that is no entry."""
    return Fault(
        INVALID_ENTRY,
        path,
        "the file is no ledger entry: an entry is named for its run, 32 lower-case hex digits "
        "and .json",
        "rename it if it is an entry, else move it out of the ledger",
    )
