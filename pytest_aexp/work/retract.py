"""Recording retractions: new records beside the ledger's entries, none ever changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import write_atomic
from pytest_aexp.ground.inside import require_no_link
from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.retractions import (
    SCHEMA_VERSION,
    Record,
    Retractions,
    read_record,
    record_id_of,
    record_path,
)
from pytest_aexp.work.promote.project import utc_now

MOST_RUNS = 10_000


@dataclass(slots=True)
class Retracting:
    """What is to be recorded: runs, or records that are lifted, why, and what replaces the runs."""

    reason: str
    retracts: Sequence[str] = ()
    lifts: Sequence[str] = ()
    replaced_by: Sequence[str] = ()
    machine: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The record, recorded now."""
        document: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "reason": self.reason,
            "recorded_at": utc_now(),
            "recorded_by": self.machine,
        }
        for name in ("retracts", "lifts", "replaced_by"):
            if getattr(self, name):
                document[name] = sorted(set(getattr(self, name)))
        return document


def record(repository: Repository, retracting: Retracting) -> str:
    """Write a record; its id. Raises UsageError for one that must not be shared, OSError."""
    return _write(repository, _checked(retracting))


def _checked(retracting: Retracting) -> dict[str, Any]:
    """The record as it will be written. Raises UsageError if it breaks a rule or leaks."""
    if len(retracting.retracts) > MOST_RUNS or len(retracting.replaced_by) > MOST_RUNS:
        raise UsageError(f"a record holds at most {MOST_RUNS:,} runs: retract them in parts")
    document = retracting.document
    data = jsontext.dump(document)
    _, faults = read_record(record_path(record_id_of(document)), data)
    if faults:
        message = faults[0].message.removeprefix("the retraction record ")
        raise UsageError(f"nothing was recorded: the record {message}; give another --reason")
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
class Lifted:
    """What lifting did: the records that are lifted now, and runs that were retracted anew."""

    records: list[str] = field(default_factory=list)
    anew: dict[str, list[str]] = field(default_factory=dict)


def lift(
    repository: Repository, retractions: Retractions, targets: Collection[str], reason: str
) -> Lifted:
    """Lift records, or all that retracts a run; other runs of these records are retracted anew.

    Raises UsageError for what is not retracted.
    """
    lifted, others = _lifted_by(retractions, targets)
    machine = repository.machine_label
    document = _checked(Retracting(reason, lifts=sorted(lifted), machine=machine))
    result = Lifted(sorted(lifted))
    # First, so that no run is without a retraction in between.
    for record_id, runs in others.items():
        old = lifted[record_id]
        again = Retracting(old.reason, runs, replaced_by=old.replaced_by, machine=machine)
        result.anew[record(repository, again)] = runs
    _write(repository, document)
    return result


def _lifted_by(
    retractions: Retractions, targets: Collection[str]
) -> tuple[dict[str, Record], dict[str, list[str]]]:
    """The records to be lifted, and the runs of each that stay retracted."""
    lifted: dict[str, Record] = {}
    whole: set[str] = set()
    runs: set[str] = set()
    for target in targets:
        retraction = retractions.get(target)
        if retraction is not None:
            lifted |= {old.record_id: old for old in retraction.records}
            runs.add(target)
        elif retractions.is_active(target):
            lifted[target] = retractions.records[target]
            whole.add(target)
        else:
            raise UsageError(f"nothing retracts {target}, and it is not a retraction record")
    others: dict[str, list[str]] = defaultdict(list)
    for record_id, old in lifted.items():
        if record_id not in whole:
            others[record_id] = sorted(set(old.retracts) - runs)
    return lifted, {record_id: left for record_id, left in others.items() if left}
