"""The format of a segment: a line of JSON for each packed run, sorted by job id, never changed.

Each line is judged as an entry's file would be; one that cannot be used leaves the others valid.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, NamedTuple

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.settings.machine_label import is_safe_label
from pytest_aexp.ground.text import Position
from pytest_aexp.model.entry import LEDGER_DIR, Entry, entry_document
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.problems import IDENTITY_MISMATCH, INVALID_ENTRY, Fault

PACKS_DIR = f"{LEDGER_DIR}/packs"
SEGMENT_LINES = 4096
SEGMENT_LIMIT = 8 << 20
"""Bytes: twice what so many usual entries have, and little enough to be read whoever wrote it."""

_NAME = re.compile(
    r"(?:(?P<digest>[0-9a-f]{16})"
    r"|[0-9]{4}-(?:0[1-9]|1[0-2])-[0-9]{3,9}(?:-(?P<short>[0-9a-f]{8}))?)\.jsonl",
    re.ASCII,
)
_ID_KEY = b'"job_id":"'
_ID_END = len(_ID_KEY) + 32
_ID = re.compile(rb'[0-9a-f]{32}"')
_SOME_ID = re.compile(rb'"job_id"\s*+:\s*+"([0-9a-f]{32})"')
_UNUSUAL = 1 << 16
"""A longer line that does not begin as `packed_line` writes it is not parsed for its id alone."""

_EXPERIMENT_KEY = b'"experiment_id"'


class Version(NamedTuple):
    """One place where an entry stands: a line of a segment, or a file's only one."""

    path: str
    number: int
    data: bytes

    @property
    def place(self) -> str:
        """The place as messages name it."""
        return f"{self.path}:{self.number}"

    def judged(self) -> Entry:
        """The entry, if it stands in a segment."""
        return judge_line(self.path, self.number, self.data)


def is_segment(path: str) -> bool:
    """Whether a segment may stand at ``path``: ``<PACKS_DIR>/<machine>/<digest>.jsonl``.

    Older names begin with a month and a number; not all of those have a digest.
    """
    folder, _, name = path.rpartition("/")
    above, _, label = folder.rpartition("/")
    return above == PACKS_DIR and is_safe_label(label) and _NAME.fullmatch(name) is not None


def segment_name(data: bytes) -> str:
    """The name of a segment with that content: no two machines ever write one path."""
    return f"{sha256(data).hexdigest()[:16]}.jsonl"


def fits_name(path: str, data: bytes) -> bool:
    """Whether the content of a segment is what its name says; true for a name without a digest."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    digest = match and (match["digest"] or match["short"])
    if not digest:
        return True
    # Git may have changed the ends of lines in a working tree.
    either = (data, data.replace(b"\r\n", b"\n"))
    return any(sha256(content).hexdigest().startswith(digest) for content in either)


def packed_line(document: dict[str, Any]) -> bytes:
    """An entry as one line, its newline included. Raises ValueError for NaN and infinities."""
    return jsontext.dump_line(document)


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a segment without their ends: those past SEGMENT_LINES are left out."""
    lines = data.split(b"\n", SEGMENT_LINES)
    if len(lines) > SEGMENT_LINES or not lines[-1]:
        lines.pop()
    return lines


def run_of(line: bytes) -> str:
    """The job id that a line says it is of; "" if it says none."""
    start = line.find(_ID_KEY)
    job_id = line[start + len(_ID_KEY) : start + _ID_END + 1]
    # Keys are sorted, so that nothing nested stands before the entry's own job id.
    if start < 0 or _ID.fullmatch(job_id) is None or line.find(b"{", 1, start) >= 0:
        return _run_of_unusual(line)
    return job_id[:-1].decode()


def _run_of_unusual(line: bytes) -> str:
    if len(line) > _UNUSUAL:
        match = _SOME_ID.search(line)
        return match[1].decode() if match else ""
    job_id = (entry_document(line) or {}).get("job_id")
    return job_id if isinstance(job_id, str) and is_job_id(job_id) else ""


def experiments_named(text: bytes) -> frozenset[str] | None:
    """The experiments that runs in ``text``, a line or more, may be of; None for any.

    Found without parsing: for a line as `packed_line` writes it these are all of them, and maybe
    others that stand deeper in its statepoint.
    """
    if b"\\" in text:
        return None  # an escape spells a key or a name in another way
    names = set()
    for after in text.split(_EXPERIMENT_KEY)[1:]:
        if after.startswith(b':"'):
            names.add(after[2 : after.find(b'"', 2)].decode("utf-8", "replace"))
        elif not after.startswith(b":null"):
            return None
    return frozenset(names)


def judge_line(path: str, number: int, line: bytes, job_id: str | None = None) -> Entry:
    """The entry in the line of that number, which counts from 1, of the segment at ``path``.

    ``job_id`` is the run that it is of, if that is known.
    """
    entry = judge_entry(run_of(line) if job_id is None else job_id, path, line)
    if not entry.faults:
        return entry
    return entry._replace(faults=tuple(_placed(fault, number) for fault in entry.faults))


def _placed(fault: Fault, number: int) -> Fault:
    position = Position(number, fault.position.column)
    job_id = fault.job_id or None
    if fault.rule not in (INVALID_ENTRY, IDENTITY_MISMATCH):
        return fault._replace(position=position, job_id=job_id)
    return fault._replace(position=position, job_id=job_id, fix=restore_advice(fault.path))


def restore_advice(path: str) -> str:
    """What to do about a segment, or a line of it, that cannot be used."""
    return f"a segment never changes: get the file again from {path.split('/')[-2]}, which wrote it"
