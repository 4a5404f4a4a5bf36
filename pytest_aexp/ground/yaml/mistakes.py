"""What is wrong with YAML that a parser refuses, in the words of whoever wrote it, and where.

Looked for in the text: parsers speak of their own grammar, and no two of them say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_CLOSING = {"[": "]", "{": "}"}
_NAMES = {"[": "list", "{": "mapping"}
_KEY_LINE = re.compile(r"[ \t]*(?:- +)?[\w\"'-][\w .\"'-]*:(?=[ \t]|$)", re.MULTILINE)
_NO_SPACE_AFTER_COLON = re.compile(r"[ \t]*(?:- +)?[\w-]+:[^\s:/]")
_NO_SPACE_AFTER_DASH = re.compile(r"[ \t]*-[^\s-]")
_DASHES_BELOW = re.compile(r"[ \t]*\r?\n[ \t]*- ")
_NEEDS_QUOTES = "put quotes around the text"
_FORM = "write `key: value`"
_COMMA = ("a comma is missing before this", "put a comma between the two")
_BLANKS = re.compile(r"[ \t\r]*+")
_BLOCK = re.compile(r"[|>][-+0-9]*+[ \t]*+(?:[ \t]#.*)?\r?")


class Mistake(NamedTuple):
    """What is wrong at ``offset`` of the text, and what to do about it."""

    message: str
    fix: str
    offset: int


def mistake_in(text: str, offset: int, reason: str) -> Mistake:
    """The mistake in ``text``, which a parser refuses at ``offset`` for ``reason``."""
    return _Scan(text).mistake() or _mistake_at(text, offset, reason)


class _Scan:
    """Brackets and quotes, followed through the text up to the first that is not matched."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[int] = []
        self._colons: list[bool] = []
        """Of each open bracket whether a key was read since the last comma."""
        self._starts = True
        """Whether a value, or a key, may start here."""
        self._last = ""
        self._hides: int | None = None
        """Where a comment begins that may have been meant as text, and hides an end."""
        self._readers: dict[str, Callable[[int], int | Mistake | None]] = {
            "\n": self._line,
            "#": self._comment,
            **dict.fromkeys("\"'", self._quoted),
            **dict.fromkeys("[{", self._opened),
            **dict.fromkeys("]}", self._closed),
            ",": self._comma,
            ":": self._colon,
            **dict.fromkeys("|>", self._block),
        }

    def mistake(self) -> Mistake | None:
        """The first mistake with brackets or quotes; None if there is none."""
        at = 0
        while at < len(self._text):
            after = self._read(at)
            if isinstance(after, Mistake):
                return self._hidden() or after
            if not self._text[at].isspace():
                self._last = self._text[after - 1]
            at = after
        return (self._hidden() or self._unclosed()) if self._open else None

    def _hidden(self) -> Mistake | None:
        if self._hides is None or not self._open:
            return None
        opening = self._text[self._open[-1]]
        message = f"what follows # is a comment, so the {_NAMES[opening]} before it never ends"
        return Mistake(message, f"write `{_CLOSING[opening]}` before the #", self._hides)

    def _read(self, at: int) -> int | Mistake:
        """Where to go on after what stands at ``at``, or the mistake there."""
        character = self._text[at]
        if character in " \t\r":
            return at + 1
        reader = self._readers.get(character)
        after = reader(at) if reader is not None else None
        if after is None:  # it is a part of plain text
            is_dash = character == "-" and self._text[at + 1 : at + 2].isspace()
            self._starts = is_dash and self._starts
            return at + 1
        return after

    def _line(self, at: int) -> int | Mistake:
        text = self._text
        if self._open and text[at + 1 : at + 2].strip() and _KEY_LINE.match(text, at + 1):
            return self._unclosed()
        self._starts = self._starts or not self._open
        return at + 1

    def _comment(self, at: int) -> int | None:
        if at and not self._text[at - 1].isspace():
            return None
        if self._open and self._hides is None:
            self._hides = at
        return self._end_of_line(at)

    def _opened(self, at: int) -> int | Mistake | None:
        if not self._starts:
            is_next = self._open and self._last in ("]", "}", '"', "'")
            return Mistake(*_COMMA, at) if is_next else None
        self._open.append(at)
        self._colons.append(False)
        return at + 1

    def _closed(self, at: int) -> int | Mistake | None:
        text, character = self._text, self._text[at]
        if not self._open:
            if self._starts or self._last not in ("]", "}"):
                return None
            return Mistake(f"this `{character}` closes nothing", "remove it", at)
        begin = self._open[-1]
        opening = text[begin]
        wanted = _CLOSING[opening]
        if character != wanted and "\n" in text[begin:at]:
            return self._unclosed()
        self._open.pop()
        self._colons.pop()
        if character != wanted:
            message = f"a {_NAMES[opening]} that begins with `{opening}` ends with `{wanted}`"
            return Mistake(message, f"write `{wanted}` before the `{character}`", at)
        self._starts = False
        if not self._open and self._following(at + 1) not in ("", "\n", "#", ":", "]", "}"):
            message = f"there is more text after the {_NAMES[opening]}"
            return Mistake(message, _NEEDS_QUOTES, at + 1)
        return at + 1

    def _comma(self, at: int) -> int | None:
        if not self._open:
            return None
        self._starts, self._colons[-1] = True, False
        return at + 1

    def _colon(self, at: int) -> int | Mistake | None:
        text = self._text
        if text[at + 1 : at + 2].strip():
            return None
        if self._open and text[self._open[-1]] == "{":
            if self._colons[-1]:
                start = max(text.rfind(character, 0, at) for character in " \t\n,{[") + 1
                return Mistake(*_COMMA, start)
            self._colons[-1] = True
        self._starts = True
        return at + 1

    def _quoted(self, at: int) -> int | Mistake | None:
        if not self._starts:
            return None
        text, quote = self._text, self._text[at]
        pattern = r'"(?:[^"\\]|\\.)*+"' if quote == '"' else r"'(?:[^']|'')*+'"
        match = re.compile(pattern, re.DOTALL).match(text, at)
        if match is None:
            message = f"the text that begins with {quote} here never ends"
            return Mistake(message, f"write {quote} at its end", at)
        after = self._following(match.end())
        if after not in ("", "\n", "#", ",", ":", "]", "}") and "\n" not in match.group():
            if self._open and after in "[{\"'":
                return Mistake(*_COMMA, text.index(after, match.end()))
            message = f"there is more text after the closing {quote}"
            fix = "put all of the text in quotes; an apostrophe between single quotes is written ''"
            return Mistake(message, fix, match.end())
        self._starts = False
        return match.end()

    def _block(self, at: int) -> int | Mistake | None:
        """The end of a text below ``|`` or ``>``: lines that are indented further than its key."""
        text, end = self._text, self._end_of_line(at)
        if self._open or not self._starts:
            return None
        if _BLOCK.fullmatch(text, at, end) is None:
            message = f"a text that begins with {text[at]} needs quotes"
            return Mistake(message, _NEEDS_QUOTES, at)
        indent = _indent(text[text.rfind("\n", 0, at) + 1 : at])
        while end < len(text):
            following = text[end + 1 : self._end_of_line(end + 1)]
            if following.strip() and _indent(following) <= indent:
                break
            end = self._end_of_line(end + 1)
        return end

    def _following(self, at: int) -> str:
        """The first character from there on that is not blank, or the end of the line."""
        blank = _BLANKS.match(self._text, at)
        return self._text[blank.end() : blank.end() + 1] if blank is not None else ""

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def _unclosed(self) -> Mistake:
        begin = self._open[-1]
        bracket = self._text[begin]
        kind = _NAMES[bracket]
        message = f"the {kind} that begins with `{bracket}` here never ends"
        has_dashes = _DASHES_BELOW.match(self._text, begin + 1)
        fix = "remove it: the dashes below make the list" if has_dashes else ""
        return Mistake(message, fix or f"write `{_CLOSING[bracket]}` at its end", begin)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _mistake_at(text: str, offset: int, reason: str) -> Mistake:
    """What a parser means that names a line in which brackets and quotes are right."""
    here = text[offset : offset + 1]
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:].partition("\n")[0]
    message, fix = "this is not YAML", f"{_FORM}, with quotes around unusual text"
    if here == "\t" or " tab" in reason or "\\t" in reason:
        message, fix = "the line is indented with a tab", "indent with spaces"
    elif "escape" in reason:
        message = "a backslash between double quotes has a meaning of its own"
        fix = "use single quotes, or write two backslashes"
    elif here and here in "@`%*&!]},":
        message, fix = f"a text that begins with {here} needs quotes", _NEEDS_QUOTES
    elif "mapping values are not allowed" in reason:
        return _mistake_at_colon(text, line, start, offset)
    elif re.match(r"[\w\"'-]", line.lstrip()):
        message = "the line is indented neither like the one above nor as a part of it"
        fix = "indent it like what it belongs to"
    return Mistake(message, fix, offset)


def _mistake_at_colon(text: str, line: str, start: int, offset: int) -> Mistake:
    """The mistake that a parser notices at a colon: in its line, or in the one above."""
    lines = [one for one in text[:start].splitlines() if one.strip() and one.strip()[0] != "#"]
    above = lines[-1] if lines else ""
    at = start - len(above) - 1 + _indent(above)
    if _NO_SPACE_AFTER_DASH.match(line):
        return Mistake("a space is missing after the dash", "write `- item`", start + _indent(line))
    if _KEY_LINE.match(line) and not line[: offset - start].count(": "):
        if _NO_SPACE_AFTER_COLON.match(above):
            return Mistake("a space is missing after the colon", _FORM, at)
        if _NO_SPACE_AFTER_DASH.match(above):
            return Mistake("a space is missing after the dash", "write `- item`", at)
        if above and ":" not in above:
            return Mistake("there is no colon in this line", _FORM, at)
        if _indent(above) < _indent(line):
            message = "the line is indented further than the one above"
            return Mistake(message, "indent both alike", start)
    return Mistake("a text with a colon in it needs quotes", _NEEDS_QUOTES, offset)
