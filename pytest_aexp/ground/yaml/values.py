"""The JSON values that YAML nodes stand for, with merge keys followed and aliases bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from pytest_aexp.ground.yaml.nodes import (
    TAG,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlFault,
    items_of,
)

VALUES_LIMIT = 10_000
"""The most values one node may stand for once its aliases are written out."""
READINGS_LIMIT = 64
"""The most readings of one node that are tried: each scalar that has two doubles them."""
NUMBER_LIMIT = 500
"""The most characters a number may have; what is longer stays text."""

# What YAML 1.1 takes for other than text, with two differences that JSON and its users ask for: a
# number may have an exponent without a dot, and a date stays text.
_NULL = re.compile(r"~|null|Null|NULL|", re.ASCII)
_BOOL = {
    word: truth
    for truth, words in ((True, "yes true on"), (False, "no false off"))
    for lower in words.split()
    for word in (lower, lower.capitalize(), lower.upper())
}
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", re.ASCII)
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?",
    re.ASCII,
)


def value(node: Node) -> Any:
    """The JSON value that ``node`` stands for. Raises YamlFault past the bounds."""
    check(node)
    return _value(node)


def check(node: Node) -> int:
    """How many values ``node`` stands for; raises YamlFault if too many, or if it has none."""
    if not isinstance(node, Scalar):
        node.measure()
    if node.fault is not None:
        raise node.fault
    if node.count > VALUES_LIMIT:
        raise YamlFault(f"a value stands for more than {VALUES_LIMIT:,} values", node.offset)
    return node.count


def _value(node: Node) -> Any:
    if isinstance(node, Scalar):
        return scalar(node)
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    return {
        key.text if isinstance(key, Scalar) else str(_value(key)): _value(inner)
        for key, inner in merged(node)
    }


def scalar(node: Scalar) -> bool | int | float | str | None:
    """The JSON value of a scalar: text, unless it is plain and reads as something else."""
    text = node.text
    if node.tag is not None:
        return _tagged(node)
    if not node.plain:
        return text
    if _NULL.fullmatch(text):
        return None
    if text in _BOOL:
        return _BOOL[text]
    return _number(text)


# As YAML 1.2 reads numbers; and a number with an exponent as YAML 1.1 reads it.
_INT_12 = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT_12 = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_EXPONENT_11 = re.compile(r"[^eE]*\.[^eE]*[eE][-+][0-9]+")
_BOOL_12 = {word: truth for word, truth in _BOOL.items() if word.lower() in ("true", "false")}


def readings(node: Node) -> list[Any]:
    """The values that readers of YAML 1.1 and 1.2 take ``node`` for, ours first.

    More than one only for a plain scalar such as `on`, `80:20`, `010` or `1e-3`, and for what holds
    some: of that READINGS_LIMIT at most. ``node`` must have passed `check`.
    """
    if isinstance(node, Scalar):
        return _readings_of_scalar(node)
    if isinstance(node, Sequence):
        return [list(chosen) for chosen in _choices(node.items)]
    pairs = merged(node)
    names = [key.text if isinstance(key, Scalar) else str(_value(key)) for key, _ in pairs]
    chosen_values = _choices([inner for _, inner in pairs])
    return [dict(zip(names, chosen, strict=True)) for chosen in chosen_values]


def _choices(nodes: list[Node]) -> Iterator[tuple[Any, ...]]:
    return islice(product(*map(readings, nodes)), READINGS_LIMIT)


def _readings_of_scalar(node: Scalar) -> list[Any]:
    own, text = scalar(node), node.text
    if not node.plain or len(text) > NUMBER_LIMIT or (type(own) is int and str(own) == text):
        return [own]
    others: list[Any] = [own]
    is_float_of_12 = isinstance(own, float) and "e" in text.lower()
    if (is_float_of_12 and not _EXPONENT_11.fullmatch(text)) or text.lstrip("+-").startswith("0o"):
        others.append(text)
    others.append(_yaml_12(text))
    distinct: list[Any] = []
    for other in others:
        # True is not 1, but 1 is 1.0.
        if not any(other == d and isinstance(other, bool) == isinstance(d, bool) for d in distinct):
            distinct.append(other)
    return distinct


def _yaml_12(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if text in _BOOL_12:
        return _BOOL_12[text]
    if _INT_12.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if _FLOAT_12.fullmatch(text) else text


def _tagged(node: Scalar) -> bool | int | float | str | None:
    plain = scalar(Scalar(node.text, node.offset, plain=True))
    if node.tag == TAG + "float" and type(plain) is int:
        return float(str(plain))
    kinds = {"int": int, "float": float, "bool": bool, "null": type(None)}
    return plain if type(plain) is kinds.get(str(node.tag).removeprefix(TAG)) else node.text


def _number(text: str) -> int | float | str:
    if len(text) > NUMBER_LIMIT:
        return text
    try:
        if _INT.fullmatch(text):
            return _integer(text.replace("_", ""))
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        if _SEXAGESIMAL.fullmatch(text):
            return _sexagesimal(text.replace("_", ""))
    except ValueError:
        # Only underscores where there should be digits.
        return text
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("-+")
    if digits.startswith("0") and len(digits) > 1 and digits[1] not in "bxo":
        return int(text.replace(digits, "0o" + digits[1:], 1), 8)
    return int(text, 0)


def _sexagesimal(text: str) -> int:
    total = 0
    for part in text.lstrip("-+").split(":"):
        total = total * 60 + int(part)
    return -total if text.startswith("-") else total


def merged(node: Mapping) -> list[tuple[Node, Node]]:
    """The pairs of ``node`` with what its merge keys (``<<``) bring in; its own keys win.

    ``node`` must have passed `check`. Raises YamlFault if a merge key names no mapping.
    """
    own = [pair for pair in node.pairs if not _is_merge(pair[0])]
    if len(own) == len(node.pairs):
        return own
    keys = {key.text for key, _ in own if isinstance(key, Scalar)}
    for key, inner in node.pairs:
        if _is_merge(key):
            for source in _sources(inner):
                for pair in merged(source):
                    if isinstance(pair[0], Scalar) and pair[0].text not in keys:
                        keys.add(pair[0].text)
                        own.append(pair)
    return own


def merged_at_top(root: Mapping) -> list[tuple[Node, Node]]:
    """The same for a whole document, of which only what its merge keys name must be bounded."""
    for key, inner in root.pairs:
        if _is_merge(key):
            check(inner)
    return merged(root)


def _is_merge(key: Node) -> bool:
    return isinstance(key, Scalar) and key.text == "<<" and key.plain


def _sources(named: Node) -> Iterator[Mapping]:
    for source in items_of(named):
        if not isinstance(source, Mapping):
            raise YamlFault("the merge key << names no mapping", named.offset)
        yield source
