"""Correct citations where only one thing can have been meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any

from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence, items_of
from pytest_aexp.model.batches import meant_experiment
from pytest_aexp.model.findings.citation import KEY, Resolvable
from pytest_aexp.model.findings.citation_reader import meant_type, slip_in
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.front_matter import FrontMatter, scalars
from pytest_aexp.model.findings.suspicious_keys import replaces_key
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.runs.short_id import ids_beginning
from pytest_aexp.work.edit.citation_yaml import job_citation, job_text, value_text
from pytest_aexp.work.edit.finding_text import comes_from_elsewhere, edited, replacing, value_of

_MARKED = re.compile(r"(?:[&!]\S*\s+)*")
_ONE_BY_ONE = 100
"""For how many replacements it is worth while to find the one that cannot be made."""


Replacement = tuple[Node, str]
"""A node, and the text to be written in its place."""


def corrected(front: FrontMatter, job_ids: AbstractSet[str]) -> str:
    """The finding's text, corrected; ``job_ids`` are the job ids that exist.

    A unique beginning of an id or an id in upper case becomes the id, a bare id a citation, a
    misspelt key the key. Where several could be meant, or more would change, nothing is done.
    """
    root = front.root
    if root is None or comes_from_elsewhere(front):
        return front.text
    citations = value_of(root, KEY)
    if citations is not None:
        return replaced(front, root, citations[1], list(_in_value(front, citations[1], job_ids)))
    slips = [(key, node) for key, node in scalars(root.pairs) if replaces_key(key.text, node)]
    if len(slips) != 1:
        return front.text
    ((key, node),) = slips
    renamed = _rewritten(front, key, KEY)
    inside = _in_value(front, node, job_ids)
    text = replaced(front, root, node, [*renamed, *inside], first=len(renamed))
    cited = read_finding(front.path, text.encode()).citations
    return text if any(isinstance(c, Resolvable) for c in cited) else front.text


def replaced(
    front: FrontMatter, root: Mapping, value: Node, replacements: list[Replacement], first: int = 0
) -> str:
    """The text with all replacements, or as many as can be made; the ``first`` always."""
    if not replacements:
        return front.text
    text = _with(front, root, value, replacements)
    if text is None and len(replacements) <= _ONE_BY_ONE:
        always, rest = replacements[:first], replacements[first:]
        fit = [r for r in rest if _with(front, root, value, [*always, r]) is not None]
        text = _with(front, root, value, [*always, *fit])
    return front.text if text is None else text


def _with(
    front: FrontMatter, root: Mapping, value: Node, replacements: list[Replacement]
) -> str | None:
    instead = {id(node): nodes.parse(text) for node, text in replacements}
    pairs = [
        # Only there: what an alias carries to other keys must stay as it is.
        (instead.get(id(key)) or key, _substituted(node, instead) if node is value else node)
        for key, node in root.pairs
    ]
    edits = [replacing(front, node, text) for node, text in replacements]
    return edited(front, edits, Mapping(0, pairs))


def _substituted(node: Node, instead: dict[int, Node | None]) -> Node:
    """A copy of ``node`` in which some nodes are others; ``instead`` also learns the copies."""
    copy = instead.get(id(node))
    if copy is not None:
        return copy
    if isinstance(node, Sequence):
        items: list[Node] = []
        instead[id(node)] = Sequence(0, items)
        items += [_substituted(item, instead) for item in node.items]
    elif isinstance(node, Mapping):
        pairs: list[tuple[Node, Node]] = []
        instead[id(node)] = Mapping(0, pairs)
        pairs += [(_substituted(k, instead), _substituted(v, instead)) for k, v in node.pairs]
    return instead.get(id(node)) or node


def _in_value(front: FrontMatter, node: Node, job_ids: AbstractSet[str]) -> Iterator[Replacement]:
    items = items_of(node)
    # An alias is the node it names: corrected once, where it stands, if that is here.
    own = {id(item): item for item in items if item.offset >= node.offset}
    return chain.from_iterable(_in_item(front, item, job_ids) for item in own.values())


def _in_item(front: FrontMatter, item: Node, job_ids: AbstractSet[str]) -> Iterator[Replacement]:
    if isinstance(item, Scalar):
        job_id = _meant(item.text, job_ids)
        if job_id is not None and not _is_block(front, item):
            marks = _MARKED.match(front.source(item))
            yield item, (marks.group() if marks else "") + job_citation(job_id)
    elif isinstance(item, Mapping):
        yield from _in_citation(front, item, job_ids)


def _in_citation(
    front: FrontMatter, item: Mapping, job_ids: AbstractSet[str]
) -> Iterator[Replacement]:
    keys = {key.text: key for key, _ in scalars(item.pairs)}
    nodes = {key.text: node for key, node in scalars(item.pairs)}
    written = {name: node.text if isinstance(node, Scalar) else {} for name, node in nodes.items()}
    while (slip := slip_in(written)) is not None:
        name, meant = slip
        if keys[name].offset >= item.offset:
            yield from _rewritten(front, keys[name], meant)
        nodes[meant], written[meant] = nodes.pop(name), written.pop(name)
    for name, meant_value in (("type", meant_type), ("experiment_id", meant_experiment)):
        node = nodes.get(name)
        if isinstance(node, Scalar) and node.offset > item.offset:
            right = meant_value(node.text)
            if right is not None:
                yield from _rewritten(front, node, right)
    cited = nodes.get("id")
    if isinstance(cited, Scalar) and not is_job_id(cited.text) and cited.offset > item.offset:
        job_id = _meant(cited.text, job_ids)
        if job_id is not None:
            yield from _rewritten(front, cited, job_id, bare=job_text(job_id))


def _rewritten(
    front: FrontMatter, node: Scalar, text: str, *, bare: str | None = None
) -> list[Replacement]:
    """``text`` in the place of ``node``, quoted and marked as that is; ``bare`` without quotes."""
    if _is_block(front, node):
        return []
    source = front.source(node)
    marks = _MARKED.match(source)
    before = marks.group() if marks else ""
    quote = source[len(before) : len(before) + 1]
    inside = f"{quote}{text}{quote}" if quote in ("'", '"') else bare or text
    return [(node, before + inside)]


def _is_block(front: FrontMatter, node: Scalar) -> bool:
    # Its end lies on the next line, its indentation above it.
    return "\n" in front.source(node)


def _meant(written: str, job_ids: AbstractSet[str]) -> str | None:
    matches = ids_beginning(written, job_ids)
    return matches[0] if len(matches) == 1 else None


def with_unambiguous_values(front: FrontMatter, values: dict[int, dict[str, Any]]) -> str:
    """The text with selector values, by citation and key, as every reader of YAML takes them."""
    citations = value_of(front.root, KEY)
    if citations is None or front.root is None or comes_from_elsewhere(front):
        return front.text
    items = items_of(citations[1])
    replacements = [
        (value, value_text(meant[key.text]))
        for index, meant in values.items()
        for key, value in _selector(items[index])
        # What an alias names stands elsewhere, and may mean something else there.
        if key.text in meant and value.offset > key.offset
    ]
    return replaced(front, front.root, citations[1], replacements)


def _selector(item: Node) -> list[tuple[Scalar, Node]]:
    found = value_of(item, "selector") if isinstance(item, Mapping) else None
    return list(scalars(found[1].pairs)) if found and isinstance(found[1], Mapping) else []
