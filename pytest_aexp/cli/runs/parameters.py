"""Parameters of a run as they are typed: ``--sp KEY=VALUE``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.query.grammar import word

_BETWEEN_PAIRS = re.compile(r",(?=[^,=]+=)")


def parameters(texts: Iterable[str]) -> dict[str, Any]:
    """The parameters in ``texts``, in each of which commas may join several.

    A value is read as in every other command: JSON where it is JSON, else text.
    """
    pairs = (pair for text in texts for pair in _BETWEEN_PAIRS.split(text))
    return dict(_parameter(pair.strip(" ,")) for pair in pairs if pair.strip(" ,"))


def _parameter(text: str) -> tuple[str, Any]:
    key, sign, written = text.partition("=")
    value = word(written).value
    if not sign or not key.strip() or (isinstance(value, str) and "," in written):
        raise UsageError(
            f"--sp {quoted(text)} is not KEY=VALUE; a text with a comma in it can be given with "
            "--statepoint"
        )
    return key.strip(), value
