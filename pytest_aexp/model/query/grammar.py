"""What a condition looks like when it is typed: ``seed=1``, ``lr<0.1``, ``status!=failed``."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.entry import DEPTH_LIMIT

FORMS = "key=value, key!=value, key<value, key<=value, key>value, key>=value or key=[a,b]"

_CONDITION = re.compile(
    r"(?P<name>(?:[^=<>!]|!(?!=))+)(?P<operator>!=|<=|>=|=|<|>)(?P<value>.*)", re.DOTALL
)
_PLAIN = re.compile(r"[^\s\"\[\]{},]+")


_decoder = json.JSONDecoder(parse_constant=jsontext.refuse_constant)


@dataclass(frozen=True, slots=True)
class Word:
    """A value as it was typed, and what it is as JSON: ``3`` is a number, ``"3"`` is text."""

    text: str
    value: Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; of several ``words`` any will do, and so will the list of them, ``typed``."""

    name: str
    operator: str
    words: tuple[Word, ...]
    typed: Word

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{self.typed.text}"


def conditions(where: str | Iterable[str]) -> list[Condition]:
    """The conditions in ``where``: one each, or a text that is split as a shell splits it.

    Raises UsageError.
    """
    return [condition(text) for text in split(where)]


def split(where: str | Iterable[str]) -> list[str]:
    """The words of a text, as a shell has them; several words are taken as they are.

    Raises UsageError.
    """
    try:
        return shlex.split(where) if isinstance(where, str) else list(where)
    except ValueError as error:
        raise UsageError(f"{quoted(str(where))}: {error}") from error


def condition(text: str) -> Condition:
    """The condition in ``text``; raises UsageError."""
    match = _CONDITION.fullmatch(text)
    name = match["name"].strip() if match else ""
    if match is None or not name:
        raise UsageError(f"{quoted(text)} is not a condition: write {FORMS}")
    typed, operator = word(match["value"]), match["operator"]
    if operator in ("=", "!=") and isinstance(typed.value, list):
        return Condition(name, operator, tuple(_items(typed.text[1:-1])), typed)
    return Condition(name, operator, (typed,), typed)


def word(text: str) -> Word:
    """A value: JSON where it is JSON, a list in brackets, else text."""
    text = text.strip()
    try:
        return _json_word(text)
    except ValueError:
        if not (text.startswith("[") and text.endswith("]")):
            return Word(text, text)
    return Word(text, [item.value for item in _items(text[1:-1])])


def _json_word(text: str) -> Word:
    if jsontext.nested_deeper(text, DEPTH_LIMIT):
        raise ValueError("too deep")
    value = _decoder.decode(text)
    return Word(value if isinstance(value, str) else text, value)


def _items(text: str) -> Iterator[Word]:
    """The items of a list in brackets, of which each is JSON or text up to the next comma."""
    rest = text.strip()
    while rest:
        end = _json_end(rest)
        if end is None:
            end = len(rest.partition(",")[0])
        yield word(rest[:end])
        rest = rest[end:].lstrip().removeprefix(",").lstrip()


def _json_end(text: str) -> int | None:
    """Where the JSON value ends that the text begins with; None if no whole item is one."""
    try:
        _, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return end if text[end:].lstrip()[:1] in ("", ",") else None


def written(name: str, operator: str, value: Any) -> str:
    """A condition as it can be typed, so that `condition` reads the same value again."""
    return f"{name}{operator}{_written_value(value)}"


def _written_value(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and word(value).value == value:
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
