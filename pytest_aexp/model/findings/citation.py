"""Citations: what an item of ``supporting_runs`` says, or what is wrong with how it says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground import schema
from pytest_aexp.ground.text import Position, quoted, resembles
from pytest_aexp.ground.yaml import values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence, YamlFault
from pytest_aexp.ground.yaml.values import VALUES_LIMIT, Sizes
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


class CitationReader:
    """Reads the citations of one finding; ``at`` turns a node's offset into a position."""

    def __init__(self, path: str, at: Callable[[int], Position]) -> None:
        self._path = path
        self._at = at
        self._sizes = Sizes()

    def citations(self, node: Sequence | Mapping) -> tuple[Citation, ...]:
        """The citations in the value of ``supporting_runs``.

        Raises YamlFault if they stand for too much together.
        """
        items = node.items if isinstance(node, Sequence) else [node]
        found, values = [], 0
        for index, item in enumerate(items):
            citation, size = self._citation(index, item)
            found.append(citation)
            values += size
            if values > VALUES_LIMIT:
                message = f"{KEY} stands for more than {VALUES_LIMIT:,} values"
                raise YamlFault(message, node.offset)
        return tuple(found)

    def _citation(self, index: int, node: Node) -> tuple[Citation, int]:
        position = self._at(node.offset)
        try:
            size = self._sizes.check(node)
            return self._from_bounded(index, position, node), size
        except YamlFault as fault:
            return self._malformed(index, position, f": {fault.message}", None), 1

    def _from_bounded(self, index: int, position: Position, node: Node) -> Citation:
        if isinstance(node, Scalar):
            message = f" is {quoted(node.text)}, not a mapping"
            return self._malformed(index, position, message, node.text, _fix_id(node.text))
        if isinstance(node, Sequence):
            return self._malformed(index, position, " is a list, not a mapping", None)
        pairs = values.merged(node)
        nodes = {key.text: inner for key, inner in pairs if isinstance(key, Scalar)}
        written = {name: _plain(name, inner) for name, inner in nodes.items()}
        slip = slip_in(written)
        if slip is not None:
            message = f" has no {slip[1]}, but a key {quoted(slip[0])}"
            at = self._at(nodes[slip[0]].offset)
            return self._malformed(index, at, message, _id_in(written), _fix_slip(slip[1]))
        if not schema.is_valid("citation", written):
            return self._broken(index, position, nodes, written)
        keys = [key for key, _ in pairs if isinstance(key, Scalar)]
        return self._sound(index, position, keys, nodes, written)

    def _sound(
        self,
        index: int,
        position: Position,
        keys: list[Scalar],
        nodes: dict[str, Node],
        written: dict[str, Any],
    ) -> Citation:
        is_job = written["type"] == "job"
        known = _JOB_KEYS if is_job else _BATCH_KEYS
        faults = tuple(
            self._unknown_key(index, key, known) for key in keys if key.text not in known
        )
        if is_job:
            at = self._at(nodes["id"].offset)
            return JobCitation(self._path, index, at, faults, written["id"])
        experiment, selector = written["experiment_id"], written.get("selector") or {}
        return BatchCitation(self._path, index, position, faults, experiment, selector)

    def _broken(
        self, index: int, position: Position, nodes: dict[str, Node], written: dict[str, Any]
    ) -> Citation:
        violations = schema.violations("citation", written)
        keys = [violation.pointer.removeprefix("/").split("/")[0] for violation in violations]
        at = next((self._at(nodes[key].offset) for key in keys if key in nodes), position)
        said = "; ".join(dict.fromkeys(violation.message for violation in violations))
        joint = "." if violations[0].pointer else " "
        cited = _id_in(written)
        fix = HOW_TO_CITE if cited is None or is_job_id(cited) else _fix_id(cited)
        return self._malformed(index, at, joint + said, cited, fix)

    def _malformed(
        self, index: int, at: Position, said: str, written: str | None, fix: str = HOW_TO_CITE
    ) -> Citation:
        fault = Fault(MALFORMED, self._path, f"{KEY}[{index}]{said}", fix, at)
        return MalformedCitation(self._path, index, at, (fault,), written)

    def _unknown_key(self, index: int, key: Scalar, known: tuple[str, ...]) -> Fault:
        message = f"{KEY}[{index}] has a key {quoted(key.text)}, which means nothing in it"
        fix = f"the keys are {', '.join(known)}; remove it, or move its text to `note:`"
        return Fault(SUSPICIOUS_KEY, self._path, message, fix, self._at(key.offset))


def _plain(name: str, node: Node) -> Any:
    if name in _AS_WRITTEN and isinstance(node, Scalar):
        return node.text
    return values.value(node)


def _id_in(written: dict[str, Any]) -> str | None:
    cited = written.get("id")
    return cited if isinstance(cited, str) else None


def _fix_id(written: str) -> str:
    """What to do about what is written for a job id: a beginning can be completed."""
    if not may_begin(written):
        return HOW_TO_CITE
    return f"run `aexp fix`, which mends it if one run alone is meant; or {HOW_TO_CITE}"


def _fix_slip(meant: str) -> str:
    return f"write `{meant}:`, or run `aexp fix`"


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
