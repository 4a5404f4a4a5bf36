"""What a finding says of itself and of others: ``builds_on`` and ``retracted``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pytest_aexp.ground.text import Position, quoted, resembles
from pytest_aexp.ground.yaml import values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, items_of
from pytest_aexp.model.findings.front_matter import FrontMatter, UnreadableFinding, scalars
from pytest_aexp.model.problems import SUSPICIOUS_KEY, Fault

BUILDS_ON = "builds_on"
RETRACTED = "retracted"
MOST_PREMISES = 1000
FINDING_NAME = re.compile(r"[Ff][0-9]+")
"""What a finding is called, such as F004, and what the name of its file begins with."""
_HOW_TO_RETRACT = "write why: `retracted: the validation split leaked`"
_HOW_TO_BUILD = "write the names of findings: `builds_on: [F001, F002]`"


@dataclass(frozen=True, slots=True)
class Premise:
    """A finding that another one builds on; ``name`` is in capitals, as findings are named."""

    path: str
    index: int
    position: Position
    name: str

    @property
    def label(self) -> str:
        """``builds_on[0]``."""
        return f"{BUILDS_ON}[{self.index}]"


class Withdrawal(NamedTuple):
    """A finding's own word that it does not hold any more."""

    reason: str
    replaced_by: str = ""


def read_premises(front_matter: FrontMatter) -> tuple[Premise, ...]:
    """The premises of a finding. Raises UnreadableFinding if they are not a name or a list."""
    node = front_matter.given(BUILDS_ON)
    if node is None:
        return ()
    items = items_of(node)
    if len(items) > MOST_PREMISES:
        raise _unreadable(front_matter, node, f"{BUILDS_ON} has more than {MOST_PREMISES:,} items")
    return tuple(_premise(front_matter, index, item) for index, item in enumerate(items))


def _premise(front_matter: FrontMatter, index: int, item: Node) -> Premise:
    if not isinstance(item, Scalar):
        kind = "a mapping" if isinstance(item, Mapping) else "a list"
        raise _unreadable(front_matter, item, f"{BUILDS_ON} holds {kind}", _HOW_TO_BUILD)
    at = front_matter.position(item.offset)
    name = item.text.upper() if FINDING_NAME.fullmatch(item.text) else item.text
    return Premise(front_matter.path, index, at, name)


def read_withdrawal(front_matter: FrontMatter) -> Withdrawal | None:
    """Why the finding is withdrawn; None if it is not. Raises UnreadableFinding."""
    node = front_matter.given(RETRACTED)
    if node is None:
        return None
    if isinstance(node, Mapping):
        parts = {key.text: value for key, value in scalars(values.merged_at_top(node))}
        reason = _text(parts.get("reason"))
        replacement = parts.get("replaced_by")
        if replacement is not None and not FINDING_NAME.fullmatch(_text(replacement)):
            message = f"{RETRACTED}.replaced_by is not the name of a finding"
            raise _unreadable(front_matter, replacement, message, "write a name such as F012")
    else:
        reason, replacement = _text(node), None
    if not any(character.isalnum() for character in reason):
        message = f"{RETRACTED} does not say why"
        raise _unreadable(front_matter, node, message, _HOW_TO_RETRACT)
    return Withdrawal(reason, _text(replacement).upper())


def _text(node: Node | None) -> str:
    """A value that is text and nothing else to YAML."""
    value = values.scalar(node) if isinstance(node, Scalar) else None
    return value if isinstance(value, str) else ""


def _unreadable(
    front_matter: FrontMatter, node: Node, message: str, fix: str = _HOW_TO_BUILD
) -> UnreadableFinding:
    at = front_matter.position(node.offset)
    return UnreadableFinding(front_matter.path, message, fix, at)


def misspelt_premises(front_matter: FrontMatter) -> Iterator[Fault]:
    """Keys that must have been meant as one of these two."""
    for key, _ in scalars(front_matter.pairs):
        meant = _meant(key.text)
        if meant:
            yield Fault(
                SUSPICIOUS_KEY,
                front_matter.path,
                f"{quoted(key.text)} is not {meant}: what it says is ignored",
                f"write `{meant}:`",
                front_matter.position(key.offset),
            )


@lru_cache(1024)
def _meant(key: str) -> str:
    """Which of the two a key that is neither must have been meant as; nothing for most."""
    # Strictly: `extracted` and `related` are keys of their own.
    names = (name for name in (BUILDS_ON, RETRACTED) if resembles(key, name, 0.9))
    return "" if key in (BUILDS_ON, RETRACTED) else next(names, "")
