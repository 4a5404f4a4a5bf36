"""Lines of shell as the commands that they are made of."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_ASSIGNMENT = re.compile(r"\w+=")


def commands_in(block: str) -> Iterator[list[str]]:
    """Each command with its arguments; comments, assignments and redirections are left out."""
    for line in block.replace("\\\n", " ").splitlines():
        for words in _simple(line):
            while words and _ASSIGNMENT.match(words[0]):
                words.pop(0)
            if words:
                yield words


def _simple(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    words: list[str] = []
    for token in lexer:
        if token[0] in "<>":
            lexer.get_token()
        elif token[0] in "&|;()":
            yield words
            words = []
        else:
            words.append(token)
    yield words
