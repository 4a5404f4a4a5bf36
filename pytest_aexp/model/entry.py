"""A ledger entry: where it lies, which fields it may have, and what it says once it is judged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.text import counted
from pytest_aexp.model.problems import IDENTITY_MISMATCH, INVALID_ENTRY, Fault

LEDGER_DIR = ".aexp/ledger"
SCHEMA_VERSION = 1
TERMINAL_STATUSES = ("complete", "failed", "abandoned", "stopped")
ENTRY_LIMIT = 1 << 20
# Programs walk JSON by recursion, of which Python allows a thousand levels.
DEPTH_LIMIT = 100
STATEPOINT_DEPTH_LIMIT = DEPTH_LIMIT - 1
"""How deep a statepoint may be nested: its entry is one level deeper."""

RUN_LINK_FIELDS = ("experiment_id", "experiment_path", "hypothesis_id", "sub_hypothesis_id")
TRACKER_FIELDS = ("backend", "run_id", "url", "group", "project")
FIELDS = frozenset(
    "schema_version job_id statepoint status registered_machine promoted_at run_link started_at "
    "ended_at wallclock_s tracker code_commit code_dirty redacted metrics attempt".split()
)


class Entry(NamedTuple):
    """What a ledger entry says, as far as it can be believed.

    A tuple, since it takes Python a fifth of the time to make one, and there are many.
    ``statepoint`` is its canonical JSON, None if there is none to read; ``usable`` is False when
    a fault means that the entry proves nothing; ``checkable`` is False when redaction took away
    what the identity is computed from. ``ended_at`` is as written, "" if the entry has none.
    ``metrics`` is JSON text with each number as written; `metrics_of` reads it.
    """

    job_id: str
    path: str
    usable: bool
    faults: tuple[Fault, ...] = ()
    status: str = ""
    machine: str = ""
    experiments: tuple[str, ...] = ()
    statepoint: str | None = None
    checkable: bool = True
    ended_at: str = ""
    attempt: int | None = None
    metrics: str | None = None

    @property
    def cause(self) -> Fault | None:
        """The fault that makes the entry unusable."""
        unusable = (INVALID_ENTRY, IDENTITY_MISMATCH)
        return next((fault for fault in self.faults if fault.rule in unusable), None)


def entry_path(job_id: str) -> str:
    """Where the entry of a run lies, relative to the repository."""
    return f"{LEDGER_DIR}/{job_id}.json"


def entry_document(data: bytes | Unreadable) -> dict[str, Any] | None:
    """The JSON object in an entry's bytes, within its bounds; None if there is none."""
    if isinstance(data, Unreadable) or len(data) > ENTRY_LIMIT:
        return None
    return jsontext.parse_object(data, DEPTH_LIMIT)


def entry_bytes(document: dict[str, Any]) -> bytes:
    """An entry as the ledger holds it: UTF-8, 2-space indent, sorted keys, final newline."""
    return jsontext.dump(document) + b"\n"


def job_id_in(path: str) -> str:
    """The job id in the path of an entry, or what stands there instead."""
    return path.rpartition("/")[2].removesuffix(".json")


def unknown_fields(document: dict[str, Any]) -> list[str]:
    """The fields of an entry that this version does not know, sorted."""
    names = sorted(set(document) - FIELDS)
    for part, fields in (("run_link", RUN_LINK_FIELDS), ("tracker", TRACKER_FIELDS)):
        inner = document.get(part)
        if isinstance(inner, dict):
            names += [f"{part}.{name}" for name in sorted(set(inner) - set(fields))]
    return names


def metrics_text(metrics: dict[str, Any]) -> str:
    """The ``metrics`` object of an entry that was read to its last digit."""
    return jsontext.dump(metrics).decode()


def metrics_of(entry: Entry) -> dict[str, Decimal | None]:
    """The numbers of a run by name, exact; None is a NaN or an infinity."""
    numbers: dict[str, Decimal | None] = jsontext.load_decimals(entry.metrics or "{}")
    return numbers


def count_entries(number: int) -> str:
    """``1 entry``, ``2 entries``."""
    return counted(number, "entry", "entries")
