"""Several entries of one run, loose and packed: which of them counts.

Of one attempt the last promotion counts, since it is what the run's machine said last; of several
attempts the one that the ranking rule puts first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pytest_aexp.ground.text import Position
from pytest_aexp.model.entry import Entry, entry_document
from pytest_aexp.model.packs.segment import Version
from pytest_aexp.model.problems import CONTRADICTION, Fault, Remedy
from pytest_aexp.model.ranking import attempt_key, promoted_at, rank, same_run, without_promotion


class Choice(NamedTuple):
    """The version that counts; ``contradicted`` is one that may be as right."""

    version: Version
    contradicted: Version | None = None


def choose(versions: Sequence[Version]) -> Choice:
    """Which of the usable versions of one run counts; among equals the first."""
    first = versions[0]
    if all(version.data == first.data for version in versions[1:]):
        return Choice(first)
    attempts: dict[Any, list[tuple[Version, dict[str, Any]]]] = {}
    for version in versions:
        document = entry_document(version.data) or {}
        attempts.setdefault(attempt_key(document), []).append((version, document))
    latest = [_latest(attempt) for attempt in attempts.values()]
    (version, document), *others = max(latest, key=lambda versions: _place(versions[0][1]))
    differing = (other for other, its in others if not same_run(its, document))
    return Choice(version, next(differing, None))


def _place(document: dict[str, Any]) -> tuple[Any, ...]:
    return rank(without_promotion(document)), promoted_at(document)


def _latest(
    attempt: list[tuple[Version, dict[str, Any]]],
) -> list[tuple[Version, dict[str, Any]]]:
    """The versions of an attempt that were promoted last, at one moment."""
    latest = max(promoted_at(document) for _, document in attempt)
    return [pair for pair in attempt if promoted_at(pair[1]) == latest]


def counting_entry(entries: Iterable[tuple[Entry, Version]]) -> Entry:
    """The entry that counts for a run, of at least one; unusable if that cannot be decided."""
    every = list(entries)
    usable = {id(version): entry for entry, version in every if entry.usable}
    if not usable:
        return every[0][0]
    choice = choose([version for _, version in every if id(version) in usable])
    entry = usable[id(choice.version)]
    if choice.contradicted is None:
        return entry
    fault = _contradiction(entry.job_id, choice.version, choice.contradicted)
    return entry._replace(usable=False, faults=(fault, *entry.faults))


def _contradiction(job_id: str, first: Version, other: Version) -> Fault:
    return Fault(
        CONTRADICTION,
        first.path,
        f"run {job_id} has two entries that differ, {first.place} and {other.place}; both are of "
        "one attempt and neither was promoted later, so it is unclear which is right",
        f"run `aexp ledger promote {job_id}` on the machine that has the run: what it promotes "
        "then counts",
        Position(first.number),
        job_id=job_id,
    )


def contradiction_in(entry: Entry) -> Fault | None:
    """The fault that `counting_entry` gave the entry, if it did."""
    # By identity: the rule is equal to that of an invalid entry.
    return next((fault for fault in entry.faults if fault.rule is CONTRADICTION), None)


def superseded(entry: Entry, counting: Entry | None) -> Entry:
    """The damaged ``entry`` of a file, with advice to delete it if another entry counts."""
    cause = entry.cause
    if counting is None or counting.path == entry.path or cause is None:
        return entry
    if cause.remedy is Remedy.RESOLVE:
        return entry
    fix = f"run `rm {entry.path}`: the entry in {counting.path} counts; or {cause.fix}"
    faults = tuple(f._replace(fix=fix) if f is cause else f for f in entry.faults)
    return entry._replace(faults=faults)
