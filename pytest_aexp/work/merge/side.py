"""One side of a merge of ledger entries: what it says, sanitised, and of which run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.entry import FIELDS, SCHEMA_VERSION, entry_document
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import canonical_json, job_id_of, statepoint_json
from pytest_aexp.model.ranking import PROMOTION_FIELDS, is_complete, rank
from pytest_aexp.model.redaction import redact
from pytest_aexp.model.redaction.prefilter import REDACTED

Content = bytes | Unreadable

OUTCOME = (
    *("status", "attempt", "started_at", "ended_at", "wallclock_s"),
    *("code_commit", "code_dirty", "metrics"),
)
"""What belongs to one attempt: never taken from two sides."""

_STATEPOINT = ("statepoint",)


@dataclass(frozen=True, slots=True)
class Side:
    """One side: ``fields`` is all of it but the statepoint and the pointers to redactions.

    ``fault`` says why it cannot be used; the fields of such a side are what could be read.
    """

    fault: str | None
    fields: dict[str, Any]
    statepoint: Any = None
    pointers: frozenset[str] = frozenset()

    @property
    def job_id(self) -> str:
        """The run that the side says it is of."""
        return str(self.fields.get("job_id"))

    @property
    def names_run(self) -> bool:
        """Whether it says at all which run it is of."""
        return isinstance(self.statepoint, dict) and isinstance(self.fields.get("job_id"), str)

    @property
    def is_complete(self) -> bool:
        """Whether the run ended as it should."""
        return is_complete(self.fields)

    @property
    def proves_complete(self) -> bool:
        """Whether it says so of the run that its statepoint is of, as far as its entry shows."""
        is_redacted = bool(self.pointers_into(_STATEPOINT))
        return (
            self.is_complete
            and self.names_run
            and (is_redacted or job_id_of(statepoint_json(self.statepoint)) == self.job_id)
        )

    def is_mixable_with(self, *others: Side) -> bool:
        """Whether all are of one run, and this program knows what every field of them means."""
        return all(
            side.job_id == self.job_id and side.fields.get("schema_version") == SCHEMA_VERSION
            for side in (self, *others)
        )

    @property
    def rank(self) -> tuple[Any, ...]:
        """Its place in the one order of a run's entries; equal only for sides that say the same."""
        return rank(self.fields), sorted(self.pointers - self.pointers_into(_STATEPOINT))

    @property
    def outcome(self) -> str:
        """How the attempt ended, comparable."""
        return canonical_json(self.part(OUTCOME))

    @property
    def content(self) -> str:
        """What it says of the run, comparable: all but who wrote it down and when."""
        return canonical_json(self.part(self.fields.keys() - set(PROMOTION_FIELDS)))

    def part(self, names: Collection[str]) -> dict[str, Any]:
        """The fields of these names, as far as there are any."""
        return {name: value for name, value in self.fields.items() if name in names}

    def pointers_into(self, names: Collection[str]) -> frozenset[str]:
        """The pointers to what was redacted in the fields of these names."""
        return frozenset(pointer for pointer in self.pointers if _field_of(pointer) in names)


def read_side(data: Content, job_id: str | None) -> Side:
    """The side in ``data``, of the run ``job_id`` if that is known; sanitised.

    The statepoint is left as it is: taking something out of it costs the identity.
    """
    document = entry_document(data) or {}
    cause = judge_entry(job_id or str(document.get("job_id")), "", data).cause
    fields = {name: value for name, value in document.items() if name not in _STATEPOINT}
    pointers: set[str] = set()
    if isinstance(notes := fields.get("redacted"), list):
        pointers.update(note for note in notes if isinstance(note, str))
        del fields["redacted"]
    if fields.get("schema_version") == SCHEMA_VERSION:
        clean, redacted = redact.redact({name: fields[name] for name in FIELDS & fields.keys()})
        fields |= clean if isinstance(clean, dict) else {}
        pointers.update(redacted)
    fault = None if cause is None else cause.message
    return Side(fault, fields, document.get("statepoint"), frozenset(pointers))


def _field_of(pointer: str) -> str:
    return pointer.removeprefix("/").partition("/")[0].replace("~1", "/").replace("~0", "~")


# Whether two sides are of the same run


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What identifies the run of two sides, with all that either of them redacted in it."""

    statepoint: Any
    pointers: frozenset[str]


class DifferentRuns(Exception):
    """Two sides that are not of the same run; the text says why, without a full stop."""


def common_run(ours: Side, theirs: Side) -> RunIdentity:
    """The run that both are of, or the one that can be read is of. Raises DifferentRuns."""
    sides = [side for side in (ours, theirs) if side.names_run]
    pointers = frozenset[str]().union(*(side.pointers_into(_STATEPOINT) for side in sides))
    if len(sides) < 2:
        return RunIdentity(sides[0].statepoint if sides else None, pointers)
    if ours.job_id != theirs.job_id:
        ids = f"{quoted(ours.job_id)} and {quoted(theirs.job_id)}"
        raise DifferentRuns(f"the two versions are of different runs, {ids}")
    if canonical_json(ours.statepoint) == canonical_json(theirs.statepoint):
        return RunIdentity(ours.statepoint, pointers)
    if not pointers:
        raise _different_statepoints(ours, theirs)
    # The side that was not redacted yet must lose the same values, or it brings them back.
    mine, found_here = redact.redact(ours.statepoint, "/statepoint")
    other, found_there = redact.redact(theirs.statepoint, "/statepoint")
    if not _agree(mine, other):
        raise _different_statepoints(ours, theirs)
    return RunIdentity(_joined(mine, other), pointers.union(found_here, found_there))


def _agree(first: Any, second: Any) -> bool:
    if REDACTED in (first, second):
        return True
    if isinstance(first, dict) and isinstance(second, dict):
        same = first.keys() == second.keys()
        return same and all(_agree(value, second[key]) for key, value in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_agree, first, second))
    return canonical_json(first) == canonical_json(second)


def _joined(first: Any, second: Any) -> Any:
    """Two values that agree, with what is redacted in either."""
    if REDACTED in (first, second):
        return REDACTED
    if isinstance(first, dict):
        return {key: _joined(value, second[key]) for key, value in first.items()}
    if isinstance(first, list):
        return list(map(_joined, first, second))
    return first


def _different_statepoints(ours: Side, theirs: Side) -> DifferentRuns:
    proven = [
        name
        for name, side in (("ours", ours), ("theirs", theirs))
        if job_id_of(statepoint_json(side.statepoint)) == side.job_id
    ]
    hint = f"; the one in {proven[0]} is the run's" if proven else ""
    return DifferentRuns(f"the two versions have different statepoints under one id{hint}")
