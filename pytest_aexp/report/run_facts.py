"""What the page shows of one run; every text is cut, and safe to show once HTML is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pytest_aexp.ground.jsontext import dump_portable
from pytest_aexp.ground.text import clean, cut, parse_time, shown
from pytest_aexp.model.batches import experiments_in
from pytest_aexp.model.query.table import flat

PARAMETERS_SHOWN = 200
"""How many characters of a run's statepoint are shown."""
MOST_PARAMETERS = 2000
"""How many of it are there to be seen on demand."""
LABEL = 40
"""How many characters of a machine's name or a status are shown."""
_URL_LIMIT = 2000
_AMBIGUOUS = re.compile(r"|true|false|null|[-\d\"\[{].*", re.DOTALL)
"""Text that without its quotes would look like another value."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: as people read it, in UTC, and in seconds since 1970.

    ``seconds`` is None where the text is not a date and time; it is then shown as it was written.
    """

    text: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Tracker:
    """Where a run is tracked; ``url`` is None where it must not become a link."""

    label: str
    url: str | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run as the page shows it; ``status`` may also say why nothing more is known."""

    job_id: str
    status: str
    machine: str = ""
    experiment: str = ""
    parameters: str = ""
    all_parameters: str = ""
    """All parameters, where not all of them are shown."""
    values: tuple[tuple[str, Any], ...] = ()
    """The parameters by dotted name."""
    metrics: str = ""
    retracted: str = ""
    """Why it was retracted."""
    started: Moment = Moment()
    ended: Moment = Moment()
    took: str = ""
    commit: str = ""
    dirty: bool = False
    tracker: Tracker | None = None
    is_local: bool = False
    """Whether only this machine's run store has it."""

    @property
    def shown_status(self) -> str:
        """The status, and with it that nobody else can see the run."""
        return f"{self.status}, only here" if self.is_local else self.status

    @property
    def when(self) -> float | None:
        """When it started, else when it ended, in seconds since 1970; None if neither is known."""
        return self.ended.seconds if self.started.seconds is None else self.started.seconds


def facts_of(document: Mapping[str, Any]) -> RunFacts:
    """The facts in a ledger entry, whatever types its values have."""
    statepoint = document.get("statepoint")
    return RunFacts(
        job_id=_text(document.get("job_id")),
        status=_text(document.get("status"), LABEL) or "unknown",
        machine=_text(document.get("registered_machine"), LABEL),
        experiment=shown(", ".join(experiments_in(document)), LABEL),
        parameters=parameters(point := statepoint if isinstance(statepoint, dict) else {}),
        all_parameters=parameters(point, MOST_PARAMETERS),
        values=tuple(flat(point).items()),
        metrics=_metrics(document.get("metrics")),
        started=moment(document.get("started_at")),
        ended=moment(document.get("ended_at")),
        took=duration(document.get("wallclock_s")),
        commit=_text(document.get("code_commit"), 64),
        dirty=document.get("code_dirty") is True,
        tracker=_tracker(document.get("tracker")),
    )


def with_parameters(run: RunFacts, names: Sequence[str], *, only: bool) -> RunFacts:
    """The run, showing these of its parameters alone, or first: those in which runs differ."""
    values = dict(run.values)
    chosen = {name: values[name] for name in names if name in values}
    chosen = chosen if only else {**chosen, **values}
    return replace(
        run, parameters=parameters(chosen), all_parameters=parameters(chosen, MOST_PARAMETERS)
    )


def _metrics(values: Any) -> str:
    pairs = values.items() if isinstance(values, dict) else ()
    return shown(
        ", ".join(f"{name} {dump_portable(value, indented=False)}" for name, value in pairs), 200
    )


def _text(value: Any, limit: int = 80) -> str:
    return shown(value, limit) if isinstance(value, str) else ""


def parameters(values: Mapping[str, Any], limit: int = PARAMETERS_SHOWN) -> str:
    """``condition=full, seed=1``: the parameters in which runs differ, cut to ``limit``."""
    text = ""
    for part in _parts(values):
        text += f", {part}" if text else part
        if len(text) > limit:
            break
    return clean(cut(text, limit))


def _parts(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if key not in ("experiment_id", "code_commit", "code_dirty"):
            plain = isinstance(value, str) and not _AMBIGUOUS.fullmatch(value)
            yield f"{key}={value if plain else json.dumps(value, ensure_ascii=False)}"


def moment(value: Any) -> Moment:
    """The point in time that a text names; one without a zone is taken for UTC."""
    if not isinstance(value, str):
        return Moment()
    time = parse_time(value)
    try:
        at = None if time is None else time.astimezone(UTC)
    # The first and the last day that Python knows have no moment in some zones.
    except OverflowError:
        at = None
    if at is None:
        return Moment(shown(value, LABEL))
    return Moment(f"{at:%Y-%m-%d %H:%M}", (at - _EPOCH).total_seconds())


def duration(value: Any) -> str:
    """Seconds as people say them: ``45 s``, ``12 min``, ``3 h 22 min``, ``5 d 3 h``."""
    # No run takes over 300 years.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e10:
        return ""
    if value < 60:
        return f"{value:.3g} s"
    minutes = round(value / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440:,} d {minutes % 1440 // 60} h"


def _tracker(value: Any) -> Tracker | None:
    if not isinstance(value, dict):
        return None
    url, backend = value.get("url"), _text(value.get("backend"), LABEL)
    label = " ".join(filter(None, (backend, _text(value.get("run_id"), LABEL))))
    if isinstance(url, str) and is_web_address(url):
        return Tracker(label or shown(urlsplit(url).hostname or "", LABEL), url)
    label = label or _text(url, LABEL)
    return Tracker(label, None) if label else None


def is_web_address(url: str) -> bool:
    """Whether ``url`` may become a link: plain http or https, and no credential in it."""
    # To a browser a backslash is a slash (WHATWG URL standard), so what is before it is the host.
    if len(url) > _URL_LIMIT or not url.isprintable() or url != clean(url) or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_web and "@" not in parts.netloc and not any(letter.isspace() for letter in url)
