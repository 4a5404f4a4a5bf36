"""What may not leave the machine: absolute paths and credentials, wherever a value holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from pytest_aexp.model.credentials import (
    FLAG,
    Secrecy,
    exposed,
    flag_secrecy,
    member_secrecy,
    secrecy_of,
    tells_credential,
)

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

REDACTED = "<redacted>"
PATH = "an absolute path"
CREDENTIAL = "a credential"


@dataclass(frozen=True, slots=True, order=True)
class Leak:
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
    return cleaner.copy, tuple(sorted({leak.pointer for leak in cleaner.found}))


def leaks(value: Json, pointer: str = "") -> tuple[Leak, ...]:
    """Tell what in `value` must not be published, sorted by pointer.

    The list `redacted` of a whole document (empty `pointer`) may name what was redacted in it.
    """
    found = set(_Cleaner(value, pointer).found)
    # By a key: comparing dataclasses takes several times as long, and there may be many.
    return tuple(sorted(found, key=lambda leak: (leak.pointer, leak.kind)))


# Each starts with one letter, to which the regex engine skips: several times faster than one
# pattern for all. A slash inside a word or in `scheme://host` cannot start a path, except glued to
# an option, as in `-I/usr`.
_SLASH = re.compile(r"/(?<![^-][a-z0-9_.*-]/)(?<!://)(?!(?<=[a-z0-9]:/)(?<!file:/)/[^/])").search
_A = re.compile(r"A(?:KIA|SIA|Iza)").search
_B = re.compile(r"B(?:earer|EARER)").search
_K = re.compile(r"k(?:ey|ie|en(?<=token)|[-_](?<=sk.)(?<![a-z0-9]...))").search
_C = re.compile(r"c(?:re[dt])").search
_P = re.compile(r"p(?:ass|wd|at[-_])").search
_H = re.compile(r"h(?:f_|[pousr]_(?<=gh..)|(?<=auth))").search
_X = re.compile(r"x(?:ox)").search


def may_leak(text: str) -> bool:
    """Tell in microseconds whether `text`, plain or JSON as written, is worth a search for leaks.

    False only if `leaks` of it is certainly empty.
    """
    if "\\" in text or "~" in text or "@" in text or "=" in text or "%" in text:
        return True
    if ("J" in text and "eyJ" in text) or ("A" in text and _A(text)) or ("B" in text and _B(text)):
        return True
    low = text.lower()
    return bool(_SLASH(low) or _K(low) or _C(low) or _P(low) or _H(low) or _X(low))


class _Cleaner:
    """Copies a value, however deep, and notes what it had to replace."""

    def __init__(self, value: Json, pointer: str) -> None:
        self.found: list[Leak] = []
        self._pending: list[tuple[list[Json] | dict[str, Json], str, Secrecy]] = []
        self._notes = frozenset() if pointer else _notes_of_redactions(value)
        self.copy = self._take(value, pointer, Secrecy.NONE)
        while self._pending:
            container, where, secrecy = self._pending.pop()
            if isinstance(container, dict):
                self._members(container, where, secrecy)
            else:
                self._items(container, where, secrecy)

    def _take(self, value: Json, pointer: str, secrecy: Secrecy) -> Json:
        if isinstance(value, dict | list):
            copy = value.copy()
            self._pending.append((copy, pointer, secrecy))
            return copy
        kind = CREDENTIAL if exposed(value, secrecy) else _text_kind(value)
        if kind is None or pointer in self._notes:
            return value
        self.found.append(Leak(pointer, kind))
        return REDACTED

    def _items(self, items: list[Json], pointer: str, secrecy: Secrecy) -> None:
        before: Json = None
        for index, item in enumerate(items):
            flag = FLAG.fullmatch(before) if isinstance(before, str) else None
            own = flag_secrecy(flag[1]) if flag else Secrecy.NONE
            items[index] = self._take(item, f"{pointer}/{index}", max(secrecy, own))
            before = item

    def _members(self, members: dict[str, Json], pointer: str, secrecy: Secrecy) -> None:
        originals = members.copy()
        names = _names_for_leaking(originals)
        label = originals.get("name", originals.get("key"))
        members.clear()
        for key, value in originals.items():
            name, kind = names.get(key, (key, None))
            where = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if kind is not None:
                self.found.append(Leak(where, kind))
            # `--password x` as a key is a command, not the name of its value.
            own = member_secrecy("" if kind == CREDENTIAL else key, secrecy)
            if key == "value" and isinstance(label, str):
                own = max(own, secrecy_of(label))
            members[name] = self._take(value, where, own)


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


def _notes_of_redactions(document: Json) -> frozenset[str]:
    """Pointers to the items of `redacted` that name a redaction: these only look like paths."""
    notes = document.get("redacted") if isinstance(document, dict) else None
    return frozenset(
        f"/redacted/{index}"
        for index, note in enumerate(notes if isinstance(notes, list) else ())
        if isinstance(note, str) and _names_redaction(document, note)
    )


def redacted_below(document: Json, start: str) -> bool:
    """Whether `redacted` names anything redacted whose JSON pointer begins with `start`."""
    notes = document.get("redacted") if isinstance(document, dict) else None
    return any(
        isinstance(note, str) and note.startswith(start) and _names_redaction(document, note)
        for note in (notes if isinstance(notes, list) else ())
    )


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


def _text_kind(text: Json) -> str | None:
    if not isinstance(text, str) or not may_leak(text):
        return None
    readings = [text]
    if "%" in text:
        readings.append(_PERCENT.sub(lambda found: chr(int(found[1], 16)), text))
    if any(map(tells_credential, readings)):
        return CREDENTIAL
    return PATH if any(map(_tells_path, readings)) else None


# --- absolute paths ---

_PERCENT = re.compile(r"%([2-7][0-9A-Fa-f])")
# What a path cannot follow: also the signs of units and currencies, and U+0300-10FF, scripts
# whose marks are no \w though they stand inside words.
_INSIDE = r"\w.*~+%$)\]}>?#/\\\xa2-\xa5\xb0\u0300-\u10ff\u2030-\u2037\u20a0-\u20cf-"
_NAME = r"(?:\w|[.~@]\w|\.\.?/|\$[\w{]|\{[\w.-]{1,64},|[^\x00-\x7f])"
# `</s>`, `<|/im|>`, `[/INST]`, the optional group of a pattern `(/x)?`, the mark `7 /10`.
_NO_PATH = (
    r"(?!(?<=</)[\w:.-]{1,64}>|(?<=\|/)[\w:.-]{1,64}\|>|(?<=\[/)[A-Z]+\]"
    r"|(?<=\(/)[\w.-]{1,64}\)[?*+]|[\d.]++(?![\w/]))"
)
# Text, compiled when there is something to search.
_POSIX = (
    rf"/(?:(?<![{_INSIDE}]/)(?<!\[\^/)(?<![)}}][\"']/)(?!(?<=[A-Za-z0-9]:/)/)"
    rf"{_NO_PATH}/*+{_NAME}|(?<=-[A-Zo]/)(?<![\w-]-[A-Zo]/){_NAME})"
)
_AFTER_ANGLE = re.compile(rf">/{_NAME}")
_PLACE_HOLDER = re.compile(r"<[^<>]{1,64}>")
_OTHER_PATHS = (
    rf"(?<![{_INSIDE}])~(?:[A-Za-z_][\w.-]{{0,63}})?[/\\]"
    r"|(?<!\w)[A-Za-z]:(?:[/\\]+[^\s/\\\"']|(?:/|\\+)$)(?<!:\\[dDsSwWbBnrt](?![a-z0-9_.\\-]))"
    r"|(?<![\w\\)\]])\\{2,}+(?:[\w.$-]{2,64}|[?.])\\+[\w.$?{]"
    r"|:/{4,}+[\w.]"
    r"|(?<![A-Za-z0-9])[Ff][Ii][Ll][Ee]:[/\\~]"
)


def _tells_path(text: str) -> bool:
    if text == "~" or re.search(_OTHER_PATHS, text):
        return True
    text = text.replace("\\/", "/")
    if re.search(_POSIX, text):
        return True
    # `<run>/x` is relative and `<path>/x</path>` is not.
    return ">/" in text and bool(
        _AFTER_ANGLE.search(text if "</" in text else _PLACE_HOLDER.sub("x", text))
    )
