"""Every line of a segment judged, and the segment as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.git.cache_dir import Cache
from pytest_aexp.ground.text import Position, counted
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.packs.segment import (
    SEGMENT_LIMIT,
    SEGMENT_LINES,
    fits_name,
    judge_line,
    lines_of,
    restore_advice,
    run_of,
)
from pytest_aexp.model.problems import INVALID_ENTRY, INVALID_SEGMENT, Fault, Rule
from pytest_aexp.model.redaction.prefilter import REDACTED

_FEWEST = 4
"""From so many segments on, processes that share them save more time than they cost."""

_MOST_PROCESSES = 8
_REDACTED = REDACTED.encode()

Segment = tuple[str, bytes | Unreadable]


class Survey(NamedTuple):
    """What was found among entries.

    ``judged`` counts those that were judged. ``notable`` are those with faults, and those whose
    identity redaction took away; ``faults`` are of segments as a whole.
    """

    judged: int = 0
    notable: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()


def check_segments(view: View, paths: Sequence[str], clean: Cache | None = None) -> Survey:
    """What is to be reported of the segments at ``paths`` and of their lines.

    ``clean`` has the digests of segments without a fault; their lines are not judged again. Nor
    are those of two segments with the same content.
    """
    surveys: dict[str, Survey] = {}
    pending: deque[tuple[str, str]] = deque()
    clean_digests: set[str] = set()

    def unchecked() -> Iterator[Segment]:
        for path in paths:
            # One at a time: a segment is a thousand times as large as what is usually read.
            data = view.read(path, SEGMENT_LIMIT)
            surveys[path] = Survey()
            digest = "" if isinstance(data, Unreadable) else sha256(data).hexdigest()
            is_cached = clean is not None and clean.get(digest) is not None
            is_clean = is_cached or digest in clean_digests
            if isinstance(data, bytes) and is_clean and fits_name(path, data):
                surveys[path] = _survey_clean(path, data)
            else:
                pending.append((path, digest))
                yield path, data

    for survey in _surveys(unchecked(), len(paths)):
        path, digest = pending.popleft()
        surveys[path] = survey
        if digest and not (survey.faults or any(entry.faults for entry in survey.notable)):
            clean_digests.add(digest)
            if clean is not None:
                clean.put(digest)
    return _joined(surveys.values())


def _surveys(segments: Iterable[Segment], count: int) -> Iterator[Survey]:
    """The survey of each segment, in order; by several processes where that pays."""
    processes = min(count // _FEWEST, _MOST_PROCESSES)
    if processes < 2:
        yield from map(survey_segment, segments)
        return
    # Here, since it is needed for large ledgers only.
    from pytest_aexp.ground.processes import in_processes

    yield from in_processes(survey_segment, segments, processes)


def survey_segment(segment: Segment) -> Survey:
    """What is to be reported of a segment, each line of which is judged."""
    path, data = segment
    if isinstance(data, Unreadable):
        return Survey(faults=(_fault(path, data.reason),))
    lines = lines_of(data)
    ids = [run_of(line) for line in lines]
    notable = []
    for number, (line, job_id) in enumerate(zip(lines, ids, strict=True), start=1):
        entry = judge_line(path, number, line, job_id)
        if entry.faults or not entry.checkable:
            notable.append(entry)
    return Survey(len(lines), tuple(notable), tuple(form_faults(path, data, ids)))


def _survey_clean(path: str, data: bytes) -> Survey:
    """The same of a segment that is known to have no fault.

    Only lines that hold a redaction may be notable, for an identity that cannot be checked.
    """
    redacted = [
        judge_line(path, number, line)
        for number, line in enumerate(lines_of(data) if _REDACTED in data else [], start=1)
        if _REDACTED in line
    ]
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    return Survey(count, tuple(entry for entry in redacted if not entry.checkable))


def form_faults(path: str, data: bytes, ids: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with a segment as a whole; ``ids`` are the job ids of its lines."""
    if not data:
        yield _fault(path, "is empty")
    elif data.count(b"\n") + (not data.endswith(b"\n")) > SEGMENT_LINES:
        reason = f"has more than {counted(SEGMENT_LINES, 'line')}: those after it are not read"
        yield _fault(path, reason, SEGMENT_LINES + 1)
    if not fits_name(path, data):
        reason = "does not match the digest in its name: it was changed"
        yield _fault(path, reason, rule=INVALID_SEGMENT)
    numbered = [(job_id, number) for number, job_id in enumerate(ids, start=1) if job_id]
    astray = [(here, n) for (before, _), (here, n) in pairwise(numbered) if here <= before]
    if astray:
        job_id, number = astray[0]
        more = f", and so are {counted(len(astray) - 1, 'line')} more" if astray[1:] else ""
        reason = f"is not sorted by job id: run {job_id} is out of order or twice in it{more}"
        yield _fault(path, reason, number, INVALID_SEGMENT)


def _fault(path: str, reason: str, line: int = 1, rule: Rule = INVALID_ENTRY) -> Fault:
    message = f"the segment {reason}"
    return Fault(rule, path, message, restore_advice(path), Position(line))


def _joined(surveys: Iterable[Survey]) -> Survey:
    every = list(surveys)
    return Survey(
        sum(survey.judged for survey in every),
        tuple(entry for survey in every for entry in survey.notable),
        tuple(fault for survey in every for fault in survey.faults),
    )
