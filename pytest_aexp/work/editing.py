"""Changing a finding's front matter by inserting and replacing, every other byte kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground import yamltree, yamlvalues
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.yamltree import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.citations import KEY
from pytest_aexp.model.findings import READ_LIMIT, front_matter_span, read_finding
from pytest_aexp.model.problems import UNREADABLE

BOM = "\ufeff"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
_DIGITS_ONLY = re.compile(r"[0-9]+(?:e[0-9]+)?", re.ASCII)


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
        """The line end that the file uses."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def applied(self, edits: Iterable[Edit]) -> str:
        """The text after ``edits``, which must not overlap."""
        text = self.text
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def replacing(self, node: Scalar, text: str) -> Edit:
        """The edit that writes ``text`` where ``node`` stands."""
        return Edit(self.offset + node.offset, self.offset + node.end, text)


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
    root = yamltree.parse(text[shift + start : shift + end])
    return Document(
        path, text, shift + start, shift + end, root if isinstance(root, Mapping) else None
    )


def node_end(node: Node) -> int:
    """Where what is written of ``node`` ends, comments and blank lines behind it left out."""
    if isinstance(node, Scalar) or node.flow:
        return node.end
    inner = node.items if isinstance(node, Sequence) else [n for p in node.pairs for n in p]
    return max(map(node_end, inner), default=node.end)


def value_of(root: Mapping | None, key: str) -> tuple[Scalar, Node] | None:
    """The key of that name in ``root``, merge keys aside, and its value."""
    for name, node in root.pairs if root is not None else ():
        if isinstance(name, Scalar) and name.text == key:
            return name, node
    return None


def job_text(job_id: str) -> str:
    """A job id as YAML: quoted where another reader would take it for a number."""
    return f'"{job_id}"' if _DIGITS_ONLY.fullmatch(job_id) else job_id


def job_citation(job_id: str) -> str:
    """A citation of one run."""
    return f"{{type: job, id: {job_text(job_id)}}}"


def batch_citation(experiment: str, selector: dict[str, Any]) -> str:
    """A citation of a batch; of the whole experiment if the selector is empty."""
    told = ", ".join(f"{_yaml(key)}: {_yaml(value)}" for key, value in selector.items())
    chosen = f", selector: {{{told}}}" if told else ""
    return f"{{type: batch, experiment_id: {experiment}{chosen}}}"


def _yaml(value: Any) -> str:
    """A JSON value as YAML that reads back as the same; JSON is YAML, plain text is nicer."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        read = yamlvalues.scalar(Scalar(value, 0, plain=True))
        if read == value:
            return value
    return _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> str:
    """JSON, as YAML allows it: what does not print is written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)


def comes_from_elsewhere(document: Document, key: str = KEY) -> bool:
    """Whether a merge key brings in ``key``, or its value is an alias of a node elsewhere."""
    root = document.root
    if root is None:
        return False
    own = value_of(root, key)
    if own is not None:
        return own[1].offset < own[0].offset
    merged = yamlvalues.merged_at_top(root)
    return any(isinstance(name, Scalar) and name.text == key for name, _ in merged)
