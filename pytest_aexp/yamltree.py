"""YAML text as a tree of nodes that know where they stand, within bounds.

Loading YAML loses what a citation needs: the text of an id as it was written, line and column,
duplicate keys. Composing it with the C parser crashes on deep nesting. So the parser's events are
read here, one by one: too deep a nesting stops the reading, an alias is the node it names (never a
copy), and a value is only made from a node when a rule asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_aexp.text import quoted

DEPTH_LIMIT = 32
VALUES_LIMIT = 10_000
"""The most values one node may stand for once its aliases are written out."""

_TAG = "tag:yaml.org,2002:"
_STANDARD_TAGS = frozenset(
    _TAG + name
    for name in (
        *("null", "bool", "int", "float", "str", "timestamp", "binary"),
        *("seq", "map", "set", "omap", "pairs", "merge"),
    )
)


class YamlFault(Exception):
    """The text is not YAML that can be used; ``offset`` is where, in characters."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(slots=True, eq=False)
class Scalar:
    """Text as written; ``plain`` if it stood without quotes and tag, so that it may be a number."""

    text: str
    offset: int
    plain: bool
    tag: str | None = None


@dataclass(slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    offset: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """Pairs of nodes, in the order written."""

    offset: int
    pairs: list[tuple[Node, Node]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping


def parse(text: str) -> Node | None:
    """The one document in ``text``; None if it is empty. Raises YamlFault."""
    return _Composer(text).document()


class _Composer:
    def __init__(self, text: str) -> None:
        self._events = _events(text)
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        root: Node | None = None
        for kind, event in self._events:
            if kind == "DocumentStartEvent":
                if root is not None:
                    raise YamlFault("a second document starts here", event.start_mark.index)
                root = self._node(*next(self._events), depth=1)
        return root

    def _node(self, kind: str, event: Any, depth: int) -> Node:
        offset = event.start_mark.index
        if kind == "AliasEvent":
            if event.anchor not in self._anchors:
                raise YamlFault(f"the alias *{event.anchor} names nothing above it", offset)
            return self._anchors[event.anchor]
        if kind == "ScalarEvent":
            tag = _known_tag(event)
            node: Node = Scalar(event.value, offset, tag is None and event.implicit[0], tag)
            self._remember(event, node)
            return node
        if depth > DEPTH_LIMIT:
            raise YamlFault(f"nested more than {DEPTH_LIMIT} deep", offset)
        _known_tag(event)
        if kind == "SequenceStartEvent":
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _sequence(self, event: Any, depth: int) -> Node:
        node = Sequence(event.start_mark.index)
        self._remember(event, node)
        for kind, inner in self._events:
            if kind == "SequenceEndEvent":
                break
            node.items.append(self._node(kind, inner, depth + 1))
        return node

    def _mapping(self, event: Any, depth: int) -> Node:
        node = Mapping(event.start_mark.index)
        self._remember(event, node)
        seen: set[str] = set()
        for kind, inner in self._events:
            if kind == "MappingEndEvent":
                break
            key = self._node(kind, inner, depth + 1)
            if isinstance(key, Scalar):
                if key.text in seen:
                    raise YamlFault(f"the key {quoted(key.text)} stands twice", key.offset)
                seen.add(key.text)
            node.pairs.append((key, self._node(*next(self._events), depth + 1)))
        return node

    def _remember(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node


def _known_tag(event: Any) -> str | None:
    tag = event.tag
    if tag is None or tag == "!":
        return tag and _TAG + "str"
    text = str(tag)
    if text not in _STANDARD_TAGS:
        raise YamlFault(f"the tag {quoted(text)} is not allowed here", event.start_mark.index)
    return text


def _events(text: str) -> Iterator[tuple[str, Any]]:
    # Here, not above: a face that meets no finding must not pay for the parser.
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = _parser(text)
    try:
        while True:
            event = parser.get_event()
            kind = type(event).__name__
            yield kind, event
            if kind == "StreamEndEvent":
                return
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "cannot be read"
        raise YamlFault(str(said), mark.index if mark else 0) from error
    except YAMLError as error:
        raise YamlFault(str(error).splitlines()[0], getattr(error, "position", 0) or 0) from error
    finally:
        parser.dispose()


def _parser(text: str) -> Any:
    try:
        from _ruamel_yaml import CParser  # type: ignore[import-not-found]
    except ImportError:
        # No wheel of the C parser for this interpreter: the same events, more slowly.
        from ruamel.yaml import YAML

        yaml = YAML(typ="safe", pure=True)
        yaml.version = (1, 1)
        _constructor, parser = yaml.get_constructor_parser(text)
        return parser
    return CParser(text)


# What YAML 1.1 takes for other than text, with two differences that JSON and its users ask for: a
# number may have an exponent without a dot, and a date stays text.
_NULL = re.compile(r"~|null|Null|NULL|", re.ASCII)
_BOOL = {
    word: truth
    for truth, words in ((True, "yes true on"), (False, "no false off"))
    for lower in words.split()
    for word in (lower, lower.capitalize(), lower.upper())
}
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", re.ASCII)
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?",
    re.ASCII,
)


def value(node: Node) -> Any:
    """The JSON value that ``node`` stands for. Raises YamlFault past the bounds."""
    check_size(node)
    return _value(node)


def _value(node: Node) -> Any:
    if isinstance(node, Scalar):
        return scalar(node)
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    return {
        key.text if isinstance(key, Scalar) else str(_value(key)): _value(inner)
        for key, inner in merged(node)
    }


def scalar(node: Scalar) -> bool | int | float | str | None:
    """The JSON value of a scalar: text, unless it is plain and reads as something else."""
    text = node.text
    if node.tag is not None:
        return _tagged(node)
    if not node.plain:
        return text
    if _NULL.fullmatch(text):
        return None
    if text in _BOOL:
        return _BOOL[text]
    return _number(text)


def _tagged(node: Scalar) -> bool | int | float | str | None:
    plain = scalar(Scalar(node.text, node.offset, plain=True))
    if node.tag == _TAG + "float" and isinstance(plain, int):
        return float(plain)
    kinds = {"int": int, "float": float, "bool": bool, "null": type(None)}
    wanted = kinds.get(str(node.tag).removeprefix(_TAG))
    return plain if wanted is not None and isinstance(plain, wanted) else node.text


def _number(text: str) -> int | float | str:
    try:
        if _INT.fullmatch(text):
            return _integer(text.replace("_", ""))
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        if _SEXAGESIMAL.fullmatch(text):
            return _sexagesimal(text.replace("_", ""))
    except ValueError:
        # More digits than Python converts: no statepoint can hold such a number either.
        return text
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("-+")
    if digits.startswith("0") and len(digits) > 1 and digits[1] not in "bxo":
        return int(text.replace(digits, "0o" + digits[1:], 1), 8)
    return int(text, 0)


def _sexagesimal(text: str) -> int:
    total = 0
    for part in text.lstrip("-+").split(":"):
        total = total * 60 + int(part)
    return -total if text.startswith("-") else total


def merged(node: Mapping) -> list[tuple[Node, Node]]:
    """The pairs of ``node`` with what its merge keys (``<<``) bring in; its own keys win.

    ``node`` must have passed ``check_size``.
    """
    own = [pair for pair in node.pairs if not _is_merge(pair[0])]
    if len(own) == len(node.pairs):
        return own
    known = {key.text for key, _ in own if isinstance(key, Scalar)}
    for key, inner in node.pairs:
        if _is_merge(key):
            for source in inner.items if isinstance(inner, Sequence) else [inner]:
                for pair in merged(source) if isinstance(source, Mapping) else ():
                    if isinstance(pair[0], Scalar) and pair[0].text not in known:
                        known.add(pair[0].text)
                        own.append(pair)
    return own


def merged_at_top(root: Mapping) -> list[tuple[Node, Node]]:
    """The same for a whole document, of which only what its merge keys name must be bounded."""
    for key, inner in root.pairs:
        if _is_merge(key):
            check_size(inner)
    return merged(root)


def _is_merge(key: Node) -> bool:
    return isinstance(key, Scalar) and key.plain and key.text == "<<"


def check_size(node: Node) -> None:
    """Raises YamlFault if ``node``, its aliases written out, holds too much or itself."""
    values, _height = _Measure().of(node, 0)
    if values > VALUES_LIMIT:
        raise YamlFault(f"stands for more than {VALUES_LIMIT:,} values", node.offset)


class _Measure:
    """How many values a node stands for and how deep they nest, without writing them out."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def of(self, node: Node, depth: int) -> tuple[int, int]:
        if isinstance(node, Scalar):
            return 1, 0
        if id(node) in self._open:
            raise YamlFault("contains itself", node.offset)
        if id(node) not in self._known:
            self._known[id(node)] = self._inside(node, depth)
        values, height = self._known[id(node)]
        if depth + height > DEPTH_LIMIT:
            raise YamlFault(f"nested more than {DEPTH_LIMIT} deep", node.offset)
        return values, height

    def _inside(self, node: Sequence | Mapping, depth: int) -> tuple[int, int]:
        if depth > DEPTH_LIMIT:
            raise YamlFault(f"nested more than {DEPTH_LIMIT} deep", node.offset)
        self._open.add(id(node))
        inner = node.items if isinstance(node, Sequence) else [n for p in node.pairs for n in p]
        sizes = [self.of(each, depth + 1) for each in inner]
        self._open.discard(id(node))
        return 1 + sum(size for size, _ in sizes), 1 + max((h for _, h in sizes), default=0)
