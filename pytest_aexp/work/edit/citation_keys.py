"""Setting and removing keys of citations that a finding has, every other byte kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence, items_of
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import FrontMatter, scalars
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

Keys = dict[str, str | None]
"""What keys of a citation are set to, as YAML; None for one that is removed."""

_REST_OF_LINE = re.compile(r"[^\r\n]*(?:\r?\n)?")


def with_keys(front: FrontMatter, changes: dict[int, Keys]) -> str:
    """The finding's text with keys of citations, by index, set to YAML text or removed (None).

    Raises UsageError where that cannot be done without touching what stands there.
    """
    citations = value_of(front.root, KEY)
    if citations is None or front.root is None or comes_from_elsewhere(front):
        raise _refused(front, changes)
    value = citations[1]
    items = items_of(value)
    instead: dict[int, Node] = {}
    edits: list[Edit] = []
    for index, keys in changes.items():
        item = items[index]
        if not isinstance(item, Mapping) or item.offset < value.offset:
            raise _refused(front, changes)
        edits += _item_edits(front, item, keys)
        instead[index] = _meant(item, keys)
    after = [instead.get(index, item) for index, item in enumerate(items)]
    meant = Sequence(0, after, tag=value.tag) if isinstance(value, Sequence) else after[0]
    pairs = [(key, meant if inner is value else inner) for key, inner in front.root.pairs]
    text = edited(front, edits, Mapping(0, pairs, tag=front.root.tag))
    if text is None:
        raise _refused(front, changes)
    return text


def _refused(front: FrontMatter, changes: dict[int, Keys]) -> UsageError:
    wanted = (
        f"{key}: {text}" if text is not None else f"no {key}"
        for keys in changes.values()
        for key, text in keys.items()
    )
    return UsageError(
        f"{front.path}: {KEY} is written so that this cannot be changed without touching the rest; "
        f"write {', '.join(wanted)} by hand"
    )


def _meant(item: Mapping, keys: Keys) -> Mapping:
    """The citation as it is to be read afterwards."""
    pairs = [pair for pair in item.pairs if not _is_removed(pair[0], keys)]
    for number, (key, _) in enumerate(pairs):
        text = keys.get(key.text) if isinstance(key, Scalar) else None
        if text is not None:
            pairs[number] = key, _parsed(text)
    own = {key.text for key, _ in scalars(item.pairs)}
    pairs += [
        (Scalar(key, 0, plain=True), _parsed(text))
        for key, text in keys.items()
        if text is not None and key not in own
    ]
    return Mapping(0, pairs, tag=item.tag)


def _parsed(text: str) -> Node:
    node = nodes.parse(f"[{text}]")
    assert isinstance(node, Sequence)
    return node.items[0]


def _is_removed(key: Node, keys: Keys) -> bool:
    return isinstance(key, Scalar) and key.text in keys and keys[key.text] is None


def _item_edits(front: FrontMatter, item: Mapping, keys: Keys) -> Iterator[Edit]:
    own = {key.text: value for key, value in scalars(item.pairs)}
    new = []
    for name, text in keys.items():
        if text is not None and name in own:
            yield replacing(front, own[name], text)
        elif text is not None:
            new.append(f"{name}: {text}")
    if new:
        yield _addition(front, item, new)
    removed = [number for number, (key, _) in enumerate(item.pairs) if _is_removed(key, keys)]
    for first, last in _neighbours(removed):
        yield _removal(front, item, first, last)


def _neighbours(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each unbroken row of ``numbers``, which are sorted."""
    for number in numbers:
        if number - 1 not in numbers:
            last = number
            while last + 1 in numbers:
                last += 1
            yield number, last


def _removal(front: FrontMatter, item: Mapping, first: int, last: int) -> Edit:
    start, text = front.start, front.text
    begin, end = start + item.pairs[first][0].offset, start + item.pairs[last][1].end
    # In braces the comma goes with it, and the first key of a block shares its line with the dash.
    if last + 1 < len(item.pairs) and (item.flow or first == 0):
        return Edit(begin, start + item.pairs[last + 1][0].offset, "")
    if item.flow:
        return Edit(start + item.pairs[first - 1][1].end, end, "")
    rest = _REST_OF_LINE.match(text, end)
    return Edit(line_start(front, item.pairs[first][0].offset), rest.end() if rest else end, "")


def _addition(front: FrontMatter, item: Mapping, added: list[str]) -> Edit:
    if item.flow:
        end = front.start + item.inner_end
        return Edit(end, end, "".join(f", {addition}" for addition in added))
    indent = column(front, item.pairs[0][0])
    return lines_after(front, item.inner_end, [f"{indent}{addition}" for addition in added])
