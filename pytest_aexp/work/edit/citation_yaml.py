"""Citations as YAML, in flow style, that reads back as what was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
_DIGITS_ONLY = re.compile(r"[0-9]+(?:e[0-9]+)?", re.ASCII)
# What one reader of YAML or another takes for something else than text.
_OTHERWISE = frozenset("y n yes no on off true false null none nan inf".split())


def job_text(job_id: str) -> str:
    """A job id as YAML: quoted where another reader would take it for a number."""
    return f'"{job_id}"' if _DIGITS_ONLY.fullmatch(job_id) else job_id


def time_text(time: str) -> str:
    """A time as YAML: readers without YAML 1.1 refuse its colons in braces, others convert it."""
    return _escaped(json.dumps(time, ensure_ascii=False))


def list_text(values: Iterable[str]) -> str:
    """A list of ids, or one of them, as YAML."""
    texts = [job_text(value) for value in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def job_citation(job_id: str) -> str:
    """A citation of one run."""
    return f"{{type: job, id: {job_text(job_id)}}}"


def batch_citation(experiment: str, selector: dict[str, Any]) -> str:
    """A citation of a batch; of the whole experiment if the selector is empty."""
    pairs = ", ".join(f"{value_text(key)}: {value_text(value)}" for key, value in selector.items())
    chosen = f", selector: {{{pairs}}}" if pairs else ""
    return f"{{type: batch, experiment_id: {experiment}{chosen}}}"


def value_text(value: Any) -> str:
    """A JSON value as YAML that reads back as the same; JSON is YAML, plain text is nicer."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _OTHERWISE:
        return value
    return _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> str:
    """JSON, as YAML allows it: what does not print is written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
