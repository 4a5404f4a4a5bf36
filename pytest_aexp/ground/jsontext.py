"""JSON from files of any origin, bounded in depth and size before it is parsed; JSON to write."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring, encode_basestring_ascii
from math import isfinite
from typing import Any, NamedTuple

from pytest_aexp.ground.text import Position, position_in

VALUES_LIMIT = 1_000_000
"""The most values a file may hold: an empty object of two characters takes 64 bytes of memory."""
_MEMORY_LIMIT = 40 << 20
"""Bytes a text may take: a single emoji makes Python keep each of its characters in four."""

# The last quote may be missing: else each quote in the rest of the text would be tried in turn.
_NO_BRACKETS = re.compile(r'(?:"(?:[^"\\]|\\.)*+"?|[^]["{}]++)++', re.DOTALL)
_ONE_KIND = str.maketrans("{}", "[]")
_COLON = re.compile(r"\s*:")


class BeyondBounds(ValueError):
    """Too deep or too much; the text completes the sentence "the file …"."""


class RepeatedKey(ValueError):
    """An object has ``key`` twice, so programs differ in what they read in it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For ``object_pairs_hook``: the object of ``pairs``. Raises RepeatedKey."""
    document = dict(pairs)
    if len(document) < len(pairs):
        raise RepeatedKey(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return document


def refuse_constant(name: str) -> Any:
    """For ``parse_constant``: NaN and Infinity are not JSON. Raises ValueError."""
    raise ValueError(f"{name} is not JSON")


def parse(data: bytes, depth: int) -> Any:
    """The JSON in ``data``, NaN and Infinity included. Raises ValueError, BeyondBounds."""
    text = data.decode().removeprefix("\ufeff")
    # A shorter one cannot hold too many: each value takes a character.
    if len(text) > VALUES_LIMIT and (
        sys.getsizeof(text) > _MEMORY_LIMIT or sum(map(text.count, "[{,")) > VALUES_LIMIT
    ):
        raise BeyondBounds(f"is too large: over {VALUES_LIMIT:,} values, or too much text")
    if nested_deeper(text, depth):
        raise BeyondBounds(f"is nested more than {depth} deep")
    return _decode(text)


def parse_object(data: bytes, depth: int) -> dict[str, Any] | None:
    """The JSON object in ``data``, within the same bounds; None if there is none."""
    try:
        document = parse(data, depth)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


class ExactFloat(float):
    """A number with more digits than a float keeps; `dump` writes it as it was read."""

    __slots__ = ("text",)
    text: str


_FEW_DIGITS = 16
"""A point and 15 digits, which every float keeps."""


def exact_float(text: str) -> float:
    """The number in ``text``, as an ExactFloat where a float would lose digits of it."""
    number = float(text)
    if len(text) <= _FEW_DIGITS and "e" not in text and "E" not in text:
        return number
    if repr(number) == text or _decimal(text) == Decimal(repr(number)):
        return number
    exact = ExactFloat(number)
    exact.text = text
    return exact


_decode = json.JSONDecoder(parse_float=exact_float).decode
"""`json.loads` with these options makes a decoder for each text."""


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


def decimal_of(number: float) -> Decimal | None:
    """A number that `parse` read, to its last digit; None for a NaN or an infinity."""
    exact = _decimal(_scalar(number))
    return exact if exact is None or exact.is_finite() else None


def dump(document: Any) -> bytes:
    """``document`` as UTF-8: an indent of two, sorted keys, each number as it was read."""
    return _encoded(document, "\n", _scalar)


def dump_line(document: Any) -> bytes:
    """The same on one line. Raises ValueError for what no float can hold."""
    return _encoded(document, "", _finite) + b"\n"


def _encoded(document: Any, end: str, scalar: Callable[[Any], str]) -> bytes:
    try:
        return _text(document, end, _Style(encode_basestring, scalar)).encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can hold and UTF-8 cannot: written as its escape.
        return _text(document, end, _Style(encode_basestring_ascii, scalar)).encode()


def dump_portable(document: Any, *, indented: bool) -> str:
    """``document`` in ASCII for any reader of JSON: each number as it was read, NaN as null."""
    style = _Style(encode_basestring_ascii, _finite_or_null, list)
    return _text(document, "\n" if indented else "", style)


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return value.text if isinstance(value, ExactFloat) else json.dumps(value)


_WORDS = {None: "null", True: "true", False: "false"}
_NOT_JSON = ("NaN", "Infinity", "-Infinity")


def _finite(value: Any) -> str:
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is not valid JSON")
    return _scalar(value)


def _finite_or_null(value: Any) -> str:
    text = _scalar(value)
    return "null" if text in _NOT_JSON else text


class _Style(NamedTuple):
    """How texts and other single values are written, and in which order the names of members."""

    quote: Callable[[str], str]
    scalar: Callable[[Any], str]
    order: Callable[[Iterable[str]], list[str]] = sorted


def _text(value: Any, end: str, style: _Style) -> str:
    """A value as JSON; ``end`` is a line's end and the value's indent, "" for all on one line."""
    # By hand, since Python's own encoder rounds numbers, and is slow with an indent.
    quote, kind = style.quote, type(value)
    if kind is int or (kind is float and isfinite(value)):
        return repr(value)
    if not (value and isinstance(value, (dict, list, tuple))):
        return quote(value) if isinstance(value, str) else style.scalar(value)
    inner, colon = (f"{end}  ", ": ") if end else ("", ":")
    if isinstance(value, dict):
        members = []
        for name in style.order(value):
            member = value[name]
            text = quote(member) if type(member) is str else _text(member, inner, style)
            members.append(f"{quote(name)}{colon}{text}")
        return f"{{{inner}{f',{inner}'.join(members)}{end}}}"
    return f"[{inner}{f',{inner}'.join([_text(v, inner, style) for v in value])}{end}]"


def position_of_key(text: str, key: str) -> Position:
    """Where ``key`` stands as a key in JSON text, at its top or first; the start if nowhere."""
    written = json.dumps(key, ensure_ascii=False)
    top = text.find(f"\n  {written}:")
    at = top + 3 if top >= 0 else text.find(written)
    while at >= 0 and not _COLON.match(text, at + len(written)):
        at = text.find(written, at + 1)
    return position_in(text, at) if key and at >= 0 else Position()


def pointer_token(key: str) -> str:
    """A key as a JSON pointer (RFC 6901) has it."""
    return key.replace("~", "~0").replace("/", "~1")


_SYNTAX = (
    ("Expecting property name", "a name in double quotes is missing here"),
    ("Expecting value", "a value is missing here"),
    ("Expecting ',' delimiter", "a comma is missing here"),
    ("Expecting ':' delimiter", "a colon is missing here"),
    ("Unterminated string", "the text that begins here never ends"),
    ("Invalid control character", "a text has a line break or a control character in it"),
    ("Invalid \\", "a backslash in a text stands before the wrong character"),
    ("Extra data", "there is more text after its end"),
)
"""What Python's parser says, and what it means."""


def syntax_error(error: json.JSONDecodeError) -> tuple[str, Position]:
    """What breaks the grammar, and where, in the same words from every Python.

    From 3.13 on Python names a comma before a closing bracket; before that it names the bracket.
    """
    before = error.doc[: error.pos].rstrip(" \t\n\r")
    closes = error.doc[error.pos : error.pos + 1] in ("}", "]")
    if error.msg.startswith("Illegal trailing comma") or (closes and before.endswith(",")):
        comma = before.rfind(",") if closes else error.pos
        return "there is a comma with nothing after it", position_in(error.doc, comma)
    at = Position(error.lineno, error.colno)
    if not error.doc[error.pos :].strip():
        return "it ends too early", at
    return next((words for start, words in _SYNTAX if error.msg.startswith(start)), error.msg), at


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
