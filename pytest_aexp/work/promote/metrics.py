"""The numbers of a run's document that ``[tool.aexp.metrics]`` lets into its entry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_aexp.model.job_id import is_number

Number = int | float | None
"""A number of an entry; None is a NaN or an infinity."""


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
