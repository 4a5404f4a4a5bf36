"""Writing a selector so that every reader of YAML takes it for the one that runs have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml.nodes import Node, items_of
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import FrontMatter, scalars
from pytest_aexp.work.edit.citation_yaml import value_text
from pytest_aexp.work.edit.finding_text import comes_from_elsewhere, value_of
from pytest_aexp.work.edit.fix import Replacement, replaced


def with_settled(front: FrontMatter, values: Mapping[int, Mapping[str, Any]]) -> str:
    """The finding's text with selector values, by citation and key, written beyond doubt."""
    citations = value_of(front.root, KEY)
    if citations is None or front.root is None or comes_from_elsewhere(front):
        return front.text
    node = citations[1]
    return replaced(front, front.root, node, list(_replacements(node, values)))


def _replacements(node: Node, values: Mapping[int, Mapping[str, Any]]) -> Iterator[Replacement]:
    items = items_of(node)
    for index, settled in values.items():
        item = items[index]
        selector = _value(item, "selector")
        for key, value in scalars(selector.pairs) if isinstance(selector, nodes.Mapping) else ():
            # What an alias names stands elsewhere, and may mean something else there.
            if key.text in settled and value.offset > key.offset:
                yield Replacement(value, value_text(settled[key.text]))


def _value(item: Node, name: str) -> Node | None:
    pairs = scalars(item.pairs) if isinstance(item, nodes.Mapping) else ()
    return next((value for key, value in pairs if key.text == name), None)
