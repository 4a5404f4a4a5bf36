"""Redact absolute paths and credentials, wherever in a value they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pytest_aexp.ground.jsontext import pointer_token
from pytest_aexp.ground.text import listed, quoted
from pytest_aexp.model.redaction.absolute_paths import contains_path, is_name, key_of_names
from pytest_aexp.model.redaction.prefilter import REDACTED, may_leak
from pytest_aexp.model.redaction.secret_arguments import credential_arguments
from pytest_aexp.model.redaction.secret_keys import (
    FLAG,
    Secrecy,
    flag_secrecy,
    is_credential,
    member_secrecy,
    plain_words,
    secrecy_of,
)
from pytest_aexp.model.redaction.secret_patterns import contains_credential, looks_random

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

PATH = "an absolute path"
CREDENTIAL = "a credential"


class Leak(NamedTuple):
    """A value, or a dictionary key, that must not be published.

    `pointer` is an RFC 6901 JSON pointer in which a key that leaks already reads `<redacted>`;
    `kind` says what leaks, in the user's words.
    """

    pointer: str
    kind: str


def redact(value: Json, pointer: str = "") -> tuple[Json, tuple[str, ...]]:
    """Copy `value` with `<redacted>` for all that leaks; also the sorted pointers of what that was.

    `pointer` is where `value` stands in its document; it starts every pointer returned.
    """
    cleaner = _Cleaner(value, pointer)
    return cleaner.copy, tuple(sorted({leak.pointer for leak in cleaner.leaks}))


def leaks(value: Json, pointer: str = "") -> tuple[Leak, ...]:
    """Tell what in `value` must not be published, sorted by pointer.

    The list `redacted` of a whole document (empty `pointer`) may name what was redacted in it.
    """
    return tuple(sorted(set(_Cleaner(value, pointer).leaks)))


def places_of(leaks: Sequence[Leak]) -> str:
    """What a message says of leaks: ``an absolute path at "/statepoint/data" and 2 more``."""
    return listed([f"{leak.kind} at {quoted(leak.pointer)}" for leak in leaks[:3]], 3, len(leaks))


# What waits to be copied: a container, its pointer, what the keys above make of it, the key it has.
_Pending: TypeAlias = "tuple[list[Json] | dict[str, Json], str, Secrecy, str]"


class _Cleaner:
    """Copies a value, however deep, and notes what it had to replace."""

    def __init__(self, value: Json, pointer: str) -> None:
        self.leaks: list[Leak] = []
        self._pending: list[_Pending] = []
        # The notes on what was redacted are pointers, which only look like paths.
        redactions = () if pointer else _redactions(value)
        self._notes = frozenset(f"/redacted/{index}" for index, _ in redactions)
        self.copy = self._take(value, pointer, Secrecy.NONE, "")
        while self._pending:
            container, where, secrecy, name = self._pending.pop()
            if isinstance(container, dict):
                self._members(container, where, secrecy, name)
            else:
                self._items(container, where, secrecy, name)

    def _take(self, value: Json, pointer: str, secrecy: Secrecy, name: str) -> Json:
        if isinstance(value, dict | list):
            copy = value.copy()
            self._pending.append((copy, pointer, secrecy, name))
            return copy
        if is_credential(value, secrecy):
            kind: str | None = CREDENTIAL
        else:
            kind = _text_kind(value)
        if kind is None or pointer in self._notes or (kind == PATH and _is_no_path(name, value)):
            return value
        self.leaks.append(Leak(pointer, kind))
        return REDACTED

    def _items(self, items: list[Json], pointer: str, secrecy: Secrecy, name: str) -> None:
        before: Json = None
        given = credential_arguments(items)
        paired = _paired_secrecy(items)
        for index, item in enumerate(items):
            flag = FLAG.fullmatch(before) if isinstance(before, str) else None
            own = flag_secrecy(flag[1]) if flag else Secrecy.NONE
            if index in given:
                own = Secrecy.SECRET
            elif index == 1:
                own = max(own, paired)
            items[index] = self._take(item, f"{pointer}/{index}", max(secrecy, own), name)
            before = item

    def _members(
        self, members: dict[str, Json], pointer: str, secrecy: Secrecy, parent: str
    ) -> None:
        originals = members.copy()
        names = _names_for_leaking(originals)
        members.clear()
        for key, value in originals.items():
            name, kind = names.get(key, (key, None))
            where = f"{pointer}/{pointer_token(name)}"
            if kind is not None:
                self.leaks.append(Leak(where, kind))
            # `--password x` as a key is a command, not the name of its value.
            own = member_secrecy("" if kind == CREDENTIAL else key, secrecy, parent)
            if key.lower() in _BESIDE:
                own = max(own, _secrecy_beside(key.lower(), originals))
            # Of `topics: {rgb: /camera/rgb}` the key above says what the names are.
            label = parent if parent and key_of_names(parent) else name
            members[name] = self._take(value, where, own, label)


# Keys whose value another key beside them explains.
_BESIDE = frozenset("value val key pass".split())
_PAIRED = re.compile(r"[\w.-]{1,64}")
_PAIRED_VALUE = re.compile(r"(?=[^A-Za-z]*[A-Za-z])\S+")
_USERS = frozenset("user username user_name login email account".split())


def _secrecy_beside(key: str, members: dict[str, Json]) -> Secrecy:
    siblings = {name.lower(): value for name, value in members.items()}
    if key in ("value", "val"):
        labels = (siblings.get(name) for name in ("name", "key", "variable", "var", "field"))
        return max(
            secrecy_of(label) if isinstance(label, str) else Secrecy.NONE for label in labels
        )
    value = siblings[key]
    if _USERS.isdisjoint(siblings) or not isinstance(value, str):
        return Secrecy.NONE
    return Secrecy.SECRET if key == "pass" or looks_random(value) else Secrecy.NONE


def _paired_secrecy(items: list[Json]) -> Secrecy:
    """What the first makes of the second, if it is a name of it and not one of some names."""
    if len(items) < 2:
        return Secrecy.NONE
    name, value = items[:2]
    # What has more items may be columns or a vocabulary.
    if len(items) > 2 and not is_credential(value, Secrecy.RANDOM):
        return Secrecy.NONE
    if not (isinstance(name, str) and isinstance(value, str) and _PAIRED.fullmatch(name)):
        return Secrecy.NONE
    if not _PAIRED_VALUE.fullmatch(value) or plain_words(value) or secrecy_of(value):
        return Secrecy.NONE
    return secrecy_of(name)


def _is_no_path(key: str, value: Json) -> bool:
    """Whether a tilde in it is not a home, as in a topic's name or a formula: `~age/sex`."""
    if isinstance(value, str) and is_name(value, key):
        return True
    return (
        key.lower().endswith("formula")
        and isinstance(value, str)
        and "~" in value
        and _text_kind(value.replace("~", " ")) is None
    )


def _names_for_leaking(members: dict[str, Json]) -> dict[str, tuple[str, str]]:
    """Each key that leaks -> the name it gets instead, what leaks."""
    kinds = {key: kind for key in members if (kind := _text_kind(key)) is not None}
    names: dict[str, tuple[str, str]] = {}
    number = 1
    # Sorted, so that the same content gets the same names in whatever order it was written.
    for key in sorted(kinds):
        while (name := REDACTED if number == 1 else f"<redacted {number}>") in members:
            number += 1
        names[key] = name, kinds[key]
        number += 1
    return names


def _redactions(document: Json) -> Iterator[tuple[int, str]]:
    """The items of `redacted` that name a redaction, with their places in it."""
    notes = document.get("redacted") if isinstance(document, dict) else None
    for index, note in enumerate(notes if isinstance(notes, list) else ()):
        if isinstance(note, str) and _names_redaction(document, note):
            yield index, note


def redacted_below(document: Json, start: str) -> bool:
    """Whether `redacted` names anything redacted whose JSON pointer begins with `start`."""
    return any(note.startswith(start) for _, note in _redactions(document))


def _names_redaction(document: Json, pointer: str) -> bool:
    here, token = document, ""
    for step in pointer.split("/")[1:]:
        token = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and token in here and _text_kind(token) is None:
            here = here[token]
        elif isinstance(here, list) and re.fullmatch("[0-9]{1,9}", token):
            here = here[int(token)] if int(token) < len(here) else None
        else:
            return False
    return here == REDACTED or re.fullmatch(r"<redacted(?: \d+)?>", token) is not None


_PERCENT = re.compile(r"%([2-7][0-9A-Fa-f])")
_DECODED = {f"{code:02x}": chr(code) for code in range(0x20, 0x80)}
_ESCAPED = re.compile(r"(?<!\\)\\++/")


_REPEATED = 1000
"""Characters: longer texts are not kept, so that the cache stays within a few megabytes."""


def _text_kind(text: Json) -> str | None:
    # The shortest credential that is a single word has 13 characters.
    if not isinstance(text, str) or (len(text) < 13 and text.isidentifier()):
        return None
    return _kind_of_repeated(text) if len(text) <= _REPEATED else _kind_of(text)


def _kind_of(text: str) -> str | None:
    if not may_leak(text):
        return None
    readings = [text]
    if "%" in text:
        pieces = _PERCENT.split(text)
        pieces[1::2] = map(_DECODED.__getitem__, map(str.lower, pieces[1::2]))
        readings.append("".join(pieces))
    if any(map(contains_credential, readings)):
        return CREDENTIAL
    if "\\/" in text and any(contains_credential(_ESCAPED.sub("/", r)) for r in readings):
        return CREDENTIAL
    return PATH if any(map(contains_path, readings)) else None


# What git packs to a few kilobytes is many times the same, in one entry and in a hundred of them.
_kind_of_repeated = lru_cache(maxsize=4096)(_kind_of)
