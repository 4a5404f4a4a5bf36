"""Retraction records: which runs were retracted, why, and which runs replace them.

A record is one event in a file of its own, named for the digest of its content, so two machines
never write one path and git never merges two records into one. Which runs are retracted follows
from the set of records alone; neither their order nor a clock decides anything.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from shlex import quote
from typing import Any, NamedTuple

from pytest_aexp.ground import jsontext, schema
from pytest_aexp.ground.files import UNMERGED, Unreadable
from pytest_aexp.ground.text import Position, listed, quoted
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.problems import INVALID_RETRACTION, LEAK, UNKNOWN_FIELD, Fault
from pytest_aexp.model.redaction import redact
from pytest_aexp.model.redaction.prefilter import may_leak

RETRACTIONS_DIR = f"{LEDGER_DIR}/retractions"
RECORD_LIMIT = 1 << 20
SCHEMA_VERSION = 1
FIELDS = frozenset(
    "schema_version retracts lifts reason replaced_by recorded_at recorded_by".split()
)

is_record_id = re.compile(r"[0-9a-f]{16}", re.ASCII).fullmatch
"""Whether text has the form of a record's id."""

_begins_as_id = re.compile("[0-9a-f]{16}", re.ASCII | re.IGNORECASE).match
_is_id = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}", re.ASCII).fullmatch
_DEPTH_LIMIT = 100
_MOST_REPLACEMENTS = 1000
_MOST_IDS = 20_000
"""In all lists of a record: each has its own limit in the schema."""


class Record(NamedTuple):
    """A record that can be used; it has either ``retracts`` or ``lifts``."""

    record_id: str
    reason: str
    retracts: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()


class Retraction(NamedTuple):
    """All that retracts one run.

    ``replacements`` are the runs at the end of every chain of replacements: none is retracted.
    """

    job_id: str
    records: tuple[Record, ...]
    replacements: tuple[str, ...]

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The ids of the records, as ``accept`` lists them."""
        return tuple(record.record_id for record in self.records)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons, each once."""
        return tuple(dict.fromkeys(record.reason for record in self.records))


def record_id_of(document: Mapping[str, Any]) -> str:
    """The id of the record that ``document`` is: line endings and indents do not change it."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # Half of a surrogate pair has no UTF-8; the schema's texts have nothing to do with one.
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def record_path(record_id: str) -> str:
    """Where a record lies, relative to the repository."""
    return f"{RETRACTIONS_DIR}/{record_id}.json"


def is_record_path(path: str) -> bool:
    """Whether the file at ``path`` has to be a record."""
    name = path.removeprefix(f"{RETRACTIONS_DIR}/")
    # Not anywhere in it: a repository in a folder has records of its own.
    return name != path and (name.lower().endswith(".json") or _begins_as_id(name) is not None)


class Retractions:
    """The retractions that a set of records makes."""

    def __init__(self, records: Iterable[Record] = (), faults: Iterable[Fault] = ()) -> None:
        self.records = {record.record_id: record for record in records}
        self.faults = tuple(faults)
        """What is wrong with records; those that cannot be used are not among ``records``."""

    @classmethod
    def of(cls, view: View) -> Retractions:
        """The retractions that the records in ``view`` make."""
        paths = view.walk(RETRACTIONS_DIR, hidden=True)
        records, faults = [], []
        for path, data in view.read_many(paths, RECORD_LIMIT):
            # What a link leads to is not read, and may be a folder of records.
            is_link = isinstance(data, Unreadable) and data.is_link
            if not (is_link or path == RETRACTIONS_DIR or is_record_path(path)):
                continue
            record, of_record = read_record(path, data)
            faults += of_record
            if record is not None:
                records.append(record)
        return cls(records, faults)

    @cached_property
    def _lifted(self) -> frozenset[str]:
        return frozenset(lifted for record in self.records.values() for lifted in record.lifts)

    def is_active(self, record_id: str) -> bool:
        """Whether that record retracts runs, and no other lifts it."""
        record = self.records.get(record_id)
        return record is not None and bool(record.retracts) and record_id not in self._lifted

    @cached_property
    def _of_run(self) -> dict[str, list[Record]]:
        of_run: dict[str, list[Record]] = defaultdict(list)
        for record_id in sorted(self.records.keys() - self._lifted):
            record = self.records[record_id]
            for job_id in set(record.retracts):
                of_run[job_id].append(record)
        return dict(of_run)

    @property
    def job_ids(self) -> frozenset[str]:
        """The runs that are retracted, in the ledger or not."""
        return frozenset(self._of_run)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._of_run

    def get(self, job_id: str) -> Retraction | None:
        """All that retracts a run; None if nothing does."""
        records = self._of_run.get(job_id)
        if records is None:
            return None
        return Retraction(job_id, tuple(records), self._replacements(job_id))

    def _replacements(self, job_id: str) -> tuple[str, ...]:
        """The runs that replace it and are not retracted, followed from one to the next."""
        ends, seen, pending = [], {job_id}, [job_id]
        # Bounded, since anybody may write a chain of a million.
        while pending and len(seen) <= _MOST_REPLACEMENTS:
            records = self._of_run.get(here := pending.pop(0))
            if records is None:
                ends.append(here)
                continue
            for replacement in (r for record in records for r in record.replaced_by):
                if replacement not in seen:
                    seen.add(replacement)
                    pending.append(replacement)
        return tuple(ends)


def read_record(path: str, data: bytes | Unreadable) -> tuple[Record | None, list[Fault]]:
    """The record in ``data``, the content of ``path``, and what is wrong with it."""
    document: dict[str, Any] = {}
    if path == RETRACTIONS_DIR:
        message = "no retraction record is read: where their folder belongs is something else"
        return None, [Fault(INVALID_RETRACTION, path, message, "put the folder itself there")]
    try:
        text, document = _parsed(data)
        _check(path, document)
    except _Refused as refused:
        fix = refused.fix or _advice(path, document)
        message = f"the retraction record {refused.message}"
        return None, [Fault(INVALID_RETRACTION, path, message, fix, refused.position or Position())]
    record = Record(
        record_id_of(document),
        document["reason"],
        tuple(document.get("retracts", ())),
        tuple(document.get("lifts", ())),
        tuple(document.get("replaced_by", ())),
    )
    return record, [*_unknown_fields(path, text, document), *_leaks(path, text, document)]


def _advice(path: str, document: Mapping[str, Any]) -> str:
    """What to do about a record that must not stay."""
    lifted, retracted = document.get("lifts"), document.get("retracts")
    targets = lifted or retracted
    every = targets if isinstance(targets, list) else []
    ids = [target for target in every if isinstance(target, str) and _is_id(target)][:5]
    runs = " ".join(ids or ["RUN"])
    again = f"aexp retract {'--lift ' if lifted else ''}{runs} --reason …"
    inner, is_below, _ = path.removeprefix(f"{RETRACTIONS_DIR}/").partition("/")
    # Not by `rm`: the folder may be a link, and what is behind it an entry.
    away = f"move {quote(f'{RETRACTIONS_DIR}/{inner}')} elsewhere"
    away = away if is_below else f"run `rm {quote(path)}`"
    return f"{away}, and record what is meant with `{again}`"


@dataclass(eq=False)
class _Refused(Exception):
    """The record cannot be used; ``message`` completes "the retraction record …"."""

    message: str
    position: Position | None = None
    fix: str = ""


def _parsed(data: bytes | Unreadable) -> tuple[str, dict[str, Any]]:
    if isinstance(data, Unreadable):
        fix = "both versions of a record are right: keep each in a file of its own name"
        raise _Refused(data.reason, fix=fix if data is UNMERGED else "")
    try:
        text = data.decode("utf-8-sig")
        # For its bounds, and the words for what is beyond them.
        jsontext.parse(data, _DEPTH_LIMIT)
        document = json.loads(text, object_pairs_hook=jsontext.unique_keys)
    except UnicodeDecodeError as error:
        raise _Refused(f"is not UTF-8 (byte 0x{error.object[error.start]:02x})") from error
    except json.JSONDecodeError as error:
        what, at = jsontext.syntax_error(error)
        raise _Refused(f"is not valid JSON: {what}", at) from error
    except jsontext.RepeatedKey as error:
        raise _Refused(f"has the key {quoted(error.key)} twice") from error
    except ValueError as error:
        raise _Refused(jsontext.refusal(error)) from error
    if not isinstance(document, dict):
        raise _Refused("is not a JSON object")
    return text, document


def _check(path: str, document: dict[str, Any]) -> None:
    """Raise _Refused if the document is not a record, or not the one that ``path`` is named for."""
    if ("retracts" in document) == ("lifts" in document):
        raise _Refused("must have either `retracts` or `lifts`")
    ids = sum(len(value) for value in document.values() if isinstance(value, list))
    if ids > _MOST_IDS:
        # Before the schema, which takes long to say so of each of them.
        raise _Refused(f"names {ids} runs or records: at most {_MOST_IDS} are read")
    violations = schema.violations("retraction", document)
    if violations:
        messages = listed(dict.fromkeys(violation.message for violation in violations), 3)
        raise _Refused(f"cannot be used: {messages}")
    if not any(character.isalnum() for character in document["reason"]):
        raise _Refused(f"gives no reason: {quoted(document['reason'])} says nothing")
    expected = record_path(record_id_of(document))
    if path != expected:
        name = expected.rpartition("/")[2]
        raise _Refused(f"does not match the name of its file: its content belongs in {name}")


def _unknown_fields(path: str, text: str, document: dict[str, Any]) -> list[Fault]:
    unknown = sorted(document.keys() - FIELDS)
    newer = document["schema_version"] > SCHEMA_VERSION
    if newer:
        message = "the retraction record was written by a newer version of pytest-aexp"
        at = jsontext.position_of_key(text, "schema_version")
    elif unknown:
        names = listed([quoted(name, 40) for name in unknown[:5]], total=len(unknown))
        message = f"the retraction record has fields that this version does not know: {names}"
        at = jsontext.position_of_key(text, unknown[0])
    else:
        return []
    return [Fault(UNKNOWN_FIELD, path, message, "upgrade pytest-aexp", at)]


def _leaks(path: str, text: str, document: dict[str, Any]) -> list[Fault]:
    if not may_leak(text):
        return []
    leaks = redact.leaks(document)
    if not leaks:
        return []
    at = jsontext.position_of_key(text, leaks[0].pointer.split("/")[1])
    advice = _advice(path, document)
    fix = f"before it is committed, {advice}; if a credential was pushed, change it"
    return [Fault(LEAK, path, f"the retraction record holds {redact.places_of(leaks)}", fix, at)]
