"""Marking a finding: that its author knows of a retraction, or that it is withdrawn."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml.nodes import Node, Scalar, Sequence
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import FrontMatter
from pytest_aexp.work.edit.citation_yaml import text_as_yaml
from pytest_aexp.work.edit.finding_text import Edit, edited, value_of

_ACCEPT = "accept"
_INDENTED = re.compile(r"\S")


def with_accepted(front: FrontMatter, accepted: Mapping[int, Collection[str]]) -> str | None:
    """The text in which citations accept retraction records, by their index.

    None where that cannot be written without touching more.
    """
    found = value_of(front.root, KEY)
    if found is None or front.root is None:
        return None
    listing = found[1]
    items = listing.items if isinstance(listing, Sequence) else [listing]
    edits, meant = [], dict[int, Node]()
    for index, records in accepted.items():
        item = items[index]
        if not isinstance(item, nodes.Mapping) or item.offset < found[0].offset:
            return None
        edit, after = _accepting(front, item, records)
        edits.append(edit)
        meant[index] = after
    after_items = [meant.get(index, item) for index, item in enumerate(items)]
    whole = replace(listing, items=after_items) if isinstance(listing, Sequence) else after_items[0]
    pairs = [(key, whole if node is listing else node) for key, node in front.root.pairs]
    return edited(front, edits, replace(front.root, pairs=pairs))


def _accepting(
    front: FrontMatter, item: nodes.Mapping, records: Collection[str]
) -> tuple[Edit, nodes.Mapping]:
    """The edit of one citation, and what it says then."""
    own = value_of(item, _ACCEPT)
    listed = Sequence(0, flow=True)
    if own is not None:
        node = own[1]
        listed.items = list(node.items) if isinstance(node, Sequence) else [node]
    new = [Scalar(each, 0, plain=_is_plain(each)) for each in records]
    written = [front.source(node) for node in listed.items]
    written += [each.text if each.plain else f'"{each.text}"' for each in new]
    listed.items += new
    text = f"[{', '.join(written)}]"
    if own is not None:
        pairs = [(key, listed if key is own[0] else node) for key, node in item.pairs]
        end = own[1].inner_end if isinstance(own[1], Sequence) and not own[1].flow else own[1].end
        edit = Edit(front.start + own[1].offset, front.start + end, text)
        return edit, replace(item, pairs=pairs)
    pairs = [*item.pairs, (Scalar(_ACCEPT, 0, plain=True), listed)]
    return _added(front, item, f"{_ACCEPT}: {text}"), replace(item, pairs=pairs)


def _is_plain(record_id: str) -> bool:
    # Another reader takes digits for a number, an e among them too.
    return re.fullmatch(r"[0-9]+(?:e[0-9]+)?", record_id) is None


def _added(front: FrontMatter, item: nodes.Mapping, pair: str) -> Edit:
    """The edit that adds a pair at the end of a mapping."""
    end = front.start + item.inner_end
    if item.flow:
        return Edit(end, end, f", {pair}")
    line = front.text.rfind("\n", 0, front.start + item.offset) + 1
    indent = _INDENTED.sub(" ", front.text[line : front.start + item.offset])
    at = front.text.find("\n", end - 1) + 1
    return Edit(at, at, f"{indent}{pair}{front.newline}")


def with_withdrawal(front: FrontMatter, reason: str, replaced_by: str, day: str) -> str | None:
    """The text in which the finding says that it is withdrawn; None where it cannot be written."""
    root = front.root or nodes.Mapping(0)
    if root.flow:
        return None
    values = {"reason": reason, "replaced_by": replaced_by, "on": day}
    pairs = {name: text_as_yaml(value) for name, value in values.items() if value}
    text = ", ".join(f"{name}: {value}" for name, value in pairs.items())
    inner = nodes.parse(f"{{{text}}}")
    assert inner is not None
    meant = replace(root, pairs=[*root.pairs, (Scalar("retracted", 0, plain=True), inner)])
    line = f"retracted: {{{text}}}{front.newline}"
    return edited(front, [Edit(front.end, front.end, line)], meant)
