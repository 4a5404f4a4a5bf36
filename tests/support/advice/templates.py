"""The commands that messages name, as the source has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_COMMAND = re.compile(r"`((?:aexp|git|rm|mv|mkdir|unset|pip|pytest|GIT_DIR=)[ =]?[^`]+)(`?)")
_VALUE = "\0"


def templates(paths: list[Path]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Each command in the texts of these modules, and what it is like with its values."""
    for path in paths:
        for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            for command, end in _COMMAND.findall(text):
                pattern = re.escape(command).replace(re.escape(_VALUE), ".+")
                name = f"{path.name}: {command.replace(_VALUE, '{}')}"
                yield name, re.compile(pattern + ("" if end else ".*"))


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts below a node, docstrings aside, with a mark in the place of each value."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else _VALUE for part in node.values
        )
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)
