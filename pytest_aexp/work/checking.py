"""The door: whether each entry may be let into the ledger everybody shares."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_aexp.model.catalogue import Ledger
from pytest_aexp.model.problems import INVALID_ENTRY, Fault, Outcome, Policy
from pytest_aexp.model.segments import PACKS_DIR, Survey


def check_ledger(
    ledger: Ledger, policy: Policy, job_ids: Iterable[str] | None = None
) -> tuple[Outcome, tuple[str, ...]]:
    """Judge the entries of ``job_ids``, or every entry and every stray file.

    With the outcome come the job ids whose identity redaction took away.
    """
    if job_ids is None:
        found, strays = ledger.survey(), ledger.strays
    else:
        entries = ledger.all_of(job_ids)
        conflicts = tuple(ledger.conflicts({entry.job_id for entry in entries}))
        found, strays = Survey(len(entries), tuple(entries), faults=conflicts), ()
    faults = [fault for entry in found.notable for fault in entry.faults]
    problems = tuple(policy.judge([*faults, *found.faults, *map(stray_fault, strays)]))
    uncheckable = tuple(e.job_id for e in found.notable if e.usable and not e.checkable)
    return Outcome(problems, found.judged), uncheckable


def stray_fault(path: str) -> Fault:
    """The fault of a file in the ledger folder that is neither an entry nor a segment."""
    if path.startswith(f"{PACKS_DIR}/"):
        return Fault(
            INVALID_ENTRY,
            path,
            "the file is no segment of packed entries: these are named for the machine that "
            "packed them, the month and a number, packs/laptop/2026-05-001.jsonl",
            "move it out of the ledger; what it holds is not read",
        )
    return Fault(
        INVALID_ENTRY,
        path,
        "the file is no ledger entry: an entry is named for its run, 32 lower-case hex digits "
        "and .json",
        "rename it if it is an entry, else move it out of the ledger",
    )
