"""Citations as YAML, in flow style, that reads back as what was meant."""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_aexp.ground.yaml import values
from pytest_aexp.ground.yaml.nodes import Scalar

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
_DIGITS_ONLY = re.compile(r"[0-9]+(?:e[0-9]+)?", re.ASCII)


def job_text(job_id: str) -> str:
    """A job id as YAML: quoted where another reader would take it for a number."""
    return f'"{job_id}"' if _DIGITS_ONLY.fullmatch(job_id) else job_id


def job_citation(job_id: str) -> str:
    """A citation of one run."""
    return f"{{type: job, id: {job_text(job_id)}}}"


def batch_citation(experiment: str, selector: dict[str, Any]) -> str:
    """A citation of a batch; of the whole experiment if the selector is empty."""
    told = ", ".join(f"{_yaml(key)}: {_yaml(value)}" for key, value in selector.items())
    chosen = f", selector: {{{told}}}" if told else ""
    return f"{{type: batch, experiment_id: {experiment}{chosen}}}"


def text_as_yaml(text: str) -> str:
    """A text as YAML, inside brackets too, quoted where it needs to be."""
    return _yaml(text)


def _yaml(value: Any) -> str:
    """A JSON value as YAML that reads back as the same; JSON is YAML, plain text is nicer."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        read = values.scalar(Scalar(value, 0, plain=True))
        if read == value:
            return value
    return _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> str:
    """JSON, as YAML allows it: what does not print is written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
