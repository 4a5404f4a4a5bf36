"""Job ids, and when two JSON values are the same."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import md5
from typing import Any, TypeGuard

JOB_ID_LENGTH = 32
JOB_ID = re.compile(rf"[0-9a-f]{{{JOB_ID_LENGTH}}}", re.ASCII)
# Without a look for cycles, which JSON that was read cannot have: a third of the time.
canonical_json = json.JSONEncoder(sort_keys=True, check_circular=False).encode
"""The same text for the same JSON, whatever the order of its keys."""


def is_job_id(text: str) -> bool:
    """Whether ``text`` is 32 lower-case hex digits."""
    return JOB_ID.fullmatch(text) is not None


def statepoint_json(statepoint: Any) -> str:
    """The text whose md5 is the job id.

    Source: signac 2, ``signac.job.calc_id``: ``json.dumps(statepoint, sort_keys=True)``.
    """
    return canonical_json(statepoint)


def job_id_of(canonical: str) -> str:
    """The job id of the statepoint that ``statepoint_json`` turned into ``canonical``."""
    # Else a Python built for FIPS refuses MD5.
    return md5(canonical.encode(), usedforsecurity=False).hexdigest()


def value_key(value: Any) -> str:
    """Equal for two JSON values exactly if they are equal as JSON.

    1 and 1.0 are equal; 1, "1", true and null differ.
    """
    if type(value) is int:  # the most common, and by far the fastest so
        return str(value)
    return _text_key(value) if isinstance(value, str) else canonical_json(_normal(value))


# The runs of an experiment have few words among them.
_text_key = lru_cache(1024)(canonical_json)


def _normal(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_normal(inner) for inner in value]
    return value


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    """What a JSON value is, in words: ``text``, ``a number``, ``true or false`` …"""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping"
