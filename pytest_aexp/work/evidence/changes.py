"""The runs that are new, gone, ran again or were retracted since a commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground.jsontext import ExactFloat
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.job_id import value_key
from pytest_aexp.model.query.documents import Document
from pytest_aexp.model.query.match import MISSING, value_of
from pytest_aexp.model.query.table import flat
from pytest_aexp.model.retractions import Retractions

KINDS = ("new", "gone", "ran again", "changed", "retracted", "no longer retracted")
"""What can become of a run."""

_COMPARED = ("status", "ended", "code_commit", "machine")
_RERUN = ("started_at", "ended_at", "attempt")
"""What differs between two attempts, even if both gave the same."""


@dataclass(frozen=True, slots=True)
class RunChange:
    """What became of one run; ``details`` are the values that differ, as ``then -> now``."""

    kind: str
    run: Document
    details: tuple[str, ...] = ()


def compare(
    then: Mapping[str, Document], now: Mapping[str, Document], retractions: Retractions
) -> Iterator[RunChange]:
    """What differs between the runs then and now, by job id; ``retractions`` are those of now."""
    for job_id in sorted({*then, *now}):
        old, new = then.get(job_id), now.get(job_id)
        if old is None and new is not None:
            yield RunChange("new", new, tuple(_reasons(new, retractions)))
        elif new is None and old is not None:
            yield RunChange("gone", old)
        elif old is not None and new is not None:
            yield from _changed(old, new, retractions)


def _changed(old: Document, new: Document, retractions: Retractions) -> Iterator[RunChange]:
    details = tuple(_details(old, new))
    if details:
        rerun = any(old.get(name) != new.get(name) for name in _RERUN)
        yield RunChange("ran again" if rerun else "changed", new, details)
    before, after = set(old.get("retracted", ())), set(new.get("retracted", ()))
    if after - before:
        yield RunChange("retracted", new, tuple(_reasons(new, retractions)))
    elif before - after:
        yield RunChange("no longer retracted", new)


def _reasons(run: Document, retractions: Retractions) -> Iterator[str]:
    retraction = retractions.get(run["job_id"])
    for record in retraction.records if retraction is not None else ():
        yield f"{quoted(record.reason)} (record {record.record_id})"


def _details(old: Document, new: Document) -> Iterator[str]:
    for name in _COMPARED:
        yield from _differing(name, value_of(old, name), value_of(new, name))
    metrics = [flat(run.get("metrics") or {}) for run in (old, new)]
    for name in sorted({*metrics[0], *metrics[1]}):
        yield from _differing(name, *(values.get(name, MISSING) for values in metrics))


def _differing(name: str, old: Any, new: Any) -> Iterator[str]:
    # By their digits: two numbers may be one float.
    if (old is MISSING) == (new is MISSING) and (old is MISSING or _exact(old) == _exact(new)):
        return
    yield f"{name} {_shown(name, old)} -> {_shown(name, new)}"


def _shown(name: str, value: Any) -> str:
    if value is MISSING:
        return "none"
    if name == "code_commit" and isinstance(value, str):
        return value[:10]
    return value if isinstance(value, str) and value else _exact(value)


def _exact(value: Any) -> str:
    return value.text if isinstance(value, ExactFloat) else value_key(value)
