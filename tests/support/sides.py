"""Versions of ledger entries to merge: made by hand, or drawn as any machines may have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import reduce
from typing import Any

from hypothesis import strategies as st
from repositories import entry_of, entry_text, job_id_of

from pytest_aexp.model.entry import ENTRY_LIMIT
from pytest_aexp.work.merge.merge import MergeConflict, Merged, merge_entries

STATEPOINT = {"seed": 3, "data": "/home/someone/data", "deep": [{"api_key": "k-1f9a2b7c44d0"}]}
REDACTED = {"seed": 3, "data": "<redacted>", "deep": [{"api_key": "<redacted>"}]}
POINTERS = ["/statepoint/data", "/statepoint/deep/0/api_key"]
JOB_ID = job_id_of(STATEPOINT)
PROMOTION = ("registered_machine", "promoted_at")

E1, E2 = (
    {"experiment_id": name, "experiment_path": f"kb/{name}-*.md"} for name in ("E001", "E002")
)
FAILED = {"status": "failed", "started_at": "2026-01-01T00:00:00Z"}
FAILED |= {"ended_at": "2026-01-01T01:00:00Z", "wallclock_s": 3600}
COMPLETE = {"status": "complete", "started_at": "2026-01-02T00:00:00Z"}
COMPLETE |= {"ended_at": "2026-01-02T01:00:01Z", "wallclock_s": 3601.5}
EARLY = {"promoted_at": "2026-02-01T00:00:00Z", "registered_machine": "cluster"}
LATE = {"promoted_at": "2026-02-01T00:00:01Z", "registered_machine": "laptop"}

BROKEN = {
    "empty": b"",
    "cut": entry_text(entry_of({"seed": 3})).encode()[:-40],
    "conflict markers": b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n",
    "not UTF-8": b'{"a": "\xff"}',
    "not an object": b"[]\n",
    "nothing known": b"{}\n",
    "too deep": b"[" * 200,
    "too large": b" " * (ENTRY_LIMIT + 1),
}


def entry(*parts: dict[str, Any], statepoint: dict[str, Any] | None = None, **more: Any) -> bytes:
    """The bytes of an entry; with ``statepoint`` as an other machine has it."""
    fields = reduce(lambda one, two: one | two, [*parts, more], {})
    made = entry_of({"seed": 3}, **fields)
    if statepoint is not None:
        made |= {"statepoint": statepoint, "job_id": JOB_ID}
    return entry_text(made).encode()


def merged(base: bytes | None, ours: bytes, theirs: bytes) -> bytes:
    """What both orders give."""
    one, other = merge_entries(base, ours, theirs), merge_entries(base, theirs, ours)
    assert isinstance(one, Merged), one
    assert isinstance(other, Merged), other
    assert one.data == other.data
    assert one.note
    return one.data


def refusal(base: bytes | None, ours: bytes, theirs: bytes) -> str:
    """What both orders refuse."""
    one, other = merge_entries(base, ours, theirs), merge_entries(base, theirs, ours)
    assert isinstance(one, MergeConflict), one
    assert isinstance(other, MergeConflict), other
    return one.reason


def part(data: bytes, *names: str) -> dict[str, Any]:
    document = json.loads(data)
    return {name: document[name] for name in names if name in document}


TIMES = [
    "2026-01-02T00:00:00Z",
    "2026-01-02T01:00:00+01:00",
    "2026-01-02T00:00:00.5Z",
    "2026-01-02T00:00:00.50000000001Z",
    "2026-01-01T23:59:59-00:01",
    "2026-01-02 00:00:00",
    "2026-01-02",
    "yesterday",
    "2026-13-45T00:00:00Z",
]
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "ended_at": st.sampled_from(TIMES),
    "started_at": st.sampled_from(TIMES[:3]),
    "wallclock_s": st.sampled_from([0, 1, 1.0, 2.5, float("nan")]),
    "run_link": st.sampled_from([{}, {"experiment_id": None}, E1, E2]),
    "tracker": st.sampled_from(
        [{"run_id": "x"}, {"url": "https://u:p4ssw0rd-x@t.example/"}, {"url": "<redacted>"}]
    ),
    "host": st.sampled_from([None, "/srv/host", {"count": 1}]),
}
REQUIRED: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["complete", "failed", "stopped", "abandoned"]),
    "registered_machine": st.sampled_from(["cluster", "laptop"]),
    "promoted_at": st.sampled_from(TIMES[:4]),
    "schema_version": st.sampled_from([1, 1, 1, 1, 2]),
    "known": st.sampled_from(
        [
            {"statepoint": STATEPOINT},
            {"statepoint": REDACTED, "redacted": POINTERS},
            {"statepoint": STATEPOINT | {"data": "<redacted>"}, "redacted": ["/statepoint/data"]},
            {"statepoint": STATEPOINT, "redacted": ["/tracker/url"]},
        ]
    ),
}
WRITINGS: list[Callable[[dict[str, Any]], bytes]] = [
    lambda document: entry_text(document).encode(),
    lambda document: json.dumps(document).encode(),
]


@st.composite
def versions(draw: st.DrawFn) -> bytes:
    """A usable version of one run, written in one way or another."""
    fields = draw(st.fixed_dictionaries(REQUIRED, optional=OPTIONAL))
    document = {"job_id": JOB_ID, **fields.pop("known"), **fields}
    return draw(st.sampled_from(WRITINGS))(document)


SIDES = st.one_of(
    versions(),
    versions(),
    versions(),
    st.sampled_from([text for text in BROKEN.values() if len(text) < ENTRY_LIMIT]),
)
BASES = st.none() | SIDES
