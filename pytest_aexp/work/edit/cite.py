"""Adding citations to a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import FrontMatter
from pytest_aexp.work.edit.finding_text import (
    Edit,
    column,
    comes_from_elsewhere,
    edited,
    line_start,
    lines_after,
    replacing,
    value_of,
)

_INDENT = "  "
_DASH = re.compile(r"^[ \t]*(?=-[ \t\r\n])", re.MULTILINE)
_COMMA = re.compile(r"[ \t]*,")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


def with_citations(front: FrontMatter, citations: list[str]) -> str:
    """The finding's text with ``citations``, in YAML flow style, added behind those it has.

    Raises UsageError where that cannot be done without touching what stands there.
    """
    if comes_from_elsewhere(front):
        raise UsageError(
            f"{front.path}: {KEY} is brought in by an alias or a merge key; add "
            f"{' and '.join(citations)} by hand"
        )
    meant = _meant(front, citations)
    for edits in _ways(front, citations):
        text = edited(front, edits, meant)
        if text is not None:
            return text
    raise UsageError(
        f"{front.path}: {KEY} is written so that nothing can be added without touching the "
        f"rest; make it a list, an item a line, or add {' and '.join(citations)} by hand"
    )


def _meant(front: FrontMatter, citations: list[str]) -> Mapping:
    """What the front matter says once the citations are in it."""
    root = front.root or Mapping(0)
    added = [node for node in map(nodes.parse, citations) if node is not None]
    pairs = list(root.pairs)
    for number, (key, node) in enumerate(pairs):
        if isinstance(key, Scalar) and key.text == KEY:
            pairs[number] = key, Sequence(0, [*_cited_by(front, node), *added])
            return Mapping(0, pairs)
    return Mapping(0, [*pairs, (Scalar(KEY, 0, plain=True), Sequence(0, added))])


def _cited_by(front: FrontMatter, node: Node) -> list[Node]:
    if isinstance(node, Scalar):
        if values.scalar(node) is not None:
            raise UsageError(f"{front.path}: {KEY} is neither a list nor a mapping")
        return []
    return node.items if isinstance(node, Sequence) else [node]


def _ways(front: FrontMatter, citations: list[str]) -> Iterator[list[Edit]]:
    """How they may be added, the nicest first; not each of them need be right."""
    key_and_value = value_of(front.root, KEY)
    if key_and_value is None:
        yield from _as_new_key(front, citations)
        return
    key, node = key_and_value
    if isinstance(node, Sequence):
        yield (
            _in_brackets(front, node, citations)
            if node.flow
            else [_in_lines(front, node, citations)]
        )
    elif isinstance(node, Mapping):
        yield _beside_mapping(front, node, citations)
    else:
        yield from _for_nothing(front, key, node, citations)


def _as_new_key(front: FrontMatter, citations: list[str]) -> Iterator[list[Edit]]:
    root = front.root
    if root is not None and root.flow:
        inside = front.start + (root.inner_end if root.pairs else root.offset + 1)
        comma = ", " if root.pairs else ""
        yield [Edit(inside, inside, f"{comma}{KEY}: [{', '.join(citations)}]")]
        return
    indent = column(front, root.pairs[0][0]) if root is not None and root.pairs else ""
    lines = [f"{indent}{KEY}:", *(f"{indent}{_INDENT}- {citation}" for citation in citations)]
    text = "".join(f"{line}{front.newline}" for line in lines)
    yield [Edit(front.end, front.end, text)]
    if root is not None:
        yield [lines_after(front, root.inner_end, lines)]


def _in_lines(front: FrontMatter, node: Sequence, citations: list[str]) -> Edit:
    dash = _DASH.search(front.text, line_start(front, node.offset))
    indent = dash.group() if dash is not None else _INDENT
    if front.text[front.start + node.offset] == "-":
        indent = column(front, node)
    return lines_after(front, node.inner_end, [f"{indent}- {text}" for text in citations])


def _in_brackets(front: FrontMatter, node: Sequence, citations: list[str]) -> list[Edit]:
    text, end = front.text, front.start + node.inner_end
    if not node.items:
        inside = text.index("[", front.start + node.offset) + 1
        return [Edit(inside, inside, ", ".join(citations))]
    comma = _COMMA.match(text, end)
    behind = comma.end() if comma else end
    lead = _own_line(front, node)
    rest = _REST_OF_LINE.match(text, behind)
    line_end = rest.end() if rest else behind
    if lead is None or line_end >= front.start + node.end:
        separator = " " if comma else ", "
        return [Edit(behind, behind, f"{separator}{', '.join(citations)}")]
    lines = ",".join(f"{front.newline}{lead}{citation}" for citation in citations)
    edits = [Edit(line_end, line_end, f"{lines}," if comma else lines)]
    return edits if comma else [Edit(end, end, ","), *edits]


def _own_line(front: FrontMatter, node: Sequence) -> str | None:
    """The indentation of the last item of a list in brackets, if it begins a line of its own."""
    last = node.items[-1]
    start = line_start(front, last.offset)
    if last.offset <= node.offset or start <= front.start + node.offset:
        return None
    before = front.text[start : front.start + last.offset]
    return None if before.strip() else before


def _beside_mapping(front: FrontMatter, node: Mapping, citations: list[str]) -> list[Edit]:
    start, end = front.start + node.offset, front.start + node.end
    if node.flow:
        return [Edit(start, start, "["), Edit(end, end, f", {', '.join(citations)}]")]
    indent = column(front, node)
    edits = [Edit(start, start, "- ")]
    position = front.text.find("\n", start, end) + 1
    while 0 < position < end:
        if front.text[position] not in "\r\n":
            edits.append(Edit(position, position, _INDENT))
        position = front.text.find("\n", position, end) + 1
    added = [f"{indent}- {text}" for text in citations]
    return [*edits, lines_after(front, node.inner_end, added)]


def _for_nothing(
    front: FrontMatter, key: Scalar, node: Scalar, citations: list[str]
) -> Iterator[list[Edit]]:
    listed = f"[{', '.join(citations)}]"
    if front.source(node):
        yield [replacing(front, node, listed)]
        return
    indent = column(front, key) + _INDENT
    yield [lines_after(front, key.end, [f"{indent}- {text}" for text in citations])]
    yield [replacing(front, node, f" {listed}")]
