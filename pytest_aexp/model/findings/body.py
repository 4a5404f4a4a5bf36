"""The Markdown below a finding's front matter: what of it is prose, and its links to entries."""

from __future__ import annotations

import re

from pytest_aexp.ground.markdown import code_and_comments, without

_ENTRY_LINK = re.compile(
    # A link's or an image's target, or that of a reference definition.
    r"(?:(?P<inline>\]\(\s{0,9})|^[ \t>]{0,9}\[[^\]\n]{1,999}\]:\s{0,9})<?"
    r"(?:[^\s<>()]{0,300}/)?\.aexp/ledger/(?P<run>[^\s<>()/]{0,200})\.json(?=[\s>)#?])"
    # After a link's target comes its end, or a title.
    r"(?(inline)(?=[^ \t\r\n()]*+\s{0,99}+[)\"'(]))",
    re.MULTILINE,
)
_ANY_ENTRY = ".aexp/ledger/"


def without_code(text: str) -> str:
    """``text`` without fenced code and code spans."""
    return without(text, (span for span in code_and_comments(text) if not span.is_comment))


def prose(text: str) -> str:
    """``text`` without code and comments."""
    return without(text, code_and_comments(text))


def entry_links(text: str, start: int) -> list[tuple[int, str]]:
    """Where ``text`` links to ledger entries, from ``start`` on, and the job ids in the links."""
    if text.find(_ANY_ENTRY, start) < 0:
        return []
    # Reference definitions may end the text.
    links = _ENTRY_LINK.finditer(f"{prose(text[start:])}\n")
    return [(start + link.start("run"), link["run"]) for link in links if "://" not in link[0]]
