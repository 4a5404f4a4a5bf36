"""Markdown beside the findings that cites runs, though its name is not a finding's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.settings.globs import fits, fixed_part, matched
from pytest_aexp.ground.text import Position, position_in, shown
from pytest_aexp.ground.views import View
from pytest_aexp.ground.yaml import values
from pytest_aexp.ground.yaml.nodes import Node, Scalar
from pytest_aexp.ground.yaml.nodes import Sequence as SequenceNode
from pytest_aexp.model.findings.citation import KEY
from pytest_aexp.model.findings.front_matter import (
    READ_LIMIT,
    UnreadableFinding,
    read_front_matter,
)
from pytest_aexp.model.findings.suspicious_keys import is_slip
from pytest_aexp.model.problems import NOT_COLLECTED, Fault

MARKDOWN = (
    *(".md", ".markdown", ".mdown", ".markdn", ".mdwn", ".mdtxt", ".mdtext", ".mkd", ".mkdn"),
    *(".qmd", ".rmd", ".rmarkdown", ".mdx", ".myst"),
)
_BEFORE = b"\xef\xbb\xbf \t\r\n"
"""What may stand before front matter."""
_FINDING_NAME = re.compile(r".*/F[0-9][^/]*\.(?:md|markdown)", re.IGNORECASE | re.DOTALL)
_KEY_LINE = re.compile(rf"^{KEY}[ \t]*:", re.MULTILINE)


def may_cite(path: str) -> bool:
    """Whether the file has the name of a Markdown file."""
    return path.lower().endswith(MARKDOWN)


def uncollected_faults(view: View, files: Iterable[str], globs: Sequence[str]) -> Iterator[Fault]:
    """The faults of those of ``files`` that lie in the globs' folders and cite runs unread."""
    folders = [fixed_part(glob) for glob in globs]
    if not all(folders):  # the whole repository is not a folder of findings
        return
    inside = tuple(f"{folder}/" for folder in folders)
    beside = {path for path in files if may_cite(path) and path.startswith(inside)}
    for path in sorted(beside.difference(matched(list(beside), globs))):
        data = view.read(path, READ_LIMIT, whole=False)
        fault = uncollected_fault(path, data, is_hidden=any(fits(path, glob) for glob in globs))
        if fault is not None:
            yield fault


def uncollected_fault(
    path: str, data: bytes | Unreadable, *, is_hidden: bool = False
) -> Fault | None:
    """The fault of a file that is not a finding, if its front matter cites runs.

    It may be none for being in a folder that ``is_hidden``.
    """
    if isinstance(data, Unreadable) or not data.lstrip(_BEFORE).startswith(b"---"):
        return None
    at = _citations_in(path, data)
    if at is None:
        return None
    name = shown(path.rpartition("/")[2], 60)
    reason = f"{name} is not the name of a finding"
    fix = "name it as a finding (`F###-slug.md`), or add a glob for it to `findings` in [tool.aexp]"
    if _FINDING_NAME.fullmatch(path):
        reason = "no glob of `findings` in [tool.aexp] fits it (`*`, `**` and `[ab]`, not `{a,b}`)"
        fix = "correct the globs, or add one for it"
    if is_hidden:
        reason = "a folder whose name begins with a dot is not looked into"
        fix = "move it to a folder without a dot"
    message = f"the file cites runs, but {reason}: its citations are not checked"
    fix = f"{fix}; if it is a template, empty its {KEY}"
    return Fault(NOT_COLLECTED, path, message, fix, at)


def _citations_in(path: str, data: bytes) -> Position | None:
    try:
        front_matter = read_front_matter(path, data)
    except UnreadableFinding:
        text = data.decode(errors="replace")
        line = _KEY_LINE.search(text)
        return position_in(text, line.start()) if line else None
    for key, value in front_matter.pairs:
        if isinstance(key, Scalar) and is_slip(key.text) and not _is_empty(value):
            return front_matter.position(key.offset)
    return None


def _is_empty(value: Node) -> bool:
    if isinstance(value, Scalar):
        return values.scalar(value) in (None, "")
    return not (value.items if isinstance(value, SequenceNode) else value.pairs)
