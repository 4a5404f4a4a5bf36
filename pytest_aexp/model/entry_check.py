"""One ledger entry, judged by itself: can it be read, is it whole, is it the run it says it is."""

from __future__ import annotations

import json
import re
from sys import intern
from typing import Any, NamedTuple

from pytest_aexp.ground import jsontext, schema
from pytest_aexp.ground.files import UNMERGED, Unreadable, size
from pytest_aexp.ground.text import Position, listed, position_in, quoted, shown
from pytest_aexp.model.batches import experiments_of
from pytest_aexp.model.entry import (
    DEPTH_LIMIT,
    ENTRY_LIMIT,
    SCHEMA_VERSION,
    Entry,
    metrics_text,
    unknown_fields,
)
from pytest_aexp.model.job_id import job_id_of, statepoint_json
from pytest_aexp.model.problems import (
    IDENTITY_MISMATCH,
    INVALID_ENTRY,
    LEAK,
    NOT_A_NUMBER,
    UNKNOWN_FIELD,
    Fault,
    Remedy,
    Rule,
)
from pytest_aexp.model.redaction import redact
from pytest_aexp.model.redaction.prefilter import REDACTED, may_leak

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)


def judge_entry(job_id: str, path: str, data: bytes | Unreadable) -> Entry:
    """The entry in ``data``, which stands at ``path`` for the run ``job_id``."""
    sound = _sound(job_id, data) if isinstance(data, bytes) else None
    if sound is None or may_leak(sound.text):
        return _judged(job_id, path, data)[0]
    return sound.entry(job_id, path)


def usable_document(job_id: str, path: str, data: bytes | Unreadable) -> dict[str, Any] | None:
    """The JSON object that the entry is; None if it cannot be used."""
    # Without a search for leaks: they never make an entry unusable, and it takes a while.
    sound = _sound(job_id, data, exact=True) if isinstance(data, bytes) else None
    return _judged(job_id, path, data)[1] if sound is None else sound.document


def _judged(
    job_id: str, path: str, data: bytes | Unreadable
) -> tuple[Entry, dict[str, Any] | None]:
    judge = _Judge(job_id, path)
    try:
        text = judge.decoded(data)
        document = judge.parsed(text)
    except _Unusable:
        return Entry(job_id, path, usable=False, faults=tuple(judge.faults)), None
    entry = judge.judged(text, document)
    return entry, document if entry.usable else None


_STRICT = json.JSONDecoder(
    object_pairs_hook=jsontext.unique_keys, parse_constant=jsontext.refuse_constant
)
_EXACT = json.JSONDecoder(
    object_pairs_hook=jsontext.unique_keys,
    parse_constant=jsontext.refuse_constant,
    parse_float=jsontext.exact_float,
)
"""The same with every digit, which a check needs of metrics alone: it takes longer."""


class _Sound(NamedTuple):
    text: str
    document: dict[str, Any]
    statepoint: str

    def entry(self, job_id: str, path: str) -> Entry:
        document, metrics = self.document, self.document.get("metrics")
        return Entry(
            job_id,
            path,
            usable=True,
            # Interned, since many entries have the same.
            status=intern(document["status"]),
            machine=intern(document["registered_machine"]),
            experiments=experiments_of(document["statepoint"], document.get("run_link")),
            statepoint=self.statepoint,
            ended_at=document.get("ended_at", ""),
            attempt=document.get("attempt"),
            metrics=None if metrics is None else metrics_text(metrics),
        )


def _sound(job_id: str, data: bytes, *, exact: bool = False) -> _Sound | None:
    """The entry if nothing but a leak can be wrong with it; None leaves it to the judge."""
    try:
        text = data.decode()
        if len(data) > ENTRY_LIMIT or jsontext.nested_deeper(text, DEPTH_LIMIT):
            return None
        # Behind a backslash the name may be written otherwise.
        exact = exact or '"metrics"' in text or "\\" in text
        document, end = (_EXACT if exact else _STRICT).raw_decode(text)
        known = schema.known_entry_validator()
        is_known = text[end:] in ("", "\n") and known is not None and known.is_valid(document)
    except ValueError:
        return None
    if not is_known or document["job_id"] != job_id:
        return None
    canonical = statepoint_json(document["statepoint"])
    return _Sound(text, document, canonical) if job_id_of(canonical) == job_id else None


class _Unusable(Exception):
    """Nothing of the entry can be read; its judge has the fault."""


class _Judge:
    def __init__(self, job_id: str, path: str) -> None:
        self._job_id = job_id
        self._path = path
        self.faults: list[Fault] = []

    def _refused(
        self,
        what: str,
        position: Position | None = None,
        fix: str = "",
        remedy: Remedy | None = None,
    ) -> _Unusable:
        self._add(INVALID_ENTRY, f"the ledger entry {what}", position, fix, remedy)
        return _Unusable()

    def _unresolved(self, what: str, position: Position | None = None) -> _Unusable:
        """Refused, since a merge left it in conflict."""
        fix = f"run `aexp ledger resolve {self._job_id}`"
        return self._refused(what, position, fix, Remedy.RESOLVE)

    def decoded(self, data: bytes | Unreadable) -> str:
        if isinstance(data, Unreadable):
            raise (self._unresolved if data is UNMERGED else self._refused)(data.reason)
        if len(data) > ENTRY_LIMIT:
            raise self._refused(f"is larger than {size(ENTRY_LIMIT)}")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._refused(f"is not UTF-8 (byte 0x{data[error.start]:02x})") from error

    def parsed(self, text: str) -> dict[str, Any]:
        if not text.strip():
            raise self._refused("is empty")
        if jsontext.nested_deeper(text, DEPTH_LIMIT):
            raise self._refused(f"is nested more than {DEPTH_LIMIT} deep")
        constants: list[str] = []

        def constant(name: str) -> float:
            constants.append(name)
            return float(name)

        try:
            document = json.loads(
                text,
                parse_constant=constant,
                parse_float=jsontext.exact_float,
                object_pairs_hook=jsontext.unique_keys,
            )
        except ValueError as error:
            raise self._not_json(text, error) from error
        if not isinstance(document, dict):
            raise self._refused("is not a JSON object")
        if constants:
            self._add(
                NOT_A_NUMBER,
                f"the ledger entry holds {listed(sorted(set(constants)))}, which is not valid JSON",
                fix=self._instead_of_nan(document.get("statepoint")),
            )
        return document

    def _instead_of_nan(self, statepoint: Any) -> str:
        try:
            json.dumps(statepoint, allow_nan=False)
        except ValueError:
            # It cannot be promoted any more, and with another value it would be another run.
            return (
                "other programs may refuse the file; leave it as it is, since the value is part of "
                'the run\'s id, and write it as text ("nan") or null in new runs'
            )
        return f"other programs may refuse the file; {self._promote_again()}"

    def _not_json(self, text: str, error: ValueError) -> _Unusable:
        conflict = _CONFLICT.search(text)
        if conflict is not None:
            at = position_in(text, conflict.start())
            return self._unresolved("holds conflict markers", at)
        if text.startswith("version https://git-lfs"):
            fix = "run `git lfs pull`, or take the ledger out of Git LFS"
            return self._refused("is a Git LFS pointer", fix=fix, remedy=Remedy.LFS_PULL)
        if isinstance(error, jsontext.RepeatedKey):
            at = jsontext.position_of_key(text, error.key)
            return self._refused(f"has the key {quoted(error.key)} twice", at)
        if isinstance(error, json.JSONDecodeError):
            what, at = jsontext.syntax_error(error)
            return self._refused(f"is not valid JSON: {what}", at)
        # The one other thing that Python's parser refuses.
        return self._refused("holds a number of more digits than can be read")

    def judged(self, text: str, document: dict[str, Any]) -> Entry:
        """The entry that ``document``, parsed from ``text``, is."""
        self._schema(text, document)
        if document.get("job_id") != self._job_id and not self._is_unusable():
            named = quoted(str(document.get("job_id")))
            self._add(
                INVALID_ENTRY,
                f"the ledger entry says that it is of run {named}, but its file is "
                f"named for {self._job_id}",
                jsontext.position_of_key(text, "job_id"),
            )
        statepoint = document.get("statepoint")
        canonical = statepoint_json(statepoint) if isinstance(statepoint, dict) else None
        checkable = not (
            canonical is not None
            and REDACTED in canonical
            and redact.redacted_below(document, "/statepoint/")
        )
        if canonical is not None and checkable and not self._is_unusable():
            self._identity(text, canonical)
        usable = not self._is_unusable()
        self._unknown_fields(text, document)
        self._leaks(text, document)
        attempt, metrics = document.get("attempt"), document.get("metrics")
        return Entry(
            self._job_id,
            self._path,
            usable,
            tuple(self.faults),
            str(document.get("status", "")),
            str(document.get("registered_machine", "")),
            experiments_of(statepoint, document.get("run_link")),
            canonical,
            checkable,
            str(document.get("ended_at", "")),
            int(attempt) if usable and attempt is not None else None,
            metrics_text(metrics) if usable and metrics is not None else None,
        )

    def _is_unusable(self) -> bool:
        return any(fault.rule in (INVALID_ENTRY, IDENTITY_MISMATCH) for fault in self.faults)

    def _schema(self, text: str, document: dict[str, Any]) -> None:
        violations = schema.violations("ledger-entry", document)
        messages = listed(dict.fromkeys(violation.message for violation in violations), 3)
        if violations:
            key = violations[0].pointer.split("/")[1] if violations[0].pointer else ""
            self._add(
                INVALID_ENTRY,
                f"the ledger entry's {messages}" if key else f"the ledger entry {messages}",
                jsontext.position_of_key(text, key),
            )

    def _identity(self, text: str, canonical: str) -> None:
        actual = job_id_of(canonical)
        if actual != self._job_id:
            self._add(
                IDENTITY_MISMATCH,
                "the ledger entry's statepoint is not the one of its run: it hashes to "
                f"{actual}, so it was edited or damaged",
                jsontext.position_of_key(text, "statepoint"),
            )

    def _unknown_fields(self, text: str, document: dict[str, Any]) -> None:
        version = document.get("schema_version")
        # 2.0 is a whole number as well; Infinity is none.
        newer = isinstance(version, int | float) and version > SCHEMA_VERSION and version % 1 == 0
        unknown = [] if newer else unknown_fields(document)
        if newer:
            what = f"the ledger entry has schema_version {shown(str(version))}: a newer "
            what += "version of pytest-aexp wrote it, so it may have fields that were not checked"
            at = jsontext.position_of_key(text, "schema_version")
            self._add(UNKNOWN_FIELD, what, at, "upgrade pytest-aexp")
        elif unknown:
            noun = "a field" if len(unknown) == 1 else f"{len(unknown)} fields"
            names = listed([quoted(name, 40) for name in unknown[:5]], total=len(unknown))
            self._add(
                UNKNOWN_FIELD,
                f"the ledger entry has {noun} that this version does not know: {names}",
                jsontext.position_of_key(text, unknown[0].rpartition(".")[2]),
                f"upgrade pytest-aexp, or {self._promote_again()}",
            )

    def _leaks(self, text: str, document: dict[str, Any]) -> None:
        if not may_leak(text):
            return
        leaks = redact.leaks(document)
        if leaks:
            places = redact.places_of(leaks)
            within, _, key = leaks[0].pointer.rpartition("/")
            at = jsontext.position_of_key(text, "redacted" if within == "/redacted" else key)
            fix = f"{self._promote_again()}; if a credential was pushed, change it"
            self._add(LEAK, f"the ledger entry holds {places}", at, fix)

    def _promote_again(self) -> str:
        return f"run `aexp ledger promote {self._job_id}` on the machine that has the run"

    def _add(
        self,
        rule: Rule,
        message: str,
        position: Position | None = None,
        fix: str = "",
        remedy: Remedy | None = None,
    ) -> None:
        fix, at = fix or self._promote_again(), position or Position()
        fault = Fault(rule, self._path, message, fix, at, job_id=self._job_id, remedy=remedy)
        self.faults.append(fault)
