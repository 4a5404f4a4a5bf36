"""YAML text as a tree of nodes that know where they stand, within bounds.

Loading YAML loses what a citation needs: the text of an id as it was written, line and column,
duplicate keys. Composing it with the C parser crashes on deep nesting. So the parser's events are
read here, one by one: too deep a nesting stops the reading, an alias is the node it names, never a
copy. ``pytest_aexp.ground.yaml.values`` makes values from nodes, when a rule asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from itertools import chain
from sys import intern
from typing import Any, ClassVar

from pytest_aexp.ground.text import quoted

DEPTH_LIMIT = 32
TAG = "tag:yaml.org,2002:"
_STANDARD_TAGS = frozenset(
    TAG + name
    for name in (
        *("null", "bool", "int", "float", "str", "timestamp", "binary"),
        *("seq", "map", "set", "omap", "pairs", "merge"),
    )
)


class YamlFault(Exception):
    """The text is not YAML that can be used; ``offset`` is where, in characters."""

    def __init__(self, message: str, offset: int, fix: str = "correct the YAML there") -> None:
        super().__init__(message)
        self.message, self.offset, self.fix = message, offset, fix


class YamlSyntax(YamlFault):
    """The parser refused the text; ``message`` is its own."""


@dataclass(slots=True, eq=False)
class Scalar:
    """Text as written; ``plain`` if it stood without quotes and tag, so that it may be a number.

    Like every node it reaches from ``offset`` up to ``end``, quotes included. Tags are kept as they
    are: other programs have their own (``!r``, ``!expr``).
    """

    text: str
    offset: int
    plain: bool
    tag: str | None = None
    end: int = 0
    count: ClassVar[int] = 1
    height: ClassVar[int] = 0

    @property
    def fault(self) -> YamlFault | None:
        """Why it has no value."""
        return tag_fault(self)


@dataclass(slots=True, eq=False)
class _Collection:
    """What lists and mappings have; ``flow`` if it is written in brackets.

    ``inner_end`` is where the last thing written inside ends, an alias included; ``end`` is that
    for one without brackets. ``count`` is how many values it stands for once aliases are written
    out, ``height`` how deep they nest, ``fault`` why it has no value.
    """

    offset: int
    _: KW_ONLY
    flow: bool = False
    end: int = 0
    inner_end: int = 0
    tag: str | None = None
    count: int = 0
    height: int = 1
    fault: YamlFault | None = None

    def inner(self) -> Iterable[Node]:
        """The nodes that are directly in it."""
        raise NotImplementedError

    def measure(self) -> None:
        """Note what it stands for, now that all is in it."""
        if self.count:
            return
        self.count, self.fault = 1, tag_fault(self)
        # An alias is the node it names, so a short text may stand for a value of any size.
        for node in self.inner():
            if isinstance(node, _Collection):
                node.measure()
            self.count += node.count
            self.height = max(self.height, node.height + 1)
            if self.fault is None and (node.height or node.tag is not None):
                self.fault = node.fault
        if self.fault is None and self.height > DEPTH_LIMIT:
            self.fault = YamlFault(f"nested more than {DEPTH_LIMIT} deep", self.offset)


@dataclass(slots=True, eq=False)
class Sequence(_Collection):
    """A list of nodes."""

    items: list[Node] = field(default_factory=list)

    def inner(self) -> Iterable[Node]:
        """Its items."""
        return self.items


@dataclass(slots=True, eq=False)
class Mapping(_Collection):
    """Pairs of nodes, in the order written."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)

    def inner(self) -> Iterable[Node]:
        """Its keys and values."""
        return chain.from_iterable(self.pairs)


Node = Scalar | Sequence | Mapping


def tag_fault(node: Node | _Collection) -> YamlFault | None:
    """The fault of a node that has a tag of another program."""
    if node.tag is None or node.tag in _STANDARD_TAGS:
        return None
    return YamlFault(f"the tag {quoted(node.tag)} is not allowed here", node.offset)


# The C parser counts bytes to such a character where the other counts characters.
# What there is, and not what there is not: Python takes 5 ms to prepare a set of all the rest.
_NOT_YAML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS_OF_OLD = re.compile("[\x85\u2028\u2029]")
_BLANK_LINE = re.compile(r"^[ \t]++(?=\r?$)", re.MULTILINE)
_FROM_FIRST_WORD = re.compile(r"\S[^\r\n]*")
# What the C parser says of a URL in a flow list, a dot in an anchor's name, a tab after `-`.
_WRONGLY_REFUSED = (
    "found unexpected ':'",
    "did not find expected alphabetic or numeric character",
    "found character that cannot start any token",
)
_DIRECTIVE = re.compile(r"(?:[ \t]*+(?:#[^\r\n]*+)?[\r\n])*+%")


def items_of(node: Node) -> list[Node]:
    """The items of a list; a node that stands where a list may is its one item."""
    return node.items if isinstance(node, Sequence) else [node]


def parse(text: str) -> Node | None:
    """The one document in ``text``; None if it is empty. Raises YamlFault."""
    odd = _NOT_YAML.search(text)
    if odd is not None:
        raise YamlFault(f"the character U+{ord(odd[0]):04X} is not allowed in YAML", odd.start())
    if "\t" in text:
        # Neither parser takes every one on a line of its own.
        text = _BLANK_LINE.sub(lambda blank: " " * len(blank.group()), text)
    directive = _DIRECTIVE.match(text)
    if directive is not None:
        raise YamlFault("a directive (%) is not allowed here", directive.end() - 1)
    # YAML 1.1 ends lines there, in one parser more than in the other; YAML 1.2 and editors do not.
    stand_ins = _stand_ins(text)
    text = text.translate(stand_ins) if stand_ins else text
    meant = {ord(stand_in): chr(odd) for odd, stand_in in stand_ins.items()}
    try:
        # Here, not above: a face that meets no finding must not pay for the parser.
        from _ruamel_yaml import CParser  # type: ignore[import-not-found]
    except ImportError:
        return _composed(None, text, meant)
    try:
        return _composed(CParser, text, meant)
    except YamlFault as fault:
        if fault.message not in _WRONGLY_REFUSED:
            raise
        return _composed(None, text, meant)


def _stand_ins(text: str) -> dict[int, str]:
    """For each line end of old in ``text`` a character for private use that is not in it."""
    odd = [] if text.isascii() else sorted(set(_LINE_ENDS_OF_OLD.findall(text)))
    free = (chr(code) for code in range(0xE000, 0x110000) if chr(code) not in text)
    return {ord(character): next(free) for character in odd}


def _composed(
    c_parser: Callable[[str], Any] | None, text: str, meant: dict[int, str]
) -> Node | None:
    # Here for the same reason.
    from ruamel.yaml import YAML, error

    try:
        parser = c_parser(text) if c_parser else _pure_parser(YAML(typ="safe", pure=True), text)
        return _Composer(parser.get_event, meant).document()
    except error.MarkedYAMLError as refusal:
        mark = refusal.problem_mark or refusal.context_mark
        reason = refusal.problem or refusal.context or "it is not YAML"
        raise YamlSyntax(str(reason), mark.index if mark else 0) from refusal
    except error.YAMLError as refusal:
        offset = getattr(refusal, "position", 0) or 0
        raise YamlSyntax(str(refusal).splitlines()[0], offset) from refusal
    except (IndexError, OverflowError, ValueError) as refusal:
        # The pure parser trips over escapes of characters that do not exist, and directives.
        raise YamlSyntax("it is not YAML", 0) from refusal


class _Composer:
    def __init__(self, next_event: Callable[[], Any], meant: dict[int, str]) -> None:
        self._next = next_event
        self._meant = meant
        self._anchors: dict[str, Node] = {}
        self._open: list[Sequence | Mapping] = []
        self._written = 0

    def document(self) -> Node | None:
        root: Node | None = None
        kind = ""
        while kind != "StreamEndEvent":
            event = self._next()
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if root is not None:
                    raise YamlFault("a second document starts here", event.start_mark.index)
                root = self._node(self._next(), depth=1)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event).__name__
        offset = event.start_mark.index
        if kind == "ScalarEvent":
            tag, self._written = event.tag, event.end_mark.index
            plain = tag is None and event.implicit[0]
            value = event.value.translate(self._meant) if self._meant else event.value
            tag = TAG + "str" if tag == "!" else tag
            node: Node = Scalar(value, offset, plain, tag, self._written)
            if event.anchor is not None:
                self._anchors[event.anchor] = node
            return node
        if kind == "AliasEvent":
            if event.anchor not in self._anchors:
                # It is far more often text, such as `*.csv`, than an alias of a missing anchor.
                message = "a text that begins with * needs quotes"
                raise YamlFault(message, offset, "put quotes around the text")
            self._written = event.end_mark.index
            named = self._anchors[event.anchor]
            if isinstance(named, _Collection) and named in self._open:
                # It is measured with that: nothing else of it counts any more.
                named.count, named.fault = 1, YamlFault("a value contains itself", named.offset)
            return named
        if depth > DEPTH_LIMIT:
            raise YamlFault(f"nested more than {DEPTH_LIMIT} deep", offset)
        return self._collection(event, depth)

    def _collection(self, event: Any, depth: int) -> Node:
        make = Sequence if type(event).__name__ == "SequenceStartEvent" else Mapping
        node = make(event.start_mark.index, flow=bool(event.flow_style), tag=event.tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._open.append(node)
        if isinstance(node, Sequence):
            end = self._items(node, depth + 1)
        else:
            end = self._pairs(node, depth + 1)
        self._open.pop()
        node.inner_end = self._written
        if node.flow:
            self._written = end.end_mark.index
        # Without brackets the parser's own end lies behind comments and blank lines.
        node.end = self._written
        node.measure()
        return node

    def _items(self, node: Sequence, depth: int) -> Any:
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            node.items.append(self._node(event, depth))
        return event

    def _pairs(self, node: Mapping, depth: int) -> Any:
        seen: set[str] = set()
        while type(event := self._next()).__name__ != "MappingEndEvent":
            key = self._node(event, depth)
            if isinstance(key, Scalar):
                if key.text in seen:
                    message = f"the key {quoted(key.text)} is there twice"
                    raise YamlFault(message, key.offset, "remove one of the two")
                # Interned, since every finding has the same keys.
                key.text = intern(key.text)
                seen.add(key.text)
            node.pairs.append((key, self._node(self._next(), depth)))
        return event


def _pure_parser(yaml: Any, text: str) -> Any:
    yaml.version = (1, 1)
    # It takes no tab between tokens, nor in text without quotes; YAML and the C parser do.
    text = _FROM_FIRST_WORD.sub(lambda rest: rest.group().replace("\t", " "), text)
    _constructor, parser = yaml.get_constructor_parser(text)
    return parser
