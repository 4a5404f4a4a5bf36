"""A finding's front matter, read into citations that know their line and column."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pytest_aexp.ground.files import UNMERGED, Unreadable, size
from pytest_aexp.ground.text import LineMap, Position, position_in, quoted, resembles, shown
from pytest_aexp.ground.views import View
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, YamlFault
from pytest_aexp.model.findings.citation import HOW_TO_CITE, KEY, Citation, CitationReader
from pytest_aexp.model.problems import SUSPICIOUS_KEY, UNREADABLE, Fault

FRONT_MATTER_LIMIT = 64 << 10
READ_LIMIT = 4 << 20
"""How much of a finding is read; the front matter must end long before."""

# Possessive: a file of nothing but empty lines must not be tried once for each of them.
_BLANK = r"(?:[ \t]*+\r?\n)*+"
_OPENING = re.compile(_BLANK + r"-{3,}[ \t]*(?:\r?\n|\r?\Z)")
_CLOSING = re.compile(r"^-{3,}[ \t]*\r?$", re.MULTILINE)
_NAME = re.compile(r"[Ff][0-9]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as far as it could be read; ``faults`` are those of its front matter."""

    path: str
    citations: tuple[Citation, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """``F004`` for ``F004-what-we-found.md``, else the file's name."""
        return name_of(self.path)


def name_of(path: str) -> str:
    """The name of the finding at ``path``."""
    file = path.rpartition("/")[2]
    match = _NAME.match(file)
    return match.group().upper() if match else file


def load_finding(view: View, path: str) -> Finding:
    """The finding at ``path``."""
    return read_finding(path, view.read(path, READ_LIMIT, whole=False))


def read_finding(path: str, data: bytes | Unreadable) -> Finding:
    """The finding in ``data``, the first READ_LIMIT bytes of the file at ``path``."""
    if isinstance(data, Unreadable):
        fix = f"resolve it, then `git add {path}`" if data is UNMERGED else "restore the file"
        return _unreadable(path, Position(), f"the finding {data.reason}", fix)
    text = _decoded(path, data)
    if isinstance(text, Finding):
        return text
    start, end = front_matter_span(text)
    if start is None:
        return _unreadable(
            path,
            Position(),
            "there is no front matter at the top, so no citation can be read",
            "begin the file with a line `---`, then the YAML, then another line `---`",
        )
    if end is None:
        message = "the front matter is never closed"
        return _unreadable(path, Position(), message, "end it with a line `---`")
    yaml = text[start:end]
    if len(yaml) > FRONT_MATTER_LIMIT or len(yaml.encode()) > FRONT_MATTER_LIMIT:
        message = f"the front matter is larger than {size(FRONT_MATTER_LIMIT)}"
        return _unreadable(path, Position(), message, "move the long part below the second `---`")
    first = position_in(text, start).line
    return _Reader(path, LineMap(yaml, first)).finding(yaml)


def front_matter_span(text: str) -> tuple[int | None, int | None]:
    """Where the YAML of a finding without BOM starts, None if nowhere, and where it ends."""
    opening = _OPENING.match(text)
    if opening is None:
        return None, None
    closing = _CLOSING.search(text, opening.end())
    return opening.end(), closing.start() if closing else None


def _decoded(path: str, data: bytes) -> str | Finding:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(data, final=len(data) < READ_LIMIT).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return _unreadable(
            path,
            position_in(before, len(before)),
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} begins no character",
            "save the file as UTF-8",
        )


def _unreadable(path: str, position: Position, message: str, fix: str) -> Finding:
    return Finding(path, faults=(Fault(UNREADABLE, path, message, fix, position),))


class _Reader:
    """Reads the front matter of one finding."""

    def __init__(self, path: str, lines: LineMap) -> None:
        self._path = path
        self._lines = lines

    def finding(self, yaml: str) -> Finding:
        try:
            root = nodes.parse(yaml)
            if root is None or (isinstance(root, Scalar) and values.scalar(root) is None):
                return Finding(self._path)
            if isinstance(root, Mapping):
                return self._from_mapping(root)
        except YamlFault as fault:
            return self._refused(fault.message, fault.offset, "correct the YAML there")
        reason = "it is not a mapping of keys to values"
        return self._refused(reason, root.offset, f"write `{KEY}:` above the list")

    def _refused(self, reason: str, offset: int, fix: str) -> Finding:
        message = f"the front matter cannot be read: {shown(reason, 200)}"
        return _unreadable(self._path, self._at(offset), message, fix)

    def _from_mapping(self, root: Mapping) -> Finding:
        pairs = values.merged_at_top(root)
        faults = tuple(self._suspicious(pairs))
        found = [inner for key, inner in pairs if isinstance(key, Scalar) and key.text == KEY]
        if not found:
            return Finding(self._path, faults=faults)
        node = found[0]
        if not isinstance(node, Scalar):
            cited = CitationReader(self._path, self._at).citations(node)
            return Finding(self._path, cited, faults)
        if values.scalar(node) is None:
            return Finding(self._path, faults=faults)
        message = f"{KEY} is {quoted(node.text)}, neither a list nor a mapping"
        fix = f"{HOW_TO_CITE}, each as an item of the list"
        fault = Fault(UNREADABLE, self._path, message, fix, self._at(node.offset))
        return Finding(self._path, faults=(*faults, fault))

    def _suspicious(self, pairs: list[tuple[Node, Node]]) -> Iterator[Fault]:
        seen: set[int] = set()
        for key, inner in pairs:
            if isinstance(key, Scalar) and key.text != KEY and is_slip(key.text):
                what = f"{quoted(key.text)} is not {KEY}"
                yield self._ignored_key(key, what, f"write `{KEY}:`, or run `aexp fix`")
            if isinstance(inner, Mapping) and id(inner) not in seen:
                seen.add(id(inner))
                where = quoted(key.text) if isinstance(key, Scalar) else "another key"
                yield from self._suspicious_below(where, inner)

    def _suspicious_below(self, where: str, node: Mapping) -> Iterator[Fault]:
        for key, _ in node.pairs:
            if isinstance(key, Scalar) and is_slip(key.text):
                fix = f"write `{KEY}:` at the start of a line of the front matter"
                yield self._ignored_key(key, f"{quoted(key.text)} is below {where}", fix)

    def _ignored_key(self, key: Scalar, what: str, fix: str) -> Fault:
        message = f"{what}: the citations there are not checked"
        return Fault(SUSPICIOUS_KEY, self._path, message, fix, self._at(key.offset))

    def _at(self, offset: int) -> Position:
        return self._lines.position(offset)


@lru_cache(1024)
def is_slip(key: str) -> bool:
    """Whether a key must have been meant as ``supporting_runs``, or is that."""
    # Nearer than other slips: `supporting_refs` may well be another key.
    return resembles(key, KEY, 0.88)
