"""Adding citations to a finding."""

from __future__ import annotations

from collections.abc import Sequence as Several

from pytest_aexp.ground import yamlvalues
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.yamltree import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.citations import KEY
from pytest_aexp.work.editing import Document, Edit, comes_from_elsewhere, node_end, value_of

_INDENT = "  "


def with_citations(document: Document, citations: Several[str]) -> str:
    """The finding's text with ``citations``, in YAML flow style, added behind those it has.

    Raises UsageError where that cannot be done without touching what stands there.
    """
    if comes_from_elsewhere(document):
        raise UsageError(
            f"{document.path}: {KEY} is brought in by an alias or a merge key; add the citation "
            "by hand"
        )
    found = value_of(document.root, KEY)
    if found is None:
        lines = [f"{KEY}:", *(f"{_INDENT}- {citation}" for citation in citations)]
        text = "".join(f"{line}{document.newline}" for line in lines)
        return document.applied([Edit(document.end, document.end, text)])
    return document.applied(_additions(document, found[0], found[1], citations))


def _additions(document: Document, key: Scalar, node: Node, citations: Several[str]) -> list[Edit]:
    if isinstance(node, Sequence):
        return [_in_list(document, node, citations)]
    if isinstance(node, Mapping):
        return _beside_mapping(document, node, citations)
    if yamlvalues.scalar(node) is None:
        return [_for_nothing(document, key, node, citations)]
    raise UsageError(f"{document.path}: {KEY} is neither a list nor a mapping")


def _in_list(document: Document, node: Sequence, citations: Several[str]) -> Edit:
    if node.flow:
        close = document.offset + node.end - 1
        inside = document.text[document.offset + node.offset + 1 : close].rstrip()
        comma = "" if not inside or inside.endswith(",") else ", "
        space = " " if inside.endswith(",") else ""
        return Edit(close, close, f"{comma}{space}{', '.join(citations)}")
    line_start = _line_start(document, node.items[-1].offset)
    first = document.offset + node.items[-1].offset
    before_item = document.text[line_start:first]
    dash = before_item.rfind("-")
    indent = before_item[:dash] if not before_item[:dash].strip() else _INDENT
    return _lines_after(document, node_end(node), [f"{indent}- {each}" for each in citations])


def _beside_mapping(document: Document, node: Mapping, citations: Several[str]) -> list[Edit]:
    start, end = document.offset + node.offset, document.offset + node_end(node)
    if node.flow:
        return [Edit(start, start, "["), Edit(end, end, f", {', '.join(citations)}]")]
    line_start = _line_start(document, node.offset)
    indent = document.text[line_start:start]
    if indent.strip():
        raise UsageError(f"{document.path}: write {KEY} as a list first")
    edits = [Edit(start, start, "- ")]
    position = document.text.find("\n", start, end)
    while position != -1:
        edits.append(Edit(position + 1, position + 1, _INDENT))
        position = document.text.find("\n", position + 1, end)
    added = [f"{indent}- {each}" for each in citations]
    return [*edits, _lines_after(document, node_end(node), added)]


def _for_nothing(document: Document, key: Scalar, node: Scalar, citations: Several[str]) -> Edit:
    if node.text:
        return document.replacing(node, f"[{', '.join(citations)}]")
    return _lines_after(document, key.end, [f"{_INDENT}- {each}" for each in citations])


def _lines_after(document: Document, offset: int, lines: Several[str]) -> Edit:
    """Insert ``lines`` below the line on which the character before ``offset`` stands."""
    end = document.text.find("\n", document.offset + offset - 1) + 1
    text = "".join(f"{line}{document.newline}" for line in lines)
    return Edit(end, end, text)


def _line_start(document: Document, offset: int) -> int:
    return document.text.rfind("\n", 0, document.offset + offset) + 1
