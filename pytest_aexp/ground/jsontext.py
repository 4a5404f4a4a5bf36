"""JSON from files that nobody vouches for: bounded in depth and size before it is parsed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from pytest_aexp.ground.text import Position, position_in


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_strictly = json.JSONDecoder(parse_constant=_no_json).decode


def _loads_plainly(data: bytes | str) -> Any:
    return _strictly(data.decode() if isinstance(data, bytes) else data)


def _dumps_plainly(document: Any) -> bytes:
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can hold and UTF-8 cannot: written as its escape.
        return json.dumps(document, indent=2, sort_keys=True).encode()


try:
    import orjson
except ImportError:
    # No wheel of it for this interpreter: the same, more slowly.
    _loads_quickly: Callable[[bytes | str], Any] = _loads_plainly
    _dumps_quickly: Callable[[Any], bytes] = _dumps_plainly
else:
    _loads_quickly = orjson.loads
    _dumps_quickly = partial(orjson.dumps, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)

VALUES_LIMIT = 1_000_000
"""The most values a file may hold: an empty object of two characters takes 64 bytes of memory."""
_MEMORY_LIMIT = 40 << 20
"""Bytes a text may take: a single emoji makes Python keep each of its characters in four."""

# The last quote may be missing: else each quote in the rest of the text would be tried in turn.
_NO_BRACKETS = re.compile(r'(?:"(?:[^"\\]|\\.)*+"?|[^]["{}]++)++', re.DOTALL)
_ONE_KIND = str.maketrans("{}", "[]")


_LONG_NUMBER = re.compile(r"[0-9]{19}")
_COLON = re.compile(r"\s*:")


class BeyondBounds(ValueError):
    """Too deep or too much; the text completes the sentence "the file …"."""


def parse(data: bytes, depth: int) -> Any:
    """The JSON in ``data``, NaN and Infinity included. Raises ValueError, BeyondBounds."""
    text = data.decode().removeprefix("\ufeff")
    if sys.getsizeof(text) > _MEMORY_LIMIT or sum(map(text.count, "[{,")) > VALUES_LIMIT:
        raise BeyondBounds(f"is too large: over {VALUES_LIMIT:,} values, or too much text")
    if nested_deeper(text, depth):
        raise BeyondBounds(f"is nested more than {depth} deep")
    return load_exactly(text)


def load_quickly(data: bytes | str) -> Any:
    """The JSON in ``data``, fast. Raises ValueError, also for much that ``parse`` takes.

    An integer of more than 64 bits may lose digits: whoever rests on one must compare a hash.
    """
    return _loads_quickly(data)


def load_exactly(text: str) -> Any:
    """The JSON in ``text``, as Python's parser reads it: each integer to its last digit.

    Raises ValueError.
    """
    if _LONG_NUMBER.search(text):
        return json.loads(text)
    try:
        return _loads_quickly(text)
    except ValueError:
        # NaN, Infinity, half of a surrogate pair: JSON to Python alone.
        return json.loads(text)


def load_decimals(text: str) -> Any:
    """The JSON in ``text`` with each number as a Decimal, to its last digit.

    NaN, Infinity and what is beyond any exponent is None. Raises ValueError.
    """
    return json.loads(text, parse_float=_decimal, parse_int=_decimal, parse_constant=lambda _: None)


def _decimal(digits: str) -> Decimal | None:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


# A number that Python may write with an exponent: below 1e-4, or from 1e16 on.
_UNUSUAL_NUMBER = re.compile(rb" -?[0-9](?:(?<=0)\.0000|[0-9]{16}|[0-9.]*[eE])")


def dump_exactly(document: Any) -> bytes:
    """A list or mapping as UTF-8: an indent of two, sorted keys, numbers as Python has them."""
    try:
        data = _dumps_quickly(document)
        if b"null" in data:
            # It stands for NaN as well.
            json.dumps(document, allow_nan=False)
    except (ValueError, TypeError):
        return _dumps_plainly(document)
    return _dumps_plainly(document) if _UNUSUAL_NUMBER.search(data) else data


def dump_quickly(document: Any) -> bytes:
    """The same, fast: NaN becomes null, and what `has_exponents` may be written in another way."""
    try:
        return _dumps_quickly(document)
    except TypeError:
        return _dumps_plainly(document)


def has_exponents(canonical: str) -> bool:
    """Whether JSON text that Python wrote may hold a number with an exponent, such as 1e-05."""
    return "e-" in canonical or "e+" in canonical


def position_of_key(text: str, key: str) -> Position:
    """Where ``key`` stands as a key in JSON text, at its top or first; the start if nowhere."""
    written = json.dumps(key, ensure_ascii=False)
    top = text.find(f"\n  {written}:")
    at = top + 3 if top >= 0 else text.find(written)
    while at >= 0 and not _COLON.match(text, at + len(written)):
        at = text.find(written, at + 1)
    return position_in(text, at) if key and at >= 0 else Position()


_CLOSED_TOO_SOON = {
    "}": ("Expecting property name enclosed in double quotes", "object"),
    "]": ("Expecting value", "array"),
}


def syntax_error(error: json.JSONDecodeError) -> tuple[str, Position]:
    """What breaks the grammar, and where, in the same words from every Python.

    From 3.13 on Python names a comma before a closing bracket; before that it names the bracket.
    """
    said, kind = _CLOSED_TOO_SOON.get(error.doc[error.pos : error.pos + 1], ("", ""))
    before = error.doc[: error.pos].rstrip(" \t\n\r")
    if said == error.msg and before.endswith(","):
        at = position_in(error.doc, len(before) - 1)
        return f"Illegal trailing comma before end of {kind}", at
    return error.msg, Position(error.lineno, error.colno)


def refusal(error: ValueError) -> str:
    """Why ``parse`` refused a file, as the rest of the sentence "the file …"."""
    return str(error) if isinstance(error, BeyondBounds) else "is not valid JSON"


def nested_deeper(text: str, limit: int) -> bool:
    """Whether the JSON in ``text`` nests more than ``limit`` deep; strings do not count."""
    if text.count("[") + text.count("{") <= limit:
        return False
    brackets = _NO_BRACKETS.sub("", text).translate(_ONE_KIND)
    # Each round takes away what nests nothing any more: the rounds until nothing is left are the
    # depth. What is never closed is left as well.
    for _ in range(limit):
        fewer = brackets.replace("[]", "")
        if fewer == brackets:
            return brackets.count("[") > limit
        brackets = fewer
    return "[" in brackets
