"""Withdrawing a finding: one key more in its front matter, every other byte kept."""

from __future__ import annotations

from dataclasses import replace

from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml.nodes import Scalar
from pytest_aexp.model.findings.front_matter import FrontMatter
from pytest_aexp.work.edit.citation_yaml import value_text
from pytest_aexp.work.edit.finding_text import Edit, edited


def with_withdrawal(front: FrontMatter, reason: str, replaced_by: str, day: str) -> str | None:
    """The text in which the finding says that it is withdrawn; None where it cannot be written."""
    root = front.root or nodes.Mapping(0)
    if root.flow:
        return None
    values = {"reason": reason, "replaced_by": replaced_by, "on": day}
    pairs = {name: value_text(value) for name, value in values.items() if value}
    text = ", ".join(f"{name}: {value}" for name, value in pairs.items())
    inner = nodes.parse(f"{{{text}}}")
    assert inner is not None
    after = replace(root, pairs=[*root.pairs, (Scalar("retracted", 0, plain=True), inner)])
    line = f"retracted: {{{text}}}{front.newline}"
    return edited(front, [Edit(front.end, front.end, line)], after)
