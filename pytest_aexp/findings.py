"""A finding's front matter, read into citations that know their line and column."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_aexp import schema, yamltree
from pytest_aexp.files import UNMERGED, Unreadable, size
from pytest_aexp.problems import MALFORMED, SUSPICIOUS_KEY, UNREADABLE, Fault
from pytest_aexp.text import LineMap, Position, closest, quoted, shown
from pytest_aexp.views import View
from pytest_aexp.yamltree import Mapping, Node, Scalar, Sequence, YamlFault

KEY = "supporting_runs"
FRONT_MATTER_LIMIT = 64 << 10
READ_LIMIT = 4 << 20
"""How much of a finding is read; the front matter must end long before."""

_JOB_KEYS = ("type", "id", "note")
_BATCH_KEYS = ("type", "experiment_id", "selector", "note")
_AS_WRITTEN = ("type", "id", "experiment_id")
_HOW_TO_CITE = (
    "write `{type: job, id: <32 hex digits>}` or "
    "`{type: batch, experiment_id: E001, selector: {key: value}}`"
)

_BLANK = r"(?:[ \t]*\r?\n)*"
_OPENING = re.compile(_BLANK + r"-{3,}[ \t]*(?:\r?\n|\r?\Z)")
_CLOSING = re.compile(r"^-{3,}[ \t]*\r?$", re.MULTILINE)
_NAME = re.compile(r"[Ff][0-9]+")


@dataclass(frozen=True, slots=True)
class Citation:
    """One item of ``supporting_runs``; ``position`` is where it starts.

    ``faults`` are what is wrong with the way it is written.
    """

    path: str
    index: int
    position: Position
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class JobCitation(Citation):
    """A citation of one run."""

    job_id: str


@dataclass(frozen=True, slots=True)
class BatchCitation(Citation):
    """A citation of every run of an experiment that has the selector's values."""

    experiment_id: str
    selector: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MalformedCitation(Citation):
    """What was meant as a citation; ``written`` is the id as far as there is one."""

    written: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as far as it could be read; ``faults`` are those of its front matter."""

    path: str
    citations: tuple[Citation, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """``F004`` for ``F004-what-we-found.md``, else the file's name."""
        file = self.path.rpartition("/")[2]
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
    opening = _OPENING.match(text)
    if opening is None:
        return _unreadable(
            path,
            Position(),
            "there is no front matter at the top, so no citation can be read",
            "begin the file with a line `---`, then the YAML, then another line `---`",
        )
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        message = "the front matter is never closed"
        return _unreadable(path, Position(), message, "end it with a line `---`")
    yaml = text[opening.end() : closing.start()]
    if len(yaml) > FRONT_MATTER_LIMIT or len(yaml.encode()) > FRONT_MATTER_LIMIT:
        message = f"the front matter is larger than {size(FRONT_MATTER_LIMIT)}"
        return _unreadable(path, Position(), message, "move the long part below the second `---`")
    lines = LineMap(text[: closing.start()])
    return _Reader(path, lines, opening.end()).finding(yaml)


def _decoded(path: str, data: bytes) -> str | Finding:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(data, final=len(data) < READ_LIMIT).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return _unreadable(
            path,
            LineMap(before).position(len(before)),
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} begins no character",
            "save the file as UTF-8",
        )


def _unreadable(path: str, position: Position, message: str, fix: str) -> Finding:
    return Finding(path, faults=(Fault(UNREADABLE, path, message, fix, position),))


class _Reader:
    """Reads the front matter of one finding."""

    def __init__(self, path: str, lines: LineMap, offset: int) -> None:
        self._path = path
        self._lines = lines
        self._offset = offset

    def finding(self, yaml: str) -> Finding:
        try:
            root = yamltree.parse(yaml)
            if root is None or (isinstance(root, Scalar) and yamltree.scalar(root) is None):
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
        pairs = yamltree.merged_at_top(root)
        faults = tuple(self._suspicious(pairs))
        found = [inner for key, inner in pairs if isinstance(key, Scalar) and key.text == KEY]
        if not found:
            return Finding(self._path, faults=faults)
        node = found[0]
        if isinstance(node, Mapping):
            return Finding(self._path, (self._citation(0, node),), faults)
        if isinstance(node, Sequence):
            cited = tuple(self._citation(i, item) for i, item in enumerate(node.items))
            return Finding(self._path, cited, faults)
        if yamltree.scalar(node) is None:
            return Finding(self._path, faults=faults)
        message = f"{KEY} is {quoted(node.text)}, neither a list nor a mapping"
        fix = f"{_HOW_TO_CITE}, each as an item of the list"
        fault = Fault(UNREADABLE, self._path, message, fix, self._at(node.offset))
        return Finding(self._path, faults=(*faults, fault))

    def _suspicious(self, pairs: list[tuple[Node, Node]]) -> Iterator[Fault]:
        for key, inner in pairs:
            if isinstance(key, Scalar) and key.text != KEY and _means(key.text, KEY):
                yield self._ignored_key(key, f"{quoted(key.text)} is not {KEY}")
            nested = inner.pairs if isinstance(inner, Mapping) else ()
            for inner_key, _ in nested:
                if isinstance(inner_key, Scalar) and _means(inner_key.text, KEY):
                    where = quoted(key.text) if isinstance(key, Scalar) else "another key"
                    yield self._ignored_key(inner_key, f"{quoted(inner_key.text)} is below {where}")

    def _ignored_key(self, key: Scalar, what: str) -> Fault:
        message = f"{what}: the citations there are not checked"
        fix = f"write `{KEY}:` at the start of a line of the front matter"
        return Fault(SUSPICIOUS_KEY, self._path, message, fix, self._at(key.offset))

    def _citation(self, index: int, node: Node) -> Citation:
        position = self._at(node.offset)
        try:
            yamltree.check_size(node)
        except YamlFault as fault:
            return self._malformed(index, position, f"{KEY}[{index}] {fault.message}", None)
        if not isinstance(node, Mapping):
            return self._not_a_mapping(index, node, position)
        pairs = yamltree.merged(node)
        nodes = {key.text: inner for key, inner in pairs if isinstance(key, Scalar)}
        keys = {key.text: key for key, _ in pairs if isinstance(key, Scalar)}
        written = {name: self._plain(name, inner) for name, inner in nodes.items()}
        slip = _slip(written)
        if slip is not None or not schema.is_valid("citation", written):
            return self._broken(index, position, nodes, written, slip)
        known = _JOB_KEYS if written["type"] == "job" else _BATCH_KEYS
        faults = tuple(
            self._unknown_key(index, key, known) for name, key in keys.items() if name not in known
        )
        if written["type"] == "job":
            at = self._at(nodes["id"].offset)
            return JobCitation(self._path, index, at, faults, written["id"])
        return BatchCitation(
            self._path,
            index,
            position,
            faults,
            written["experiment_id"],
            written.get("selector") or {},
        )

    def _plain(self, name: str, node: Node) -> Any:
        if name in _AS_WRITTEN and isinstance(node, Scalar):
            return node.text
        return yamltree.value(node)

    def _not_a_mapping(self, index: int, node: Node, position: Position) -> Citation:
        if isinstance(node, Sequence):
            return self._malformed(
                index, position, f"{KEY}[{index}] is a list, not a mapping", None
            )
        assert isinstance(node, Scalar)
        message = f"{KEY}[{index}] is {quoted(node.text)}, not a mapping"
        return self._malformed(index, position, message, node.text)

    def _broken(
        self,
        index: int,
        position: Position,
        nodes: dict[str, Node],
        written: dict[str, Any],
        slip: tuple[str, str] | None,
    ) -> Citation:
        label = f"{KEY}[{index}]"
        cited = written.get("id") if isinstance(written.get("id"), str) else None
        if slip is not None:
            message = f"{label} has no {slip[1]}, but a key {quoted(slip[0])}"
            at = self._at(nodes[slip[0]].offset)
            return self._malformed(index, at, message, cited, f"write `{slip[1]}:`")
        violations = schema.violations("citation", written)
        at = position
        for violation in violations:
            key = violation.pointer.removeprefix("/").split("/")[0]
            if key in nodes:
                at = self._at(nodes[key].offset)
                break
        said = "; ".join(dict.fromkeys(violation.message for violation in violations))
        return self._malformed(index, at, f"{label} {said}", cited)

    def _malformed(
        self, index: int, at: Position, message: str, written: str | None, fix: str = _HOW_TO_CITE
    ) -> Citation:
        fault = Fault(MALFORMED, self._path, message, fix, at)
        return MalformedCitation(self._path, index, at, (fault,), written)

    def _unknown_key(self, index: int, key: Scalar, known: tuple[str, ...]) -> Fault:
        message = f"{KEY}[{index}] has a key {quoted(key.text)}, which means nothing in it"
        fix = f"the keys are {', '.join(known)}; remove it, or move its text to `note:`"
        return Fault(SUSPICIOUS_KEY, self._path, message, fix, self._at(key.offset))

    def _at(self, offset: int) -> Position:
        return self._lines.position(self._offset + offset)


def _slip(written: dict[str, Any]) -> tuple[str, str] | None:
    """An unknown key that must be a misspelling of one that is missing, and that one."""
    known = {"job": _JOB_KEYS, "batch": _BATCH_KEYS}.get(str(written.get("type")))
    if known is None:
        return None
    for name in written:
        if name not in known:
            for missing in known:
                if missing not in written and missing != "note" and _means(name, missing):
                    return name, missing
    return None


def _means(written: str, meant: str) -> bool:
    """Whether ``written`` is ``meant`` but for case, punctuation or a slip of the finger."""
    if len(written) > 2 * len(meant):
        return False
    letters, wanted = (re.sub(r"[\W_]", "", word).casefold() for word in (written, meant))
    return (
        letters == wanted or closest(letters, [wanted], 0.8 if len(wanted) > 4 else 1) is not None
    )
