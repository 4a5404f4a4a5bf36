"""A reader of simple YAML, as nearly all front matter is, in less than half of a parser's time.

It knows block mappings and lists of what stands on one line: plain text, text in quotes without
escapes, brackets. Everything else it leaves to the parser.
"""

from __future__ import annotations

import re
from sys import intern

from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence

_DEEPEST = 8
# No control character, no line end of old, no byte order mark.
_OTHERS = r"\xa0-\u2027\u2030-\ud7ff"
_NAME = r"(?:([A-Za-z_][\w.-]{0,99}):"
_QUOTED = rf"\"[ !#-\[\]-~{_OTHERS}]*+\"|'[ -&(-~{_OTHERS}]*+'"
_PLAIN = rf"[-+./]?\w[ !\"$-9;-~{_OTHERS}]*+(?::[!\"$-9;-~][ !\"$-9;-~{_OTHERS}]*+)*+"
_END = rf" *+(?:(?<= )#[ -~{_OTHERS}]*+)?\n"
_LINE_END = re.compile(_END)
_LINE = re.compile(
    rf"(?: *+(?:#[ -~{_OTHERS}]*+)?\n)*+(?:\Z|"
    rf"( *)(- +)?{_NAME}(?: +|(?=\n)))?(?:({_PLAIN}|{_QUOTED})|()(?=[\[{{])|(?=\n))(?(5)|{_END}))"
)
_ITEM = re.compile(
    rf" *{_NAME} +)?(?:([-+./]?\w(?:[\w ./+-]*[\w./+-])?|{_QUOTED}) *([],}}])|(?=[\[{{]))"
)
_SIGN = re.compile(r" *([],}])")


class _Unusual(Exception):
    """Something that is left to the parser."""


def read_simple(text: str) -> Mapping | None:
    """The mapping that ``text`` is, as the parser makes it; None if it is not simple."""
    try:
        return _Reader(text).root()
    except _Unusual:
        return None


class _Reader:
    """Reads line by line; it knows the parts of the line that comes next."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Where the last key or value ends: a collection ends there, not at its line's end.
        self._last_end = 0
        self._next(0)

    def root(self) -> Mapping:
        is_list = bool(self._dash)
        root = self._mapping(1)
        if is_list or self._column >= 0:
            raise _Unusual
        return root

    def _next(self, at: int) -> None:
        line = _LINE.match(self._text, at)
        if line is None:
            raise _Unusual
        self._line = line
        indent, self._dash, self._name, self._one_line, self._bracket = line.groups()
        self._column = -1 if indent is None else len(indent)

    def _mapping(self, depth: int) -> Mapping:
        node, names = Mapping(self._line.start(3)), set[str]()
        column = self._column + len(self._dash or "")
        while True:
            key = self._key(self._name, self._line.start(3), names)
            node.pairs.append((key, self._value(column, depth + 1)))
            if self._column < column:
                node.inner_end = node.end = self._last_end
                return node
            if self._column > column or self._dash:
                raise _Unusual

    def _sequence(self, depth: int) -> Sequence:
        node, column = Sequence(self._line.end(1)), self._column
        while self._column == column and self._dash:
            inner = column + len(self._dash)
            is_mapping = self._name is not None
            item = self._mapping(depth + 1) if is_mapping else self._value(inner, depth + 1)
            node.items.append(item)
        if self._column > column:
            raise _Unusual
        node.inner_end = node.end = self._last_end
        return node

    def _key(self, name: str | None, offset: int, names: set[str]) -> Scalar:
        if name is None or name in names:
            raise _Unusual
        names.add(name)
        self._last_end = offset + len(name)
        return Scalar(intern(name), offset, plain=True, end=self._last_end)

    def _scalar(self, text: str, offset: int) -> Scalar:
        self._last_end = offset + len(text)
        if text[0] in "\"'":
            return Scalar(text[1:-1], offset, plain=False, end=self._last_end)
        return Scalar(text, offset, plain=True, end=self._last_end)

    def _value(self, column: int, depth: int) -> Node:
        """What stands in the line, or below its key."""
        line = self._line
        if depth > _DEEPEST:
            raise _Unusual
        if self._one_line is not None:
            node: Node = self._scalar(self._one_line.rstrip(" "), line.start(4))
            self._next(line.end())
            return node
        if self._bracket is not None:
            node = self._brackets(line.end(), depth)
            end = _LINE_END.match(self._text, node.end)
            if end is None:
                raise _Unusual
            self._next(end.end())
            return node
        if self._name is None:
            raise _Unusual
        self._next(line.end())
        if self._dash and self._column >= column:
            return self._sequence(depth)
        if self._column > column:
            return self._mapping(depth)
        self._last_end += 1
        return Scalar("", self._last_end, plain=True, end=self._last_end)

    def _brackets(self, at: int, depth: int) -> Sequence | Mapping:
        text, names, sign = self._text, set[str](), ","
        node = Mapping(at, flow=True) if text[at] == "{" else Sequence(at, flow=True)
        close = "}" if text[at] == "{" else "]"
        if text[at + 1] == close:
            at, sign = at + 1, close
        while sign == ",":
            item = _ITEM.match(text, at + 1)
            if item is None or depth > _DEEPEST:
                raise _Unusual
            name, one_line, sign = item.groups()
            key = None if name is None else self._key(name, item.start(1), names)
            if one_line is not None:
                value: Node = self._scalar(one_line, item.start(2))
            else:
                value = self._brackets(item.end(), depth + 1)
                item = _SIGN.match(text, value.end)
                if item is None:
                    raise _Unusual
                sign = item[1]
            at = item.end() - 1
            if isinstance(node, Sequence) and key is None:
                node.items.append(value)
            elif isinstance(node, Mapping) and key is not None:
                node.pairs.append((key, value))
            else:
                raise _Unusual
        if sign != close:
            raise _Unusual
        node.inner_end = self._last_end
        node.end = self._last_end = at + 1
        return node
