"""Citations: the items of ``supporting_runs``, or what is wrong with the way they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground import schema
from pytest_aexp.ground.text import Position, quoted, resembles
from pytest_aexp.ground.yaml import values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence, YamlFault
from pytest_aexp.ground.yaml.values import VALUES_LIMIT, Sizes
from pytest_aexp.model.findings.front_matter import FrontMatter, scalars
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.problems import MALFORMED, SUSPICIOUS_KEY, Fault
from pytest_aexp.model.short_id import may_begin

KEY = "supporting_runs"
HOW_TO_CITE = (
    "write `{type: job, id: <32 hex digits>}` or "
    "`{type: batch, experiment_id: E001, selector: {key: value}}`"
)

_JOB_KEYS = ("type", "id", "note")
_BATCH_KEYS = ("type", "experiment_id", "selector", "note")
_KEYS_OF = {"job": _JOB_KEYS, "batch": _BATCH_KEYS}
_AS_WRITTEN = ("type", "id", "experiment_id")


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


class _Malformed(Exception):
    """An item that is not a citation: what is wrong, where, and the id it has, if any."""

    def __init__(
        self,
        message: str,
        fix: str = HOW_TO_CITE,
        at: Node | None = None,
        written: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.fix, self.at, self.written = message, fix, at, written


@dataclass(frozen=True, slots=True)
class _Item:
    """An item of ``supporting_runs``: its keys, and its values both as nodes and as JSON."""

    front_matter: FrontMatter
    index: int
    keys: list[Scalar]
    nodes: dict[str, Node]
    values: dict[str, Any]

    @classmethod
    def of(cls, front_matter: FrontMatter, index: int, node: Mapping) -> _Item:
        pairs = list(scalars(values.merged(node)))
        nodes = {key.text: inner for key, inner in pairs}
        plain = {name: _plain(name, inner) for name, inner in nodes.items()}
        return cls(front_matter, index, [key for key, _ in pairs], nodes, plain)

    def check(self) -> None:
        """Raises _Malformed unless it is a citation."""
        slip = slip_in(self.values)
        if slip is not None:
            message = f" has no {slip[1]}, but a key {quoted(slip[0])}"
            fix = f"write `{slip[1]}:`, or run `aexp fix`"
            raise _Malformed(message, fix, self.nodes[slip[0]], self.id)
        violations = schema.violations("citation", self.values)
        if not violations:
            return
        keys = [violation.pointer.removeprefix("/").split("/")[0] for violation in violations]
        at = next((self.nodes[key] for key in keys if key in self.nodes), None)
        message = "; ".join(dict.fromkeys(violation.message for violation in violations))
        joint = "." if violations[0].pointer else " "
        fix = HOW_TO_CITE if self.id is None or is_job_id(self.id) else _fix_id(self.id)
        raise _Malformed(joint + message, fix, at, self.id)

    @property
    def id(self) -> str | None:
        """Its job id, of whatever form."""
        written = self.values.get("id")
        return written if isinstance(written, str) else None

    def unknown_keys(self, meaningful: tuple[str, ...]) -> Iterator[Fault]:
        for key in self.keys:
            if key.text not in meaningful:
                message = (
                    f"{KEY}[{self.index}] has a key {quoted(key.text)}, which means nothing in it"
                )
                fix = (
                    f"the keys are {', '.join(meaningful)}; remove it, or move its text to `note:`"
                )
                at = self.front_matter.position(key.offset)
                yield Fault(SUSPICIOUS_KEY, self.front_matter.path, message, fix, at)


def read_citations(front_matter: FrontMatter, node: Sequence | Mapping) -> tuple[Citation, ...]:
    """The citations in ``node``, the value of ``supporting_runs``.

    Raises YamlFault if they stand for too much together.
    """
    sizes = Sizes()
    sizes.check_tag(node)
    items = node.items if isinstance(node, Sequence) else [node]
    citations, count = [], 0
    for index, item in enumerate(items):
        try:
            size = sizes.check(item)
            citations.append(_citation(front_matter, index, item))
        except (YamlFault, _Malformed) as error:
            size = 1
            citations.append(_malformed(front_matter, index, item, error))
        count += size
        if count > VALUES_LIMIT:
            raise YamlFault(f"{KEY} stands for more than {VALUES_LIMIT:,} values", node.offset)
    return tuple(citations)


def _citation(front_matter: FrontMatter, index: int, node: Node) -> Citation:
    if isinstance(node, Scalar):
        message = f" is {quoted(node.text)}, not a mapping"
        raise _Malformed(message, _fix_id(node.text), written=node.text)
    if isinstance(node, Sequence):
        raise _Malformed(" is a list, not a mapping")
    item = _Item.of(front_matter, index, node)
    item.check()
    path, written = front_matter.path, item.values
    faults = tuple(item.unknown_keys(_KEYS_OF[written["type"]]))
    if written["type"] == "job":
        at = front_matter.position(item.nodes["id"].offset)
        return JobCitation(path, index, at, faults, written["id"])
    experiment, selector = written["experiment_id"], written.get("selector") or {}
    at = front_matter.position(node.offset)
    return BatchCitation(path, index, at, faults, experiment, selector)


def _malformed(
    front_matter: FrontMatter, index: int, node: Node, error: YamlFault | _Malformed
) -> MalformedCitation:
    if isinstance(error, YamlFault):
        error = _Malformed(f": {error.message}")
    at = front_matter.position((error.at or node).offset)
    fault = Fault(MALFORMED, front_matter.path, f"{KEY}[{index}]{error.message}", error.fix, at)
    return MalformedCitation(front_matter.path, index, at, (fault,), error.written)


def _plain(name: str, node: Node) -> Any:
    if name in _AS_WRITTEN and isinstance(node, Scalar):
        return node.text
    return values.value(node)


def _fix_id(written: str) -> str:
    """What to do about what is written for a job id: a beginning can be completed."""
    if not may_begin(written):
        return HOW_TO_CITE
    return f"run `aexp fix`, which mends it if one run alone is meant; or {HOW_TO_CITE}"


def slip_in(written: dict[str, Any]) -> tuple[str, str] | None:
    """An unknown key that must be a misspelling of one that is missing, and that one."""
    if "type" not in written:
        meant = (name for name, value in written.items() if str(value) in _KEYS_OF)
        return next(((name, "type") for name in meant if resembles(name, "type")), None)
    known = _KEYS_OF.get(str(written["type"]))
    if known is None:
        return None
    for name in written:
        if name not in known:
            for missing in known:
                if missing not in written and missing != "note" and resembles(name, missing):
                    return name, missing
    return None
