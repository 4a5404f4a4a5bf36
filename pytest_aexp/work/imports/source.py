"""A run as another program recorded it, in the words of the ledger."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pytest_aexp.ground.jsontext import exact_float, refuse_constant
from pytest_aexp.ground.settings.metric_names import LONGEST_NAME
from pytest_aexp.ground.text import parse_time, utc
from pytest_aexp.model.query.match import MISSING, nested

_T = TypeVar("_T")
# As MLflow, W&B, Sacred and Slurm call them, and people in their own files.
_STATUSES = {
    "complete": "complete completed finished done success succeeded successful ok".split(),
    "failed": "failed failure error crashed crash exception".split(),
    "stopped": "stopped killed canceled cancelled preempted interrupted timeout".split(),
    "abandoned": ["abandoned"],
    "": "running scheduled pending queued created started active".split(),
}
_STATUS_OF = {word: status for status, words in _STATUSES.items() for word in words}
_METRIC_NAME = re.compile(r"[^0-9A-Za-z_]")
_LARGEST = 1.797e308
"""MLflow's database has an infinity as the largest number there is, or nearly."""


@dataclass(frozen=True, slots=True)
class SourceRun:
    """A finished run; ``name`` is how messages name it, ``document`` is as a signac job has it."""

    name: str
    parameters: dict[str, Any]
    metrics: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    run_id: str = ""
    experiment: str = ""


@dataclass(frozen=True, slots=True)
class SkippedRun:
    """A run that is not imported, and why; ``damaged`` if somebody should look at it."""

    name: str
    reason: str
    damaged: bool = False


class Unusable(Exception):
    """A run that cannot be imported; the text completes "the run …"."""

    def __init__(self, reason: str, *, damaged: bool = True) -> None:
        super().__init__(reason)
        self.damaged = damaged


@dataclass(frozen=True, slots=True)
class Columns:
    """Which values are parameters and metrics; a metric may have another name than its column.

    ``optional`` metrics may have no column: those that the repository's settings list.
    """

    parameters: Sequence[str]
    metrics: Mapping[str, str]
    run_id: str = "run_id"
    optional: bool = False


def read_each(
    sources: Iterable[tuple[str, _T]], read: Callable[[str, _T], SourceRun]
) -> Iterator[SourceRun | SkippedRun]:
    """What ``read`` makes of each source, or, by the source's name, why it is left out."""
    for name, source in sources:
        try:
            yield read(name, source)
        except Unusable as reason:
            yield SkippedRun(name, str(reason), reason.damaged)
        except OSError as error:
            yield SkippedRun(name, f"cannot be read: {error.strerror}", damaged=True)


def document_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the source says of a run's end and code, as a job's document has it. Raises Unusable."""
    document = {
        "status": status_of(row.get("status")),
        "started_at": time_of(row.get("started_at")),
        "ended_at": time_of(row.get("ended_at")),
        "wallclock_s": number(row.get("wallclock_s")),
        **{name: row.get(name) for name in ("code_commit", "code_dirty", "tracker")},
    }
    return {name: value for name, value in document.items() if value is not None}


def metrics_of(values: dict[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The metrics that ``columns`` name, else all. Raises Unusable for what is not a number."""
    names = columns or {name: name for name in values}
    pairs = {name: _measured(values, column) for name, column in names.items()}
    return {name: number(value) for name, value in pairs.items() if value is not MISSING}


def numbers_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics where none are named: whatever is a number."""
    metrics = {}
    for name, value in values.items():
        with suppress(Unusable):
            metrics[name] = number(value)
    return metrics


def typed(text: str) -> Any:
    """A parameter that was stored as text: a JSON value, or Python's True, False or None."""
    constants = {"True": True, "False": False, "None": None}
    if text in constants:
        return constants[text]
    try:
        value = json.loads(text, parse_constant=refuse_constant, parse_float=exact_float)
    except (ValueError, RecursionError):
        return text
    is_infinite = isinstance(value, float) and not math.isfinite(value)
    return text if is_infinite or isinstance(value, str) else value


def typed_by_python(text: str) -> Any:
    """The same of what Python made text, lists and mappings with their quotes among it."""
    value = typed(text)
    if not isinstance(value, str) or not text.startswith(("[", "{")):
        return value
    try:
        literal = ast.literal_eval(text)
        # A tuple would come back as a list, and a number among the keys as text.
        same = json.loads(json.dumps(literal, allow_nan=False)) == literal
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
    return literal if same else text


def number(value: Any) -> float | int | None:
    """A metric; NaN and the infinities are None. Raises Unusable for what is not a number."""
    if isinstance(value, str):
        try:
            value = typed(value) if not isinstance(typed(value), str | bool) else float(value)
        except ValueError:
            raise Unusable(f"has a metric that is not a number: {value[:40]!r}") from None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable(f"has a metric that is not a number: {str(value)[:40]!r}")
    if isinstance(value, float) and not abs(value) < _LARGEST:
        return None
    return value


def _measured(row: dict[str, Any], name: str) -> Any:
    # Dots, and slashes, lead into nested objects.
    value = nested(row, name)
    return nested(row, name.replace("/", ".")) if value is MISSING else value


def metric_name(name: str) -> str:
    """The name of a metric as the ledger can have it: ``val/loss`` is ``val_loss``."""
    plain = _METRIC_NAME.sub("_", name)[:LONGEST_NAME]
    return f"_{plain}"[:LONGEST_NAME] if plain[:1].isdigit() else plain


def status_of(value: Any) -> str:
    """The ledger's word for a status; raises Unusable for a run that has not finished."""
    if value is None or value == "":
        return "complete"
    status = _STATUS_OF.get(str(value).strip().lower())
    if status == "":
        raise Unusable(f"has not finished: its status is {str(value)[:40]}", damaged=False)
    if status is None:
        names = ", ".join(name for name in _STATUSES if name)
        raise Unusable(f"has the status {str(value)[:40]!r}, which is not one of {names}")
    return status


def time_of(value: Any) -> str | None:
    """A time as entries have it, UTC to the second. Raises Unusable for what is not a time."""
    if value is None or value == "":
        return None
    moment = parse_time(value.strip().replace(" ", "T", 1) if isinstance(value, str) else value)
    if moment is None:
        raise Unusable(
            f"has a time that cannot be read: {str(value)[:40]!r}; write 2026-05-01T14:30:00Z"
        )
    return utc(moment)


def time_of_ms(milliseconds: Any) -> str | None:
    """The same of milliseconds since 1970."""
    if not isinstance(milliseconds, int | float) or milliseconds <= 0:
        return None
    return utc(datetime.fromtimestamp(milliseconds / 1000, UTC))
