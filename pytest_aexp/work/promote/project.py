"""What of a finished run may enter the ledger: an allowlist, sanitised."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import quoted, shown
from pytest_aexp.model.entry import (
    RUN_LINK_FIELDS,
    SCHEMA_VERSION,
    TERMINAL_STATUSES,
    TRACKER_FIELDS,
    entry_bytes,
)
from pytest_aexp.model.job_id import is_number
from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.redaction.redact import redact
from pytest_aexp.model.runs.run_attempt import attempt_number, is_foreign
from pytest_aexp.model.runs.run_files import RunFiles, run_link_of

NO_METRICS: Mapping[str, str] = MappingProxyType({})
Number = int | float | None
"""A number of an entry; None is a NaN or an infinity."""
_FIELDS = ("status", "started_at", "ended_at", "wallclock_s", "code_commit", "code_dirty")


class Projection(NamedTuple):
    """What a run's entry would be, and as the ledger would hold it."""

    entry: dict[str, Any]
    data: bytes


def utc_now() -> str:
    """The time as entries have it: UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def project(
    job_id: str, files: RunFiles, machine: str, metrics: Mapping[str, str] = NO_METRICS
) -> Projection:
    """The entry of a run, from its files; raises NotPromotable with the reason.

    ``promoted_at`` is now. ``metrics`` are paths of numbers in the run's document, by name.
    """
    return sanitise(describe(job_id, files, machine, metrics))


def describe(
    job_id: str, files: RunFiles, machine: str, metrics: Mapping[str, str]
) -> dict[str, Any]:
    """The same before anything is redacted and without the time of its promotion."""
    status = _checked_status(job_id, files)
    _refuse_invalid_json(job_id, files)
    document = files.document
    entry = {
        "schema_version": SCHEMA_VERSION,
        "job_id": job_id,
        "statepoint": files.statepoint,
        "status": status,
        "registered_machine": machine,
        "run_link": _run_link(run_link_of(document)),
        "started_at": _text(document.get("started_at")),
        "ended_at": _text(document.get("ended_at")),
        "wallclock_s": _seconds(document.get("wallclock_s")),
        "tracker": _tracker(document.get("tracker")),
        "code_commit": _text(_code(files, "code_commit")),
        "code_dirty": _truth(_code(files, "code_dirty")),
        "attempt": attempt_number(document),
        "metrics": lifted_metrics(document, metrics) or None,
    }
    return {key: value for key, value in entry.items() if value is not None}


def sanitise(entry: dict[str, Any]) -> Projection:
    """An entry that was described so, as the ledger may hold it from now on."""
    others = {**entry, "promoted_at": utc_now()}
    # A number is not a secret, whatever its name.
    numbers = others.pop("metrics", None)
    projection = _laid_out(others)
    if may_leak(projection.data.decode()):
        clean, redacted = redact(others)
        assert isinstance(clean, dict)
        if redacted:
            projection = _laid_out({**clean, "redacted": list(redacted)})
    return _laid_out({**projection.entry, "metrics": numbers}) if numbers else projection


def _laid_out(entry: dict[str, Any]) -> Projection:
    return Projection(entry, entry_bytes(entry))


def _code(files: RunFiles, name: str) -> Any:
    """What the run says of its code: in its statepoint, or beside it where it is no parameter."""
    return files.statepoint.get(name, files.document.get(name))


def _checked_status(job_id: str, files: RunFiles) -> str:
    if files.faults:
        fault = files.faults[0]
        raise NotPromotable(f"run {job_id}: {fault.message} ({fault.path}); {fault.fix}")
    status = files.document.get("status")
    if is_foreign(files.document):
        raise NotPromotable(
            f"the status of run {job_id} is {shown_status(files.document)}, which is not one of "
            "pytest-aexp's, so it is not known whether and how it ended; to replace it, run "
            f"`aexp mark {job_id} complete --replace` (or {', '.join(TERMINAL_STATUSES[1:])})"
        )
    if status not in TERMINAL_STATUSES:
        state = f"its status is {quoted(status)}" if isinstance(status, str) else "it has no status"
        raise NotPromotable(
            f"run {job_id} has not finished ({state}): only a finished run enters the ledger; "
            f"say how it ended with `aexp mark {job_id} complete` "
            f"(or {', '.join(TERMINAL_STATUSES[1:])})"
        )
    return str(status)


def shown_status(document: Mapping[str, Any]) -> str:
    """A status of another program, as messages show it."""
    status = document.get("status")
    return quoted(status) if isinstance(status, str) else shown(str(status), 60)


def _refuse_invalid_json(job_id: str, files: RunFiles) -> None:
    # A look for the words first: to encode every statepoint once more takes longer.
    if not ("NaN" in files.canonical or "Infinity" in files.canonical):
        return
    try:
        json.dumps(files.statepoint, allow_nan=False)
    except ValueError:
        raise NotPromotable(
            f"run {job_id}: its statepoint holds NaN or Infinity, which is not valid JSON, so it "
            'cannot enter the ledger; write such a value as text ("nan") or null in new runs'
        ) from None


def _run_link(link: Any) -> dict[str, str | None] | None:
    if not isinstance(link, dict):
        return None
    fields = {name: link.get(name) for name in RUN_LINK_FIELDS if name in link}
    return {n: v for n, v in fields.items() if v is None or isinstance(v, str)} or None


def _tracker(tracker: Any) -> dict[str, str] | None:
    if not isinstance(tracker, dict):
        return None
    return {n: t for n in TRACKER_FIELDS if (t := _text(tracker.get(n))) is not None} or None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return str(value) or None
    return str(value) if is_number(value) else None


def _seconds(value: Any) -> float | int | None:
    return value if is_number(value) and math.isfinite(value) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def lifted_metrics(document: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Number]:
    """The numbers in ``document`` at these paths, by the names of the paths.

    A path is a key, or keys with slashes between them. What is not a number is left out.
    """
    values = {
        name: next((container[key] for container, key in _places(document, path)), None)
        for name, path in paths.items()
    }
    return {
        name: value if math.isfinite(value) else None
        for name, value in values.items()
        if is_number(value)
    }


def remove_metrics(document: dict[str, Any], paths: Mapping[str, str]) -> None:
    """Take what is at these paths out of ``document``."""
    for path in paths.values():
        for container, key in list(_places(document, path)):
            del container[key]


def _places(document: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Where a path leads: keys may have slashes themselves, as in ``{"val/loss": 0.1}``."""
    if not isinstance(document, Mapping):
        return
    if path in document:
        yield document, path
    for at in (index for index, character in enumerate(path) if character == "/"):
        if path[:at] in document:
            yield from _places(document[path[:at]], path[at + 1 :])


def as_entry(repository: Repository, job_id: str, files: RunFiles) -> dict[str, Any]:
    """What the ledger entry of a run with these files would say."""
    document = files.document
    return {
        **{name: document[name] for name in _FIELDS if name in document},
        "job_id": job_id,
        "statepoint": files.statepoint,
        "run_link": run_link_of(document),
        "registered_machine": repository.machine_label,
        "attempt": attempt_number(document),
        "metrics": lifted_metrics(document, repository.configuration.metrics),
    }
