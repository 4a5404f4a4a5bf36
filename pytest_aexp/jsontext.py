"""JSON from files that nobody vouches for: bounded in depth before it is parsed."""

from __future__ import annotations

import json
import re
from typing import Any

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


def parse(data: bytes, depth: int) -> Any:
    """The JSON in ``data``, NaN and Infinity included. Raises ValueError."""
    text = data.decode("utf-8-sig")
    if nested_deeper(text, depth):
        raise ValueError(f"nested more than {depth} deep")
    return json.loads(text)


def nested_deeper(text: str, limit: int) -> bool:
    """Whether the JSON in ``text`` nests more than ``limit`` deep; strings do not count."""
    if text.count("[") + text.count("{") <= limit:
        return False
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > limit:
                return True
        elif mark in "]}":
            depth -= 1
    return False
