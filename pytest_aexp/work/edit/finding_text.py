"""Changing a finding's front matter by inserting and replacing, every other byte kept.

No edit is trusted: what was written is read again, and must say just what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import (
    READ_LIMIT,
    FrontMatter,
    UnreadableFinding,
    read_front_matter,
    scalars,
)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put ``text`` in the place of the characters from ``start`` up to ``end``."""

    start: int
    end: int
    text: str


def open_for_edit(path: str, data: bytes | Unreadable) -> FrontMatter:
    """The front matter in ``data``, to be edited; raises UsageError if it cannot be read."""
    try:
        front_matter = read_front_matter(path, data)
    except UnreadableFinding as unreadable:
        fault = unreadable.fault
        raise UsageError(f"{path} cannot be edited: {fault.message}; {fault.fix}") from unreadable
    if len(front_matter.text.encode()) >= READ_LIMIT:
        raise UsageError(f"{path} is too large to be edited")
    return front_matter


def replacing(front_matter: FrontMatter, node: Node, text: str) -> Edit:
    """The edit that writes ``text`` where ``node`` stands."""
    return Edit(front_matter.start + node.offset, front_matter.start + node.end, text)


def lines_after(front: FrontMatter, offset: int, lines: Iterable[str]) -> Edit:
    """Insert ``lines`` below the line on which the character before ``offset`` stands."""
    end = front.text.find("\n", front.start + offset - 1) + 1
    return Edit(end, end, "".join(f"{line}{front.newline}" for line in lines))


def line_start(front: FrontMatter, offset: int) -> int:
    """Where the line begins on which ``offset`` is."""
    return front.text.rfind("\n", 0, front.start + offset) + 1


def column(front: FrontMatter, node: Node) -> str:
    """What indents a line as far as ``node`` is."""
    before = front.text[line_start(front, node.offset) : front.start + node.offset]
    return re.sub(r"\S", " ", before)


def edited(front_matter: FrontMatter, edits: Iterable[Edit], meant: Mapping) -> str | None:
    """The text after ``edits``, which must not overlap; None unless it then says ``meant``."""
    text = front_matter.text
    # From the end, so that the places of the others still hold.
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    try:
        after = read_front_matter(front_matter.path, text.encode())
    except UnreadableFinding:
        return None
    return text if _same(meant, after.root, set()) else None


def _same(meant: Node | None, written: Node | None, compared: set[tuple[int, int]]) -> bool:
    if isinstance(meant, Scalar) and isinstance(written, Scalar):
        return (meant.text, meant.plain, meant.tag) == (written.text, written.plain, written.tag)
    if not isinstance(meant, Sequence | Mapping) or not isinstance(written, type(meant)):
        return False
    # An alias may name a node many times, even inside itself: it is compared once.
    pair = (id(meant), id(written))
    if pair in compared:
        return True
    compared.add(pair)
    inner, others = children(meant), children(written)
    return (meant.tag, len(inner)) == (written.tag, len(others)) and all(
        _same(one, other, compared) for one, other in zip(inner, others, strict=True)
    )


def children(node: Node | None) -> list[Node]:
    """What stands directly in ``node``, keys and values in turn."""
    if isinstance(node, Mapping):
        return [child for pair in node.pairs for child in pair]
    return node.items if isinstance(node, Sequence) else []


def value_of(root: Mapping | None, key: str) -> tuple[Scalar, Node] | None:
    """The key of that name in ``root``, merge keys aside, and its value."""
    pairs = scalars(root.pairs) if root is not None else ()
    return next(((name, node) for name, node in pairs if name.text == key), None)


def comes_from_elsewhere(front_matter: FrontMatter) -> bool:
    """Whether a merge key brings in the citations, or they are an alias of a node elsewhere."""
    own = value_of(front_matter.root, KEY)
    if own is not None:
        return own[1].offset < own[0].offset
    return front_matter.get(KEY) is not None
