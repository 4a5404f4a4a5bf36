"""Changing a finding's front matter by inserting and replacing, every other byte kept.

No edit is trusted: what was written is read again, and must say just what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.finding import READ_LIMIT, front_matter_span, read_finding
from pytest_aexp.model.problems import UNREADABLE

BOM = "\ufeff"


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put ``text`` in the place of the characters from ``start`` up to ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A finding that can be edited.

    Nodes count their offsets from ``offset``; ``end`` is where the closing ``---`` stands.
    """

    path: str
    text: str
    offset: int
    end: int
    root: Mapping | None

    @property
    def newline(self) -> str:
        """The line end that the front matter uses."""
        return "\r\n" if "\r\n" in self.text[: self.end] else "\n"

    def source(self, node: Node) -> str:
        """What is written of ``node``."""
        return self.text[self.offset + node.offset : self.offset + node.end]

    def replacing(self, node: Node, text: str) -> Edit:
        """The edit that writes ``text`` where ``node`` stands."""
        return Edit(self.offset + node.offset, self.offset + node.end, text)

    def changed(self, edits: Iterable[Edit], meant: Mapping) -> str | None:
        """The text after ``edits``, which must not overlap; None unless it says ``meant``."""
        text = self.text
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        try:
            after = open_document(self.path, text.encode())
        except UsageError:
            return None
        return text if _same(meant, after.root, set()) else None


def open_document(path: str, data: bytes | Unreadable) -> Document:
    """The finding in ``data``, to be edited; raises UsageError if it cannot be read."""
    finding = read_finding(path, data)
    refused = [fault for fault in finding.faults if fault.rule is UNREADABLE]
    if refused or isinstance(data, Unreadable):
        raise UsageError(f"{path} cannot be edited: {refused[0].message}; {refused[0].fix}")
    if len(data) >= READ_LIMIT:
        raise UsageError(f"{path} is too large to be edited")
    text = data.decode()
    shift = len(BOM) if text.startswith(BOM) else 0
    start, end = front_matter_span(text[shift:])
    assert start is not None
    assert end is not None
    root = nodes.parse(text[shift + start : shift + end])
    return Document(
        path, text, shift + start, shift + end, root if isinstance(root, Mapping) else None
    )


def _same(meant: Node | None, found: Node | None, compared: set[tuple[int, int]]) -> bool:
    if isinstance(meant, Scalar) and isinstance(found, Scalar):
        return (meant.text, meant.plain, meant.tag) == (found.text, found.plain, found.tag)
    if not isinstance(meant, Sequence | Mapping) or type(meant) is not type(found):
        return False
    # However often an alias names a node, and be it inside itself, it is compared once.
    pair = (id(meant), id(found))
    if pair in compared:
        return True
    compared.add(pair)
    inner, others = children(meant), children(found)
    return len(inner) == len(others) and all(
        _same(each, other, compared) for each, other in zip(inner, others, strict=True)
    )


def children(node: Node | None) -> list[Node]:
    """What stands directly in ``node``, keys and values in turn."""
    if isinstance(node, Mapping):
        return [each for pair in node.pairs for each in pair]
    return node.items if isinstance(node, Sequence) else []


def value_of(root: Mapping | None, key: str) -> tuple[Scalar, Node] | None:
    """The key of that name in ``root``, merge keys aside, and its value."""
    for name, node in root.pairs if root is not None else ():
        if isinstance(name, Scalar) and name.text == key:
            return name, node
    return None


def comes_from_elsewhere(document: Document, key: str = KEY) -> bool:
    """Whether a merge key brings in ``key``, or its value is an alias of a node elsewhere."""
    root = document.root
    if root is None:
        return False
    own = value_of(root, key)
    if own is not None:
        return own[1].offset < own[0].offset
    merged = values.merged_at_top(root)
    return any(isinstance(name, Scalar) and name.text == key for name, _ in merged)
