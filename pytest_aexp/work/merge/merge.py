"""Two versions of one ledger entry, made one: the same bytes whichever of them is ours.

Without a common version one of them is kept whole, the greater in the one order of
`pytest_aexp.model.ranking`, so any number of machines may be merged in any order.

With a common version, a field that one side alone changed takes the change. ``OUTCOME`` stays
together, and the promotion goes with it. Where both sides changed the outcome, they describe two
attempts: all of the greater is kept, and only the run link, which belongs to the run and not to an
attempt, is still merged by itself. A complete side is never given up for one that is not: if it
cannot be used, and the other is not complete, there is no merge.

What either side redacted stays redacted, even if that makes the identity uncheckable: a leak can
not be taken back. Entries of a newer format are never mixed, as what their fields mean is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_aexp.ground.files import size
from pytest_aexp.ground.text import listed, quoted, shown
from pytest_aexp.model.entry import ENTRY_LIMIT, entry_bytes, entry_path
from pytest_aexp.model.job_id import canonical_json
from pytest_aexp.model.ranking import PROMOTION_FIELDS
from pytest_aexp.work.merge.side import (
    OUTCOME,
    Content,
    DifferentRuns,
    RunIdentity,
    Side,
    common_run,
    read_side,
)

_LINK = ("run_link",)


@dataclass(frozen=True, slots=True)
class Merged:
    """The one entry, and in words what decided."""

    data: bytes
    note: str


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """Why two versions cannot become one, as a sentence without its full stop."""

    reason: str


def merge_entries(
    base: Content | None, ours: Content, theirs: Content, job_id: str | None = None
) -> Merged | MergeConflict:
    """The entry that ``ours`` and ``theirs`` become, ``base`` being what both came from.

    ``job_id`` is the run that the file is named for, if that is known. A base that cannot be used
    counts as none. Swapping ``ours`` and ``theirs`` changes no byte of the result.
    """
    if isinstance(ours, bytes) and ours == theirs:
        return Merged(ours, "both versions are the same")
    sides = [read_side(ours, job_id), read_side(theirs, job_id)]
    try:
        run = common_run(*sides)
    except DifferentRuns as difference:
        return MergeConflict(str(difference))
    faults = [side.fault for side in sides if side.fault is not None]
    if len(faults) == 2:
        return MergeConflict(
            f"neither version can be used: in ours, {faults[0]}; in theirs, {faults[1]}"
        )
    if faults:
        usable, other = sorted(sides, key=lambda side: side.fault is not None)
        return _usable_one(usable, other, run)
    greater, lesser = sorted(sides, key=lambda side: side.rank, reverse=True)
    common = None if base is None else read_side(base, job_id)
    if common is None or common.fault is not None or not common.is_mixable_with(greater, lesser):
        return _written(greater, run, _preference(greater, lesser))
    return _three_way(common, greater, lesser, run)


def _usable_one(usable: Side, other: Side, run: RunIdentity) -> Merged | MergeConflict:
    if other.proves_complete and not usable.is_complete:
        return MergeConflict(
            f"one version says that the run is complete and cannot be used, since {other.fault}; "
            f"the other says {_shown(usable, 'status')}, but a merge never drops a complete run"
        )
    note = f"kept the one that can be used; in the other, {other.fault}"
    return _written(usable, run, note)


def choose_by_hand(job_id: str) -> str:
    """What to type where git has both sides and they cannot become one."""
    path = entry_path(job_id)
    return (
        f"take the right one with `git checkout --ours -- {path}` or `git checkout --theirs -- "
        f"{path}`, or {promote_again(job_id)}; then `git add {path}`"
    )


def promote_again(job_id: str) -> str:
    """What to type, in the middle of a sentence, to get the entry anew."""
    return f"run `aexp ledger promote {job_id} --replace` on the machine that has the run"


def _three_way(base: Side, greater: Side, lesser: Side, run: RunIdentity) -> Merged | MergeConflict:
    leader, other = greater, lesser
    # What one side alone changed is taken, but never at the cost of a complete run.
    only_lesser_changed = greater.outcome == base.outcome != lesser.outcome
    if only_lesser_changed and lesser.is_complete == greater.is_complete:
        leader, other = lesser, greater
    chosen = {names: _source(base, leader, other, names) for names in _parts(leader, other)}
    merged = Side(
        None,
        {name: value for names, side in chosen.items() for name, value in side.part(names).items()},
        pointers=frozenset[str]().union(*(s.pointers_into(names) for names, s in chosen.items())),
    )
    note = _preference(leader, other)
    joined = sorted(
        name
        for names, side in chosen.items()
        if side.part(names) != leader.part(names)
        for name in names
    )
    if joined:
        note += f"; the other side's change of {listed(map(quoted, joined))} was taken"
    return _written(merged, run, note)


def _parts(*sides: Side) -> Iterator[tuple[str, ...]]:
    """The names of all fields; those in one tuple are taken from one side."""
    yield from (OUTCOME, PROMOTION_FIELDS)
    names = {name for side in sides for name in side.fields}
    yield from ((name,) for name in sorted(names.difference(OUTCOME, PROMOTION_FIELDS)))


def _source(base: Side, leader: Side, other: Side, names: tuple[str, ...]) -> Side:
    """The side that the fields of these names are taken from."""
    same_outcome = leader.outcome == other.outcome
    if names == PROMOTION_FIELDS:
        changeable = same_outcome and leader.content != other.content
    elif names == _LINK:
        changeable = True
    else:
        changeable = same_outcome or other.outcome == base.outcome
    unchanged = canonical_json(leader.part(names)) == canonical_json(base.part(names))
    return other if changeable and unchanged else leader


def _written(side: Side, run: RunIdentity, note: str) -> Merged | MergeConflict:
    document = {**side.fields, "statepoint": run.statepoint}
    if pointers := side.pointers | run.pointers:
        document["redacted"] = sorted(pointers)
    data = entry_bytes(document)
    if len(data) > ENTRY_LIMIT:
        return MergeConflict(f"the merged entry would be larger than {size(ENTRY_LIMIT)}")
    return Merged(data, note)


def _preference(kept: Side, other: Side) -> str:
    if kept.fields == other.fields:
        return "both versions say the same"
    if kept.content == other.content:
        return f"kept the earlier promotion, {_shown(kept, 'registered_machine', 'promoted_at')}"
    if kept.outcome == other.outcome:
        return f"kept what {_shown(kept, 'registered_machine')} promoted"
    ended = ("status", "ended_at", "registered_machine")
    return f"kept {_shown(kept, *ended)} over {_shown(other, *ended)}"


def _shown(side: Side, *names: str) -> str:
    fields = side.fields
    return ", ".join(shown(str(fields[name])) for name in names if name in fields)
