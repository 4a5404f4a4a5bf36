"""Reading citations: what an item of ``supporting_runs`` says, or what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_aexp.ground import schema
from pytest_aexp.ground.text import closest, parse_time, position_in, quoted, resembles, shown
from pytest_aexp.ground.yaml import nodes, values
from pytest_aexp.ground.yaml.nodes import Mapping, Node, Scalar, Sequence, YamlFault, items_of
from pytest_aexp.ground.yaml.values import VALUES_LIMIT
from pytest_aexp.model.batches import meant_experiment
from pytest_aexp.model.findings.body import entry_links
from pytest_aexp.model.findings.citation import (
    HOW_TO_CITE,
    KEY,
    BatchCitation,
    Citation,
    JobCitation,
    MalformedCitation,
    Pin,
)
from pytest_aexp.model.findings.front_matter import FrontMatter, scalars
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.problems import MALFORMED, SUSPICIOUS_KEY, Fault
from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.redaction.redact import leaks
from pytest_aexp.model.runs.short_id import bare_id

_ON_BOTH = ("note", "as", "accept")
_ON_BATCH = ("status", "except", "count", "digest")
_KEYS_OF = {
    "job": ("type", "id", *_ON_BOTH, "ended_at"),
    "batch": ("type", "experiment_id", "selector", *_ON_BOTH, *_ON_BATCH),
}
_OPTIONAL = {*_ON_BOTH, *_ON_BATCH, "ended_at"}
# For YAML an id or a digest such as `12345678` or `1e310000` is a number.
_AS_WRITTEN = {"type", "id", "experiment_id", "as", *_OPTIONAL} - {"note"}

_TYPES = {"run": "job", "runs": "job"}


def meant_type(written: object) -> str | None:
    """The type of citation that a misspelt one is meant to be."""
    word = written.strip().lower() if isinstance(written, str) else ""
    meant = _TYPES.get(word) or closest(word[:20], _KEYS_OF, 0.8)
    return meant if meant != written else None


@dataclass(eq=False)
class _Malformed(Exception):
    """An item that is not a citation: what is wrong, where, and the id it has, if any."""

    message: str
    fix: str = HOW_TO_CITE
    at: Node | None = None
    written: str | None = None
    lacks_type: bool = False


@dataclass(slots=True)
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
        plain = {name: _as_json(name, inner) for name, inner in nodes.items()}
        return cls(front_matter, index, [key for key, _ in pairs], nodes, plain)

    def _fix(self) -> str:
        """What to do about values that are not those of a citation."""
        kind, experiment = self.values.get("type"), self.values.get("experiment_id")
        meant = meant_type(kind)
        if meant is not None:
            return f"write `type: {meant}`, or run `aexp fix`"
        meant = meant_experiment(experiment)
        if kind == "batch" and meant is not None:
            return f"write `experiment_id: {meant}`, or run `aexp fix`"
        return HOW_TO_CITE

    def _check_selector(self) -> None:
        """Raises _Malformed for a selector that asks for what the ledger redacts."""
        selector = self.values.get("selector")
        if not selector or not may_leak(json.dumps(selector)):
            return
        redacted = leaks(selector, "/selector")
        if redacted:
            key = redacted[0].pointer.removeprefix("/selector/").replace("/", ".")
            raise _Malformed(
                f".selector.{shown(key, 40)} is {redacted[0].kind}, which no ledger entry holds "
                "(it reads <redacted> there), so no machine can find the runs by it",
                "select by another parameter; in new runs give a relative path or a name, or keep "
                "the value out of the statepoint with `local` ([tool.aexp.runs])",
                self.nodes["selector"],
            )

    def _check_time(self) -> None:
        """Raises _Malformed for a day that no month has, which no schema can tell."""
        written = self.values.get("ended_at")
        if written is not None and parse_time(written) is None:
            message = f".ended_at is {quoted(written)}, and there is no such day"
            raise _Malformed(message, "write when the run ended", self.nodes["ended_at"])

    def check(self) -> None:
        """Raises _Malformed unless it is a citation."""
        slip = slip_in(self.values)
        if slip is not None:
            message = f" has no {slip[1]}, but a key {quoted(slip[0])}"
            fix = f"write `{slip[1]}:`, or run `aexp fix`"
            raise _Malformed(message, fix, self.nodes[slip[0]], self.id, slip[1] == "type")
        violations = schema.violations("citation", self.values)
        if not violations:
            self._check_selector()
            self._check_time()
            return
        keys = [violation.pointer.removeprefix("/").split("/")[0] for violation in violations]
        at = next((self.nodes[key] for key in keys if key in self.nodes), None)
        message = "; ".join(dict.fromkeys(violation.message for violation in violations))
        joint = "." if violations[0].pointer else " "
        if _OPTIONAL.issuperset(keys):
            raise _Malformed(joint + message, f"correct `{keys[0]}`, or take it out", at)
        lacks_type = "type" not in self.values
        raise _Malformed(joint + message, self._fix(), at, self.id, lacks_type)

    @property
    def id(self) -> str | None:
        """Its job id, of whatever form and under whatever key."""
        written = self.values.get("id")
        if written is None and self.values.get("type") != "batch":
            ids = [v for v in self.values.values() if isinstance(v, str) and is_job_id(bare_id(v))]
            written = ids[0] if len(ids) == 1 else None
        return written if isinstance(written, str) else None

    def unknown_keys(self, meaningful: tuple[str, ...]) -> Iterator[Fault]:
        for key in self.keys:
            if key.text not in meaningful:
                message = f"{KEY}[{self.index}] has an unknown key {quoted(key.text)}"
                fix = f"the keys are {', '.join(meaningful)}; remove it, or move it to `note:`"
                if "selector" in meaningful:
                    fix = f"to select runs by it, write it into `selector: {{…}}`; {fix}"
                at = self.front_matter.position(key.offset)
                yield Fault(SUSPICIOUS_KEY, self.front_matter.path, message, fix, at)


def read_citations(front_matter: FrontMatter, node: Sequence | Mapping) -> tuple[Citation, ...]:
    """The citations in ``node``, the value of ``supporting_runs``.

    Raises YamlFault if they stand for too much together.
    """
    fault = nodes.tag_fault(node)
    if fault is not None:
        raise fault
    items = items_of(node)
    citations: list[Citation] = []
    count = 0
    names: dict[str, int] = {}
    for index, item in enumerate(items):
        try:
            size = values.check(item)
            citations.append(_citation(front_matter, index, item, names))
        except (YamlFault, _Malformed) as error:
            size = 1
            citations.append(_malformed(front_matter, index, item, error))
        count += size
        if count > VALUES_LIMIT:
            raise YamlFault(f"{KEY} stands for more than {VALUES_LIMIT:,} values", node.offset)
    return tuple(citations)


def _citation(front_matter: FrontMatter, index: int, node: Node, names: dict[str, int]) -> Citation:
    """The citation in ``node``; ``names`` are those of the citations above it."""
    if isinstance(node, Scalar):
        message = f" is {quoted(node.text)}, not a mapping"
        raise _Malformed(message, written=node.text)
    if isinstance(node, Sequence):
        raise _Malformed(" is a list, not a mapping")
    item = _Item.of(front_matter, index, node)
    item.check()
    written = item.values
    is_job = written["type"] == "job"
    at = front_matter.position((item.nodes["id"] if is_job else node).offset)
    faults = tuple(item.unknown_keys(_KEYS_OF[written["type"]]))
    head = (front_matter.path, index, at, faults)
    name, accept = written.get("as", ""), _as_tuple(written.get("accept"))
    if name and names.setdefault(name, index) != index:
        message = f" is named {quoted(name)}, and so is {KEY}[{names[name]}]"
        raise _Malformed(message, "give each citation a name of its own", item.nodes["as"])
    if is_job:
        pin = written.get("ended_at", "")
        return JobCitation(*head, written["id"], name=name, accept=accept, ended_at=pin)
    return BatchCitation(
        *head,
        written["experiment_id"],
        written.get("selector") or {},
        name=name,
        accept=accept,
        statuses=_as_tuple(written.get("status")),
        excluded=_as_tuple(written.get("except")),
        pin=_pin(item),
        readings=_readings(item),
    )


def _readings(item: _Item) -> dict[str, list[Any]]:
    selector = item.nodes.get("selector")
    if not isinstance(selector, Mapping):
        return {}
    pairs = scalars(values.merged(selector))
    every = ((key.text, values.readings(node)) for key, node in pairs)
    return {key: readings for key, readings in every if len(readings) > 1}


def read_links(front_matter: FrontMatter) -> Iterator[Citation]:
    """The links to ledger entries in the text below the front matter; each cites its run."""
    text, path = front_matter.text, front_matter.path
    for index, (offset, job_id) in enumerate(entry_links(text, front_matter.end)):
        at = position_in(text, offset)
        if is_job_id(job_id):
            yield JobCitation(path, index, at, (), job_id, is_link=True)
            continue
        message = f"the link to the entry {quoted(f'{job_id}.json')} names no run"
        fix = "link to `.aexp/ledger/<job id>.json`, the id in 32 lower-case hex digits"
        fault = Fault(MALFORMED, path, message, fix, at)
        yield MalformedCitation(path, index, at, (fault,), job_id, is_link=True)


def _as_tuple(value: str | list[str] | None) -> tuple[str, ...]:
    """One value or a list of them."""
    return tuple(value) if isinstance(value, list) else (value,) if value else ()


def _pin(item: _Item) -> Pin | None:
    count, digest = item.values.get("count"), item.values.get("digest", "")
    if count is None:
        return None
    if digest and count.endswith("+"):
        fix = "write how many runs there are, or leave the digest out"
        message = f" has a digest, which needs an exact count, not {quoted(count)}"
        raise _Malformed(message, fix, item.nodes["count"])
    return Pin(int(count.removesuffix("+")), count.endswith("+"), digest)


def _malformed(
    front_matter: FrontMatter, index: int, node: Node, error: YamlFault | _Malformed
) -> MalformedCitation:
    if isinstance(error, YamlFault):
        error = _Malformed(f": {error.message}")
    at = front_matter.position((error.at or node).offset)
    fault = Fault(MALFORMED, front_matter.path, f"{KEY}[{index}]{error.message}", error.fix, at)
    head = (front_matter.path, index, at, (fault,))
    return MalformedCitation(*head, error.written, lacks_type=error.lacks_type)


def _as_json(name: str, node: Node) -> Any:
    """A value as JSON; ids, times and digests as they are written, whatever YAML makes of them."""
    if name not in _AS_WRITTEN:
        return values.value(node)
    if isinstance(node, Sequence):
        return [_as_json(name, item) for item in node.items]
    return node.text if isinstance(node, Scalar) else {}


def slip_in(written: dict[str, Any]) -> tuple[str, str] | None:
    """An unknown key that must be a misspelling of one that is missing, and that one."""
    if "type" not in written:
        meant = (name for name, value in written.items() if str(value) in _KEYS_OF)
        return next(((name, "type") for name in meant if resembles(name, "type")), None)
    keys = _KEYS_OF.get(str(written["type"]))
    if keys is None:
        return None
    required = [key for key in keys if key not in written and key not in _OPTIONAL]
    if not required:
        return None
    for name, value in written.items():
        for missing in required if name not in keys else ():
            if resembles(name, missing) or _is_meant(missing, value):
                return name, missing
    return None


def _is_meant(key: str, value: object) -> bool:
    """Whether the value can be of no other key."""
    if not isinstance(value, str):
        return False
    if key == "id":
        return is_job_id(bare_id(value))
    return key == "experiment_id" and re.fullmatch(r"E\d{3,9}", value) is not None
