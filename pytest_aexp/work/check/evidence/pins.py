"""Whether the runs of a citation are those that it was pinned to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_aexp.ground.text import NEVER, counted, cut, listed, parse_time, shown
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.model.findings.pins import Fit, Pinned, pinned, same_attempt
from pytest_aexp.model.problems import CHANGED_EVIDENCE, GROWN_BATCH, Fault

BACKFILL_THERE = (
    "if the runs are on another machine, run `aexp ledger backfill` there, commit and push, then "
    "`git pull` here"
)


def pinned_entries(citation: Resolvable, entries: Sequence[Entry]) -> Pinned:
    """Which of the cited entries rules and numbers are of, and how they fit the pin."""
    if isinstance(citation, BatchCitation):
        return pinned(citation.pin, entries)
    fits = not citation.ended_at or all(same_attempt(citation.ended_at, e) for e in entries)
    return Pinned(Fit.EXACT if fits else Fit.CHANGED, tuple(entries))


def pin_faults(citation: Resolvable, entries: Sequence[Entry], reading: Pinned) -> Iterator[Fault]:
    """The fault of a pin that does not fit ``entries``, all that are cited."""
    if reading.fit is Fit.EXACT:
        return
    finding = name_of(citation.path)
    if isinstance(citation, JobCitation):
        ended = shown(entries[0].ended_at, 40) or "at a time that its entry does not say"
        message = (
            f"run {citation.job_id} is pinned to the attempt that ended {citation.ended_at}, but "
            f"the ledger has the one that ended {ended}"
        )
    else:
        message = _of_batch(citation, entries, reading)
    fix = f"read the finding again; then `aexp cite {finding} --pin`"
    if isinstance(citation, BatchCitation) and citation.pin and len(entries) < citation.pin.count:
        fix = f"{BACKFILL_THERE}; if they are no evidence any more, {fix}"
    new = _new(entries, reading)
    if new:
        if_not = "if it does not belong" if len(new) == 1 else "for each that does not belong"
        fix += f", or `aexp cite {finding} --except {new[0].job_id[:8]}` {if_not}"
    rule = GROWN_BATCH if reading.fit is Fit.GROWN else CHANGED_EVIDENCE
    yield citation.fault(rule, message, fix)


def _of_batch(citation: BatchCitation, entries: Sequence[Entry], reading: Pinned) -> str:
    pin = citation.pin
    assert pin is not None
    runs, count = counted(len(entries), "run"), f"{pin.count:,}"
    if reading.fit is Fit.GROWN:
        new = listed(map(_described, _new(entries, reading)), 3)
        return f"the batch has {runs}, {count} when it was pinned{new and f'; new: {new}'}"
    if len(entries) < pin.count:
        least = "at least " if pin.at_least else ""
        return f"the batch has {runs}, but it was pinned with {least}{count}"
    latest = max(entries, key=lambda entry: parse_time(entry.ended_at) or NEVER)
    pinned_runs = f"the {counted(pin.count, 'run')} it was pinned with"
    message = f"the batch no longer has {pinned_runs}: as many, but another run or attempt"
    if len(entries) > pin.count:
        # They may be: of many that were added not every choice is tried.
        message = f"the batch has {runs}, and {pinned_runs} were not found among them"
    return f"{message} (latest: {_described(latest)})"


def _new(entries: Sequence[Entry], reading: Pinned) -> list[Entry]:
    """The runs that came after the pin, as far as it says which those are."""
    if reading.fit is not Fit.GROWN:
        return []
    pinned_ids = {entry.job_id for entry in reading.entries}
    return [entry for entry in entries if entry.job_id not in pinned_ids]


def _described(entry: Entry) -> str:
    ended = f"ended {cut(shown(entry.ended_at), 25)}" if entry.ended_at else "no end recorded"
    return f"{entry.job_id[:8]}… ({ended}, {shown(entry.machine, 30)})"
