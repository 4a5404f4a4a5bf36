"""Mending citations where there is only one thing that can have been meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from pytest_aexp.ground.text import resembles
from pytest_aexp.ground.yamltree import Mapping, Node, Scalar, Sequence
from pytest_aexp.model.citations import KEY, slip_in
from pytest_aexp.model.identity import is_job_id
from pytest_aexp.model.prefixes import SHORTEST
from pytest_aexp.work.editing import (
    Document,
    Edit,
    comes_from_elsewhere,
    job_citation,
    job_text,
    value_of,
)

_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)


def fixes(document: Document, known: AbstractSet[str]) -> list[Edit]:
    """The edits that mend a finding; ``known`` are the job ids that exist.

    A unique beginning of an id or an id in upper case becomes the id, a bare id a citation, a
    misspelt key the key. Where several could be meant nothing is done.
    """
    if document.root is None or comes_from_elsewhere(document):
        return []
    found = value_of(document.root, KEY)
    if found is not None:
        return list(_in_value(document, found[1], known))
    misspelt = [
        (key, node)
        for key, node in document.root.pairs
        if isinstance(key, Scalar) and resembles(key.text, KEY)
    ]
    if len(misspelt) != 1:
        return []
    key, node = misspelt[0]
    return [document.replacing(key, KEY), *_in_value(document, node, known)]


def _in_value(document: Document, node: Node, known: AbstractSet[str]) -> Iterator[Edit]:
    items = node.items if isinstance(node, Sequence) else [node]
    seen: set[int] = set()
    for item in items:
        # An alias is the node it names: mended once, where it stands.
        if item.offset >= node.offset and id(item) not in seen:
            seen.add(id(item))
            yield from _in_item(document, item, known)


def _in_item(document: Document, item: Node, known: AbstractSet[str]) -> Iterator[Edit]:
    if isinstance(item, Scalar):
        job_id = _meant(item.text, known)
        if job_id is not None:
            yield document.replacing(item, job_citation(job_id))
    elif isinstance(item, Mapping):
        yield from _in_citation(document, item, known)


def _in_citation(document: Document, item: Mapping, known: AbstractSet[str]) -> Iterator[Edit]:
    keys = {key.text: key for key, _ in item.pairs if isinstance(key, Scalar)}
    nodes = {key.text: node for key, node in item.pairs if isinstance(key, Scalar)}
    written = {name: node.text if isinstance(node, Scalar) else {} for name, node in nodes.items()}
    slip = slip_in(written)
    if slip is not None:
        yield document.replacing(keys[slip[0]], slip[1])
        nodes[slip[1]] = nodes.pop(slip[0])
    cited = nodes.get("id")
    if isinstance(cited, Scalar) and not is_job_id(cited.text) and cited.offset > item.offset:
        job_id = _meant(cited.text, known)
        if job_id is not None:
            yield document.replacing(cited, job_text(job_id))


def _meant(written: str, known: AbstractSet[str]) -> str | None:
    text = written.strip()
    if len(text) < SHORTEST or not _HEX.fullmatch(text):
        return None
    found = [job_id for job_id in known if job_id.startswith(text.lower())]
    return found[0] if len(found) == 1 else None
