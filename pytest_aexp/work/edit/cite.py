"""Adding citations to a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Several

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.work.edit.finding_text import Document, Edit, comes_from_elsewhere, value_of

_INDENT = "  "
_DASH = re.compile(r"^[ \t]*(?=-[ \t\r\n])", re.MULTILINE)
_COMMA = re.compile(r"[ \t]*,")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


def with_citations(document: Document, citations: Several[str]) -> str:
    """The finding's text with ``citations``, in YAML flow style, added behind those it has.

    Raises UsageError where that cannot be done without touching what stands there.
    """
    if comes_from_elsewhere(document):
        raise UsageError(
            f"{document.path}: {KEY} is brought in by an alias or a merge key; add "
            f"{' and '.join(citations)} by hand"
        )
    meant = _meant(document, citations)
    for edits in _ways(document, citations):
        text = document.changed(edits, meant)
        if text is not None:
            return text
    raise UsageError(
        f"{document.path}: {KEY} is written so that nothing can be added without touching the "
        f"rest; make it a list, an item a line, or add {' and '.join(citations)} by hand"
    )


def _meant(document: Document, citations: Several[str]) -> Mapping:
    """What the front matter says once the citations are in it."""
    root = document.root or Mapping(0)
    added = [node for node in map(nodes.parse, citations) if node is not None]
    pairs = list(root.pairs)
    for number, (key, node) in enumerate(pairs):
        if isinstance(key, Scalar) and key.text == KEY:
            pairs[number] = key, Sequence(0, [*_cited_by(document, node), *added])
            return Mapping(0, pairs)
    return Mapping(0, [*pairs, (Scalar(KEY, 0, plain=True), Sequence(0, added))])


def _cited_by(document: Document, node: Node) -> list[Node]:
    if isinstance(node, Scalar):
        if values.scalar(node) is not None:
            raise UsageError(f"{document.path}: {KEY} is neither a list nor a mapping")
        return []
    return node.items if isinstance(node, Sequence) else [node]


def _ways(document: Document, citations: Several[str]) -> Iterator[list[Edit]]:
    """How they may be added, the nicest first; not each of them need be right."""
    found = value_of(document.root, KEY)
    if found is None:
        yield from _as_new_key(document, citations)
        return
    key, node = found
    if isinstance(node, Sequence):
        yield (
            _in_brackets(document, node, citations)
            if node.flow
            else [_in_lines(document, node, citations)]
        )
    elif isinstance(node, Mapping):
        yield _beside_mapping(document, node, citations)
    else:
        yield from _for_nothing(document, key, node, citations)


def _as_new_key(document: Document, citations: Several[str]) -> Iterator[list[Edit]]:
    root = document.root
    if root is not None and root.flow:
        inside = document.offset + (root.inner_end if root.pairs else root.offset + 1)
        comma = ", " if root.pairs else ""
        yield [Edit(inside, inside, f"{comma}{KEY}: [{', '.join(citations)}]")]
        return
    indent = _column(document, root.pairs[0][0]) if root is not None and root.pairs else ""
    lines = [f"{indent}{KEY}:", *(f"{indent}{_INDENT}- {citation}" for citation in citations)]
    text = "".join(f"{line}{document.newline}" for line in lines)
    yield [Edit(document.end, document.end, text)]
    if root is not None:
        yield [_lines_after(document, root.inner_end, lines)]


def _in_lines(document: Document, node: Sequence, citations: Several[str]) -> Edit:
    dash = _DASH.search(document.text, _line_start(document, node.offset))
    indent = dash.group() if dash is not None else _INDENT
    if document.text[document.offset + node.offset] == "-":
        indent = _column(document, node)
    return _lines_after(document, node.inner_end, [f"{indent}- {each}" for each in citations])


def _in_brackets(document: Document, node: Sequence, citations: Several[str]) -> list[Edit]:
    text, end = document.text, document.offset + node.inner_end
    if not node.items:
        inside = text.index("[", document.offset + node.offset) + 1
        return [Edit(inside, inside, ", ".join(citations))]
    comma = _COMMA.match(text, end)
    behind = comma.end() if comma else end
    lead = _own_line(document, node)
    rest = _REST_OF_LINE.match(text, behind)
    line_end = rest.end() if rest else behind
    if lead is None or line_end >= document.offset + node.end:
        separator = " " if comma else ", "
        return [Edit(behind, behind, f"{separator}{', '.join(citations)}")]
    lines = ",".join(f"{document.newline}{lead}{citation}" for citation in citations)
    edits = [Edit(line_end, line_end, f"{lines}," if comma else lines)]
    return edits if comma else [Edit(end, end, ","), *edits]


def _own_line(document: Document, node: Sequence) -> str | None:
    """The indentation of the last item of a list in brackets, if it begins a line of its own."""
    last = node.items[-1]
    start = _line_start(document, last.offset)
    if last.offset <= node.offset or start <= document.offset + node.offset:
        return None
    before = document.text[start : document.offset + last.offset]
    return None if before.strip() else before


def _beside_mapping(document: Document, node: Mapping, citations: Several[str]) -> list[Edit]:
    start, end = document.offset + node.offset, document.offset + node.end
    if node.flow:
        return [Edit(start, start, "["), Edit(end, end, f", {', '.join(citations)}]")]
    indent = _column(document, node)
    edits = [Edit(start, start, "- ")]
    position = document.text.find("\n", start, end) + 1
    while 0 < position < end:
        if document.text[position] not in "\r\n":
            edits.append(Edit(position, position, _INDENT))
        position = document.text.find("\n", position, end) + 1
    added = [f"{indent}- {each}" for each in citations]
    return [*edits, _lines_after(document, node.inner_end, added)]


def _for_nothing(
    document: Document, key: Scalar, node: Scalar, citations: Several[str]
) -> Iterator[list[Edit]]:
    listed = f"[{', '.join(citations)}]"
    if document.source(node):
        yield [document.replacing(node, listed)]
        return
    indent = _column(document, key) + _INDENT
    yield [_lines_after(document, key.end, [f"{indent}- {each}" for each in citations])]
    yield [document.replacing(node, f" {listed}")]


def _lines_after(document: Document, offset: int, lines: Several[str]) -> Edit:
    """Insert ``lines`` below the line on which the character before ``offset`` stands."""
    end = document.text.find("\n", document.offset + offset - 1) + 1
    text = "".join(f"{line}{document.newline}" for line in lines)
    return Edit(end, end, text)


def _line_start(document: Document, offset: int) -> int:
    return document.text.rfind("\n", 0, document.offset + offset) + 1


def _column(document: Document, node: Node) -> str:
    """What indents a line as far as ``node`` is."""
    before = document.text[_line_start(document, node.offset) : document.offset + node.offset]
    return re.sub(r"\S", " ", before)
