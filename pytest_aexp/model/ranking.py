"""Which of two entries of one run counts: the one rule, wherever an entry is about to be written.

A retraction needs no row here: its record stands beside the entries, whatever they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, datetime, timedelta
from typing import Any, TypeAlias

from pytest_aexp.ground.text import NEVER, parse_time, utc
from pytest_aexp.model.job_id import canonical_json, is_number, value_key

EntryDocument: TypeAlias = Mapping[str, Any]
"""The JSON object that an entry is."""

PROMOTION_FIELDS = ("promoted_at", "registered_machine")
"""The fields that describe the promotion; the run is the same without them."""

_STATUSES = ("abandoned", "failed", "stopped", "complete")


def outranks(candidate: EntryDocument, standing: EntryDocument, machine: str) -> bool:
    """Whether ``candidate`` takes the place of the entry ``standing`` of the same run.

    ``machine`` is the label of the machine that made ``candidate`` from its own run store, which
    knows best how its own attempts ended. Where there is none, as in a merge and among packed
    entries, `rank` alone decides.

    1. What a machine says of an attempt replaces what it said of that attempt before.
    2. ``complete`` beats every other status.
    3. Of two attempts the later counts; a machine judges only its own, so that an entry of another
       machine stays, and two machines never rewrite each other's entry for ever.
    """
    if _are_one_attempt(candidate, standing):
        return True
    if is_complete(candidate) != is_complete(standing):
        return is_complete(candidate)
    return standing.get("registered_machine") == machine and rank(candidate) > rank(standing)


def rank(entry: EntryDocument) -> tuple[Any, ...]:
    """The place of an entry in one order on every machine; equal only for those that say the same.

    The statepoint has no part in it: of one run it differs only in what was redacted.
    """
    entry = {name: value for name, value in entry.items() if name != "statepoint"}
    ended = parse_time(entry.get("ended_at"))
    status, link = entry.get("status"), entry.get("run_link")
    return (
        is_complete(entry),
        # Text that is not a date loses to one, and no text at all to both.
        (ended is not None) + (entry.get("ended_at") is not None),
        ended or NEVER,
        _number(entry.get("attempt")),
        _STATUSES.index(status) if status in _STATUSES else -1,
        # What follows only tells apart entries of one attempt: the one that says more.
        _number(entry.get("schema_version")),
        isinstance(link, Mapping) and any(value is not None for value in link.values()),
        len(entry),
        canonical_json(without_promotion(entry)),
        -promoted_at(entry).timestamp(),
        canonical_json(entry),
    )


def is_complete(entry: EntryDocument) -> bool:
    """Whether the entry says that the run ended as it should."""
    return bool(entry.get("status") == "complete")


def same_run(first: EntryDocument, second: EntryDocument) -> bool:
    """Whether two entries say the same of the run, whoever promoted it and when."""
    runs = without_promotion(first), without_promotion(second)
    # As they are first: 1.0 is rarely written for 1, and to look for it takes twice as long.
    return any(text(runs[0]) == text(runs[1]) for text in (canonical_json, value_key))


def without_promotion(entry: EntryDocument) -> dict[str, Any]:
    """The fields that are of the run, and not of its promotion."""
    return {name: value for name, value in entry.items() if name not in PROMOTION_FIELDS}


def _are_one_attempt(first: EntryDocument, second: EntryDocument) -> bool:
    if first.get("registered_machine") != second.get("registered_machine"):
        return False
    if all(
        is_complete(e) and e.get("attempt") and not e.get("started_at") for e in (first, second)
    ):
        # Imported: the number counts the attempts of one file, so that the end has to tell.
        return first.get("ended_at") == second.get("ended_at")
    return attempt_key(first) == attempt_key(second) or not any(
        # An entry that does not say when its attempt began says nothing against being this one.
        name in second
        for name in ("started_at", "attempt", "ended_at")
    )


def attempt_key(entry: EntryDocument) -> tuple[str, ...]:
    """The same for two entries that say that they are of one attempt at a run."""
    return tuple(
        canonical_json(entry.get(n)) for n in ("registered_machine", "started_at", "attempt")
    )


def _number(value: Any) -> int | float:
    return value if is_number(value) and value == value else 0  # noqa: PLR0124 - NaN has no place


def promoted_at(entry: EntryDocument | None) -> datetime:
    """When an entry was promoted; the beginning of time if it does not say."""
    return parse_time((entry or {}).get("promoted_at")) or NEVER


def promoted_after(standing: EntryDocument | None, entry: dict[str, Any]) -> dict[str, Any]:
    """``entry``, promoted later than the packed one ``standing``, which counts no more then."""
    before = promoted_at(standing)
    # No second comes after the last year that Python knows.
    if promoted_at(entry) > before or before.year == MAXYEAR:
        return entry
    return {**entry, "promoted_at": utc(before + timedelta(seconds=1))}
