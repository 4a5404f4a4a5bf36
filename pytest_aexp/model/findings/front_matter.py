"""The front matter of a finding: where it stands in the text, and its YAML as nodes.

Read once; the finding, the commands that edit it and the report page all work on it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from shlex import quote
from typing import NamedTuple

from pytest_aexp.ground.files import UNMERGED, Unreadable, size
from pytest_aexp.ground.text import LineMap, Position, position_in, shown
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.ground.yaml.mistakes import Mistake, mistake_in
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, YamlFault, YamlSyntax
from pytest_aexp.ground.yaml.simple import read_simple
from pytest_aexp.model.problems import UNREADABLE, Fault

FRONT_MATTER_LIMIT = 64 << 10  # so much of any shape is read within seconds
READ_LIMIT = 4 << 20
"""How much of a finding is read; the front matter must end long before."""

BOM = "\ufeff"
# Possessive: a file of nothing but empty lines must not be tried once for each of them.
_BLANK = r"(?:[ \t]*+\r?\n)*+"
_OPENING = re.compile(BOM + "?" + _BLANK + r"-{3,}[ \t]*(?:\r?\n|\r?\Z)")
_CLOSING = re.compile(r"^-{3,}[ \t]*\r?$", re.MULTILINE)
_TOML = re.compile(BOM + "?" + _BLANK + r"\+{3}[ \t]*\r?\n")
_DOTS = re.compile(r"^\.{3}[ \t]*\r?$", re.MULTILINE)
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: |\r?$)", re.MULTILINE)


class UnreadableFinding(Exception):
    """The front matter cannot be read; ``fault`` says why."""

    def __init__(self, path: str, message: str, fix: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.fault = Fault(UNREADABLE, path, message, fix, position or Position())


class FrontMatter(NamedTuple):
    """The text of a finding, and the YAML between ``start`` and ``end`` of it.

    ``root`` is None where the YAML says nothing. Its nodes count their offsets from ``start``.
    ``pairs`` are its keys and values, those of merge keys included.
    """

    path: str
    text: str
    start: int
    end: int
    root: Mapping | None
    pairs: list[tuple[Node, Node]]
    lines: LineMap

    def position(self, offset: int) -> Position:
        """The place of a node's offset in the file."""
        return self.lines.position(offset)

    def source(self, node: Node) -> str:
        """A node as it is written."""
        return self.text[self.start + node.offset : self.start + node.end]

    @property
    def newline(self) -> str:
        """The line end that the front matter uses."""
        return "\r\n" if "\r\n" in self.text[: self.end] else "\n"

    def get(self, key: str) -> Node | None:
        """The value of ``key``; None if there is none."""
        named = (value for name, value in self.pairs if is_key(name, key))
        return next(named, None)

    def given(self, key: str) -> Node | None:
        """The same, but None if it is null, too."""
        node = self.get(key)
        return None if isinstance(node, Scalar) and values.scalar(node) is None else node

    def text_of(self, key: str) -> str | None:
        """The value of ``key`` as written; None if it is null, a list or a mapping."""
        node = self.given(key)
        return node.text if isinstance(node, Scalar) else None


def is_key(node: Node, name: str) -> bool:
    """Whether a mapping's key is ``name``."""
    return isinstance(node, Scalar) and node.text == name


def read_front_matter(path: str, data: bytes | Unreadable) -> FrontMatter:
    """The front matter in ``data``, the first READ_LIMIT bytes of the file at ``path``.

    Raises UnreadableFinding.
    """
    if isinstance(data, Unreadable):
        fix = "put the finding itself there" if data.is_link else "restore the file"
        fix = f"resolve it, then `git add {quote(path)}`" if data is UNMERGED else fix
        raise UnreadableFinding(path, f"the finding {data.reason}", fix)
    text = _decoded(path, data)
    start, end = _span(path, text)
    yaml = text[start:end]
    if len(yaml) > FRONT_MATTER_LIMIT or len(yaml.encode()) > FRONT_MATTER_LIMIT:
        message = f"the front matter is larger than {size(FRONT_MATTER_LIMIT)}"
        raise UnreadableFinding(path, message, _TOO_LONG)
    lines = LineMap(yaml, position_in(text, start).line)
    try:
        root = _root(yaml)
        pairs = values.merged_at_top(root) if root is not None else []
    except YamlFault as fault:
        _refuse_conflict(path, text, start, end)
        _refuse_dots(path, text, start, end)
        mistake = _mistake(yaml, fault)
        message = f"the front matter cannot be read: {shown(mistake.message, 200)}"
        at = lines.position(mistake.offset)
        raise UnreadableFinding(path, message, mistake.fix, at) from fault
    return FrontMatter(path, text, start, end, root, pairs, lines)


_TOO_LONG = (
    "cite a batch in place of single runs (`aexp cite F001 --batch E001 condition=full`), or "
    "write two findings"
)
_INVISIBLE = {"\u00a0": "no-break space", "\u200b": "zero-width space", "\ufeff": "byte order mark"}


def _mistake(yaml: str, fault: YamlFault) -> Mistake:
    """What is wrong with the YAML, without the parser's vocabulary, and what to do about it."""
    offset = fault.offset
    line = yaml[yaml.rfind("\n", 0, offset) + 1 :].partition("\n")[0]
    hidden = next((name for character, name in _INVISIBLE.items() if character in line), None)
    if hidden is not None:
        return Mistake(
            f"there is a {hidden} in this line", "type a plain space in its place", offset
        )
    if isinstance(fault, YamlSyntax):
        return mistake_in(yaml, offset, fault.message)
    return Mistake(fault.message, fault.fix, offset)


def _root(yaml: str) -> Mapping | None:
    root = read_simple(yaml) or nodes.parse(yaml)
    if root is None or (isinstance(root, Scalar) and values.scalar(root) is None):
        return None
    if isinstance(root, Mapping):
        return root
    what, fix = "a list", "write `supporting_runs:` above the list"
    if isinstance(root, Scalar):
        what = "text"
        fix = "write `key: value` lines, such as `title: …` and `supporting_runs: […]`"
    raise YamlFault(f"it is {what}, not `key: value` lines", root.offset, fix)


def _span(path: str, text: str) -> tuple[int, int]:
    """Where the YAML starts and ends."""
    opening = _OPENING.match(text)
    if opening is None:
        _refuse_conflict(path, text, 0, len(text))
        message = "there is no front matter at the top"
        fix = "begin the file with a line `---`, then the YAML, then another line `---`"
        if not text:
            message = "the file is empty"
            fix = f"restore it from git, or {fix}"
        elif text.startswith("version https://git-lfs"):
            message = "the file is a Git LFS pointer"
            fix = "run `git lfs pull`, or take the findings out of Git LFS"
        elif _TOML.match(text):
            message = "the front matter is TOML (`+++`), not YAML"
            fix = "write it as YAML between two lines `---`"
        raise UnreadableFinding(path, f"{message}, so no citation can be read", fix)
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        _refuse_dots(path, text, opening.end(), len(text))
        raise UnreadableFinding(
            path, "the front matter is never closed", "end it with a line `---`"
        )
    return opening.end(), closing.start()


def _refuse_conflict(path: str, text: str, start: int, end: int) -> None:
    """Raise UnreadableFinding if git left conflict markers there."""
    marker = _CONFLICT.search(text, start, end)
    if marker is not None:
        message = "the finding holds conflict markers"
        fix = f"keep what is right on both sides, then `git add {quote(path)}`"
        raise UnreadableFinding(path, message, fix, position_in(text, marker.start()))


def _refuse_dots(path: str, text: str, start: int, end: int) -> None:
    """Raise UnreadableFinding if the YAML ends with dots, as some other programs let it."""
    dots = _DOTS.search(text, start, end)
    if dots is not None:
        message = "the front matter ends with `...`, not with `---`"
        fix = "write `---` in its place"
        raise UnreadableFinding(path, message, fix, position_in(text, dots.start()))


def _decoded(path: str, data: bytes) -> str:
    # A character that the limit cut in two is no fault of the file's.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(data, final=len(data) < READ_LIMIT)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise UnreadableFinding(
            path,
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} begins no character",
            "save the file as UTF-8",
            position_in(before, len(before)),
        ) from error


def scalars(pairs: list[tuple[Node, Node]]) -> Iterator[tuple[Scalar, Node]]:
    """The pairs whose key is text."""
    return ((key, value) for key, value in pairs if isinstance(key, Scalar))
