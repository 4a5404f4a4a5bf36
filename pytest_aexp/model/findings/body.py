"""The Markdown below a finding's front matter: what of it is prose, and its links to entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

# In quotes and lists a fence may stand behind their marks.
_FENCE = re.compile(r"(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}(?=[^`]*$)|~{3,})")
_TICKS = re.compile(r"`+")
_PARAGRAPH_END = re.compile(r"\n[ \t>]*\r?\n")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TEXT = re.compile(r"[^\r\n]")
_ENTRY_LINK = re.compile(
    # A link's or an image's target, or that of a reference definition.
    r"(?:\]\([ \t]*|^[ \t>]{0,9}\[[^\]\n]{1,999}\]:[ \t]*)<?"
    r"(?:[^\s<>()]{0,300}/)?\.aexp/ledger/([^\s<>()/]{0,200})\.json(?=[\s>)#?])",
    re.MULTILINE,
)
_ANY_ENTRY = ".aexp/ledger/"


def without_code(text: str) -> str:
    """``text`` with blanks in the place of fenced code and code spans, all offsets kept."""
    if "~~~" in text or "```" in text:
        text = _without_fences(text)
    return _without_spans(text) if "`" in text else text


def prose(text: str) -> str:
    """The same, with blanks in the place of comments as well."""
    text = without_code(text)
    return _COMMENT.sub(lambda match: _blank(match.group()), text) if "<!--" in text else text


def entry_links(text: str, start: int) -> list[tuple[int, str]]:
    """Where ``text`` links to ledger entries, from ``start`` on, and the job ids in the links."""
    if text.find(_ANY_ENTRY, start) < 0:
        return []
    # Reference definitions may end the text.
    links = _ENTRY_LINK.finditer(f"{prose(text[start:])}\n")
    return [(start + link.start(1), link[1]) for link in links if "://" not in link[0]]


def _without_fences(text: str) -> str:
    lines, fence = [], ""
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line.rstrip("\r\n"))
        if fence:
            rest = line.strip(" \t>\r\n")
            lines.append(_blank(line))
            # It ends with as many of the same marks, and nothing behind them.
            if len(rest) >= len(fence) and not rest.strip(fence[0]):
                fence = ""
        elif match:
            fence = match[1]
            lines.append(_blank(line))
        else:
            lines.append(line)
    return "".join(lines)


def _without_spans(text: str) -> str:
    parts, last = [], 0
    for start, end in _spans(text):
        parts += [text[last:start], _blank(text[start:end])]
        last = end
    return "".join([*parts, text[last:]])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where code spans stand: from some backticks to as many in the same paragraph."""
    start = 0
    for end in [*(match.start() for match in _PARAGRAPH_END.finditer(text)), len(text)]:
        runs = [match.span() for match in _TICKS.finditer(text, start, end)]
        # The ends of runs of each length, the last first: each run is looked at once.
        closing = defaultdict[int, list[tuple[int, int]]](list)
        for run in reversed(runs):
            closing[run[1] - run[0]].append(run)
        reached = start
        for opening in runs:
            ends = closing[opening[1] - opening[0]]
            ends.pop()
            if opening[0] < reached:
                continue
            if ends:
                reached = ends[-1][1]
                yield opening[0], reached
        start = end


def _blank(text: str) -> str:
    return _TEXT.sub(" ", text)
