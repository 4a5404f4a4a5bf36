"""Recording retractions: new records beside the ledger's entries, none ever changed.

And what they reach: the findings that cite the runs, and those that build on these. A finding is
withdrawn in its own front matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.containment import require_no_link
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import write_atomic
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.yaml import nodes
from pytest_aexp.ground.yaml.nodes import Scalar
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.findings.front_matter import FrontMatter
from pytest_aexp.model.problems import AT_RISK
from pytest_aexp.model.retractions import (
    SCHEMA_VERSION,
    Record,
    Retractions,
    read_record,
    record_id_of,
    record_path,
)
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.edit.citation_yaml import value_text
from pytest_aexp.work.edit.finding_text import Edit, edited
from pytest_aexp.work.promote.project import utc_now

MOST_RUNS = 10_000


def record(
    repository: Repository,
    reason: str,
    retracts: Collection[str],
    replaced_by: Collection[str] = (),
) -> str:
    """Write a record; its id. Raises UsageError for one that must not be shared, OSError."""
    document = _document(repository, reason, retracts=retracts, replaced_by=replaced_by)
    return _write(repository, document)


def _document(repository: Repository, reason: str, **ids: Collection[str]) -> dict[str, Any]:
    """The record as it will be written. Raises UsageError if it breaks a rule or leaks."""
    if any(len(some) > MOST_RUNS for some in ids.values()):
        raise UsageError(f"a record holds at most {MOST_RUNS:,} runs: retract them in parts")
    document = {
        "schema_version": SCHEMA_VERSION,
        "reason": reason,
        "recorded_at": utc_now(),
        "recorded_by": repository.machine_label,
        **{name: sorted(set(some)) for name, some in ids.items() if some},
    }
    # By the reader of every later check: a record that it refuses could never be taken back.
    _, faults = read_record(record_path(record_id_of(document)), jsontext.dump(document))
    if faults:
        raise UsageError(f"nothing was recorded: {faults[0].message}; give another --reason")
    return document


def _write(repository: Repository, document: dict[str, Any]) -> str:
    record_id = record_id_of(document)
    path = repository.root / record_path(record_id)
    require_no_link(repository.root, path)
    write_atomic(path, jsontext.dump(document) + b"\n")
    return record_id


def new_runs(job_ids: Iterable[str], retractions: Retractions, reason: str) -> list[str]:
    """Those of the runs that are not retracted for that reason already."""
    pairs = ((job_id, retractions.get(job_id)) for job_id in dict.fromkeys(job_ids))
    return [job_id for job_id, one in pairs if one is None or reason not in one.reasons]


@dataclass(slots=True)
class LiftResult:
    """What lifting did: the records that are lifted now, and runs that were retracted anew."""

    records: list[str] = field(default_factory=list)
    anew: dict[str, list[str]] = field(default_factory=dict)


def lift(
    repository: Repository, retractions: Retractions, targets: Collection[str], reason: str
) -> LiftResult:
    """Lift records, or all that retracts a run; other runs of these records are retracted anew.

    Raises UsageError for what is not retracted.
    """
    lifted, others = _lifted_by(retractions, targets)
    document = _document(repository, reason, lifts=lifted)
    result = LiftResult(sorted(lifted))
    # First, so that no run is without a retraction in between.
    for record_id, runs in others.items():
        old = lifted[record_id]
        result.anew[record(repository, old.reason, runs, old.replaced_by)] = runs
    _write(repository, document)
    return result


def _lifted_by(
    retractions: Retractions, targets: Collection[str]
) -> tuple[dict[str, Record], dict[str, list[str]]]:
    """The records to be lifted, and the runs of each that stay retracted."""
    lifted: dict[str, Record] = {}
    whole_records: set[str] = set()
    runs: set[str] = set()
    for target in targets:
        retraction = retractions.get(target)
        if retraction is not None:
            lifted |= {old.record_id: old for old in retraction.records}
            runs.add(target)
        elif retractions.is_active(target):
            lifted[target] = retractions.records[target]
            whole_records.add(target)
        else:
            raise UsageError(_not_lifted(retractions.records.get(target), target))
    others: dict[str, list[str]] = defaultdict(list)
    for record_id, old in lifted.items():
        if record_id not in whole_records:
            others[record_id] = sorted(set(old.retracts) - runs)
    return lifted, {record_id: left for record_id, left in others.items() if left}


def _not_lifted(record: Record | None, target: str) -> str:
    """Why what ``target`` names cannot be lifted."""
    if record is None:
        return f"nothing retracts {quoted(target)}, and it is not a retraction record"
    if record.lifts:
        return f"record {target} lifts a retraction itself: to undo that, retract the run again"
    return f"record {target} is lifted already"


def with_withdrawal(front: FrontMatter, reason: str, replaced_by: str, day: str) -> str | None:
    """The text in which the finding says that it is withdrawn; None where it cannot be written."""
    root = front.root or nodes.Mapping(0)
    if root.flow:
        return None
    values = {"reason": reason, "replaced_by": replaced_by, "on": day}
    pairs = {name: value_text(value) for name, value in values.items() if value}
    text = ", ".join(f"{name}: {value}" for name, value in pairs.items())
    inner = nodes.parse(f"{{{text}}}")
    assert inner is not None
    after = replace(root, pairs=[*root.pairs, (Scalar("retracted", 0, plain=True), inner)])
    line = f"retracted: {{{text}}}{front.newline}"
    return edited(front, [Edit(front.end, front.end, line)], after)


@dataclass(frozen=True)
class RetractedCitation:
    """A citation of ``runs`` that are retracted now.

    With those that were retracted before they are ``every`` that a batch has to leave out.
    """

    finding: Finding
    citation: Citation
    runs: frozenset[str]
    every: frozenset[str]
    count: int

    def __str__(self) -> str:
        if isinstance(self.citation, BatchCitation):
            which = "it" if len(self.runs) == 1 else f"{len(self.runs):,} of them"
            return f"{self.finding.name} cites {which} in a batch of {self.count}"
        return f"{self.finding.name} {'links to' if self.citation.is_link else 'cites'} it"


def citations_of(checker: Checker, runs: Collection[str]) -> Iterator[RetractedCitation]:
    """The citations of some runs, by findings that are not withdrawn."""
    wanted, retracted = frozenset(runs), checker.sources.ledger.retractions.job_ids
    for path in checker.finding_paths:
        finding = checker.finding(path)
        for citation in finding.citations if finding.stands else ():
            if not isinstance(citation, Resolvable):
                continue
            cited = _cited_runs(checker, finding, citation)
            if cited & wanted:
                now, every = cited & wanted, cited & retracted
                yield RetractedCitation(finding, citation, now, every, len(cited))


def _cited_runs(checker: Checker, finding: Finding, citation: Resolvable) -> frozenset[str]:
    if isinstance(citation, JobCitation):
        return frozenset([citation.job_id])
    verdict = checker.citation(finding, citation)
    assert verdict.resolution is not None
    entries = verdict.entries or verdict.resolution.entries
    job_ids = [entry.job_id for entry in entries]
    return frozenset([*job_ids, *(run.job_id for run in verdict.resolution.runs)])


def at_risk(checker: Checker) -> Iterator[tuple[str, str]]:
    """The names of the findings that build on what is in doubt, each with that of the premise."""
    for path in checker.finding_paths:
        finding = checker.finding(path)
        for premise in finding.premises:
            codes = {problem.code for problem in checker.premise(finding, premise).problems}
            if AT_RISK.code in codes:
                yield finding.name, premise.name
