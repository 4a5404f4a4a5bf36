"""Values of which the quick lane takes a few and the full lane all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def slow_unless(values: Sequence[Any], quick: Iterable[Any]) -> list[Any]:
    """All ``values``, as parameters of a test that are marked slow unless they are in ``quick``."""
    kept = list(quick)
    return [
        value if any(value is one for one in kept) else pytest.param(value, marks=pytest.mark.slow)
        for value in values
    ]


def a_few(values: Sequence[Any], count: int) -> list[Any]:
    """All ``values``, of which ``count``, spread over the whole, are not marked slow."""
    step = max(len(values) / count, 1.0)
    chosen = {int(number * step) for number in range(count)}
    return [
        value if index in chosen else pytest.param(value, marks=pytest.mark.slow)
        for index, value in enumerate(values)
    ]
