"""One segment of packed entries: a line of JSON for each run, sorted by job id, never changed.

Nothing in a segment is believed because of where it stands: each line is judged as a file would be,
and a line that cannot be used takes nothing from the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.machine_label import is_safe_label
from pytest_aexp.ground.text import Position, counted
from pytest_aexp.model.entry import DEPTH_LIMIT, ENTRY_LIMIT, LEDGER_DIR, Entry, judge_entry
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.problems import IDENTITY_MISMATCH, INVALID_ENTRY, Fault
from pytest_aexp.model.redaction.prefilter import REDACTED

PACKS_DIR = f"{LEDGER_DIR}/packs"
SEGMENT_LINES = 4096
SEGMENT_LIMIT = 8 << 20
"""Bytes: twice what so many usual entries have, and little enough to be read whoever wrote it."""

_NAME = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-[0-9]{3,9}(?:-[0-9a-f]{8})?\.jsonl")
_ID_KEY = b'"job_id":"'
_ID_END = len(_ID_KEY) + 32
_HEX = b"0123456789abcdef"
_IDS = re.compile(rb'(?:[0-9a-f]{32}")*+')
_SOME_ID = re.compile(rb'"job_id"\s*+:\s*+"([0-9a-f]{32})"')
_UNUSUAL = 1 << 16
"""A longer line that does not begin as ``pack`` writes it is not parsed for its job id alone."""

_HEAD = 256
"""Within so many bytes a line mostly says which run it is of."""

_EXPERIMENT_KEY = b'"experiment_id"'
_FEW = 16
"""To look for more names than that, one by one, takes longer than to look at each line."""
_REDACTED = REDACTED.encode()


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a segment.

    ``judged`` counts the lines that were judged. ``notable`` are those with faults, and those whose
    identity redaction took away; ``faults`` are of the segment as a whole.
    """

    judged: int = 0
    notable: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()


def is_segment(path: str) -> bool:
    """Whether a segment may stand at ``path``: ``<PACKS_DIR>/<machine>/<YYYY-MM>-<nnn>.jsonl``.

    ``segment_name`` adds a part of a digest to the number; it may be missing, and is not believed.
    """
    folder, _, name = path.rpartition("/")
    above, _, label = folder.rpartition("/")
    return above == PACKS_DIR and is_safe_label(label) and _NAME.fullmatch(name) is not None


def segment_name(month: str, number: int, data: bytes) -> str:
    """The name of a segment with that content.

    Two clones that give themselves one label write two files, which a merge keeps side by side.
    """
    return f"{month}-{number:03d}-{sha256(data).hexdigest()[:8]}.jsonl"


def packed_line(document: dict[str, Any]) -> bytes:
    """An entry as one line, its newline included. Raises ValueError for NaN and infinities."""
    text = _compact(document, ensure_ascii=False)
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can hold and UTF-8 cannot: written as its escape.
        return f"{_compact(document, ensure_ascii=True)}\n".encode()


def _compact(document: dict[str, Any], *, ensure_ascii: bool) -> str:
    return json.dumps(
        document,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=ensure_ascii,
        allow_nan=False,
    )


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a segment without their ends: those past SEGMENT_LINES are left out."""
    lines = data.split(b"\n", SEGMENT_LINES)
    if len(lines) > SEGMENT_LINES or not lines[-1]:
        lines.pop()
    return lines


def run_of(line: bytes) -> str:
    """The job id that a line says it is of; "" if it says none."""
    start = line.find(_ID_KEY)
    job_id = line[start + len(_ID_KEY) : start + _ID_END]
    # Keys are sorted, so that nothing nested stands before the entry's own job id.
    if (
        start < 0
        or len(job_id) < 32
        or job_id.strip(_HEX)
        or line[start + _ID_END : start + _ID_END + 1] != b'"'
        or line.find(b"{", 1, start) >= 0
    ):
        return _run_of_unusual(line)
    return job_id.decode()


def runs_of(lines: list[bytes]) -> list[str]:
    """``run_of`` each of the lines; of lines as ``pack`` writes them, in a third of the time."""
    heads = [line[1:_HEAD].partition(_ID_KEY) for line in lines]
    ids = b"".join([after[:33] for _, _, after in heads])
    nested = b"{" in b"".join([before for before, _, _ in heads])
    if nested or len(ids) != 33 * len(lines) or _IDS.fullmatch(ids) is None:
        return [run_of(line) for line in lines]
    return ids.decode().split('"')[:-1]


def _run_of_unusual(line: bytes) -> str:
    if len(line) > _UNUSUAL:
        found = _SOME_ID.search(line)
        return found[1].decode() if found else ""
    document = parsed(line)
    job_id = document.get("job_id") if document else None
    return job_id if isinstance(job_id, str) and is_job_id(job_id) else ""


def parsed(line: bytes) -> dict[str, Any] | None:
    """The JSON object in a line; None if there is none."""
    if len(line) > ENTRY_LIMIT:
        return None
    try:
        document = jsontext.parse(line, DEPTH_LIMIT)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def may_belong(line: bytes, experiments: frozenset[bytes]) -> bool:
    """Whether the run of a line may be of one of the experiments, told without reading it all.

    False only if it certainly is of none.
    """
    if b"\\" in line:
        return True
    return any(name is None or name in experiments for name in _experiments_named(line))


def _experiments_named(line: bytes) -> list[bytes | None]:
    """What follows each ``experiment_id``; None if it is not written as ``pack`` writes it."""
    return [
        after[2 : after.find(b'"', 2)] if after.startswith(b':"') else None
        for after in line.split(_EXPERIMENT_KEY)[1:]
        if not after.startswith(b":null")
    ]


def _may_hold(data: bytes, experiments: frozenset[bytes]) -> bool:
    """Whether a segment may hold a run of one of them; False only if it certainly does not."""
    if len(experiments) > _FEW or b"\\" in data:
        return may_belong(data, experiments)
    return any(b'"%b"' % name in data for name in experiments)


def experiments_in(line: bytes) -> set[str]:
    """The experiments that the run of a line may be of."""
    named = set(_experiments_named(line))
    if b"\\" not in line and None not in named:
        return {name.decode("utf-8", "replace") for name in named if name is not None}
    return set(judge_entry("", "", line).experiments)


def judge_line(path: str, number: int, line: bytes, job_id: str | None = None) -> Entry:
    """The entry in the line of that number, which counts from 1, of the segment at ``path``.

    ``job_id`` is the run that it is of, if that is known.
    """
    entry = judge_entry(run_of(line) if job_id is None else job_id, path, line)
    if not entry.faults:
        return entry
    return replace(entry, faults=tuple(_placed(fault, number) for fault in entry.faults))


def _placed(fault: Fault, number: int) -> Fault:
    position = Position(number, fault.position.column)
    job_id = fault.job_id or None
    if fault.rule not in (INVALID_ENTRY, IDENTITY_MISMATCH):
        return replace(fault, position=position, job_id=job_id)
    return replace(fault, position=position, job_id=job_id, fix=_restore(fault.path, job_id))


def _restore(path: str, job_id: str | None = None) -> str:
    again = f", or run `aexp ledger promote {job_id}` on the machine that has the run"
    return (
        f"a segment never changes once it is written: restore it from a commit that "
        f"`git log -- {path}` shows{again if job_id else ''}"
    )


def members(path: str, data: bytes | Unreadable, experiments: frozenset[str]) -> list[Entry]:
    """The entries of the runs of some experiments; other lines are passed over unread."""
    wanted = frozenset(name.encode("utf-8", "surrogatepass") for name in experiments)
    if isinstance(data, Unreadable) or not _may_hold(data, wanted):
        return []
    entries = [
        judge_line(path, number, line)
        for number, line in enumerate(lines_of(data), start=1)
        if may_belong(line, wanted)
    ]
    return [entry for entry in entries if not experiments.isdisjoint(entry.experiments)]


def survey(path: str, data: bytes | Unreadable) -> Survey:
    """What is to be said of a segment, each line of which is judged."""
    if isinstance(data, Unreadable):
        return Survey(faults=(_segment_fault(path, data.reason, _restore(path)),))
    lines = lines_of(data)
    runs = runs_of(lines)
    notable = []
    for number, (line, job_id) in enumerate(zip(lines, runs, strict=True), start=1):
        entry = judge_line(path, number, line, job_id)
        if entry.faults or not entry.checkable:
            notable.append(entry)
    is_longer = sum(map(len, lines)) + len(lines) < len(data)
    faults = _faults_of_form(path, runs, is_empty=not data, is_longer=is_longer)
    return Survey(len(lines), tuple(notable), tuple(faults))


def survey_sound(path: str, data: bytes) -> Survey:
    """The same of a segment that is known to have no fault: nothing need be judged again.

    Only lines that hold a redaction may be notable, for an identity that cannot be checked.
    """
    redacted = [
        judge_line(path, number, line)
        for number, line in enumerate(lines_of(data) if _REDACTED in data else [], start=1)
        if _REDACTED in line
    ]
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    return Survey(count, tuple(entry for entry in redacted if not entry.checkable))


def _faults_of_form(
    path: str, runs: list[str], *, is_empty: bool, is_longer: bool
) -> Iterator[Fault]:
    if is_empty:
        yield _segment_fault(path, "is empty", _restore(path))
    if is_longer:
        reason = f"has more than {counted(SEGMENT_LINES, 'line')}: those after it are not read"
        yield _segment_fault(path, reason, _restore(path), Position(SEGMENT_LINES + 1))
    ids = [(job_id, number) for number, job_id in enumerate(runs, start=1) if job_id]
    astray = [(here, number) for (before, _), (here, number) in pairwise(ids) if here <= before]
    if astray:
        job_id, number = astray[0]
        more = f", and so are {counted(len(astray) - 1, 'line')} more" if astray[1:] else ""
        reason = f"is not sorted by job id: run {job_id} is out of order or twice in it{more}"
        yield _segment_fault(path, reason, _restore(path), Position(number))


def _segment_fault(path: str, reason: str, fix: str, position: Position | None = None) -> Fault:
    return Fault(INVALID_ENTRY, path, f"the segment {reason}", fix, position or Position())
