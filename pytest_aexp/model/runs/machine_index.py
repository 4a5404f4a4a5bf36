"""Machine indexes: what other machines once said about their runs. Deprecated, still read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from shlex import quote
from typing import Any, NamedTuple

from pytest_aexp.ground import jsontext, schema
from pytest_aexp.ground.files import Unreadable, is_shortage
from pytest_aexp.ground.text import listed
from pytest_aexp.ground.views import View
from pytest_aexp.model.job_id import is_job_id, value_key
from pytest_aexp.model.problems import INDEX_DAMAGED, Fault

INDEX_DIR = ".aexp/runs-index"
INDEX_LIMIT = 32 << 20
DEPTH_LIMIT = 100


class IndexedRun(NamedTuple):
    """A run as an index names it: who has it, and the little that is known of it."""

    job_id: str
    machine: str
    experiment: str | None
    condition: Any


class MachineIndex(NamedTuple):
    """One index file, as far as it can be used."""

    readable: bool
    runs: tuple[IndexedRun, ...] = ()
    faults: tuple[Fault, ...] = ()


class MachineIndexes:
    """Every machine index in one view of the repository."""

    def __init__(self, view: View) -> None:
        self._view = view

    @cached_property
    def files(self) -> tuple[MachineIndex, ...]:
        """The index files, by name."""
        try:
            names = [name for name in self._view.names(INDEX_DIR) if name.endswith(".json")]
        except OSError as error:
            if is_shortage(error):
                raise
            return (_damaged(INDEX_DIR, f"folder cannot be listed: {error.strerror}"),)
        paths = [f"{INDEX_DIR}/{name}" for name in names]
        return tuple(read_index(path, self._view.read(path, INDEX_LIMIT)) for path in paths)

    @property
    def readable(self) -> bool:
        """Whether at least one index can be used."""
        return any(index.readable for index in self.files)

    @property
    def faults(self) -> Iterator[Fault]:
        """What is wrong with the index files."""
        return (fault for index in self.files for fault in index.faults)

    @cached_property
    def _by_job(self) -> dict[str, list[IndexedRun]]:
        by_job: dict[str, list[IndexedRun]] = {}
        for index in self.files:
            for run in index.runs:
                by_job.setdefault(run.job_id, []).append(run)
        return by_job

    @property
    def job_ids(self) -> frozenset[str]:
        """The job ids that an index names."""
        return frozenset(self._by_job)

    def machines_with(self, job_id: str) -> tuple[str, ...]:
        """The machines that say they have the run, sorted."""
        return tuple(sorted({run.machine for run in self._by_job.get(job_id, ())}))

    @cached_property
    def _by_experiment(self) -> dict[str | None, list[IndexedRun]]:
        by_experiment: dict[str | None, list[IndexedRun]] = {}
        for index in self.files:
            for run in index.runs:
                by_experiment.setdefault(run.experiment, []).append(run)
        return by_experiment

    def select(self, experiment: str, selector: Mapping[str, Any]) -> list[IndexedRun]:
        """The runs that may fit a batch: a key that an index lacks is taken to fit."""
        runs = self._by_experiment.get(experiment, [])
        if "condition" not in selector:
            return list(runs)
        spellings = set(_spellings(selector["condition"]))
        return [r for r in runs if r.condition is None or value_key(r.condition) in spellings]


def _spellings(condition: Any) -> Iterator[str]:
    """The keys of what an index may hold for a condition: itself, or ``str`` of an equal value."""
    yield value_key(condition)
    yield value_key(str(condition))
    if isinstance(condition, float) and condition.is_integer():
        yield value_key(str(int(condition)))
    elif type(condition) is int and abs(condition) < 2**53:  # beyond that a float may be another
        yield value_key(str(float(condition)))


def read_index(path: str, data: bytes | Unreadable) -> MachineIndex:
    """The machine index in ``data``, the content of the file at ``path``."""
    if isinstance(data, Unreadable):
        return _damaged(path, data.reason)
    try:
        document = jsontext.parse(data, DEPTH_LIMIT)
    except ValueError as error:
        return _damaged(path, jsontext.refusal(error))
    if not isinstance(document, dict) or not isinstance(document.get("entries"), list):
        return _damaged(path, "is not an index: it has no list of entries")
    label = document.get("machine_label")
    file_name = path.rpartition("/")[2].removesuffix(".json")
    entries = document["entries"]
    runs = tuple(_runs(entries, label if isinstance(label, str) and label else file_name))
    return MachineIndex(bool(runs) or not entries, runs, tuple(_violations(path, document)))


def _runs(entries: list[Any], machine: str) -> Iterator[IndexedRun]:
    for entry in entries:
        job_id = entry.get("job_id") if isinstance(entry, dict) else None
        if isinstance(job_id, str) and is_job_id(job_id):
            experiment = entry.get("experiment_id")
            of_experiment = experiment if isinstance(experiment, str) else None
            yield IndexedRun(job_id, machine, of_experiment, entry.get("condition"))


def _violations(path: str, document: dict[str, Any]) -> Iterator[Fault]:
    violations = schema.violations("runs-index", document)
    if violations:
        messages = listed([violation.message for violation in violations], 3)
        yield _fault(path, f"breaks the schema: {messages}; what is right in it was used")


def _damaged(path: str, reason: str) -> MachineIndex:
    return MachineIndex(readable=False, faults=(_fault(path, reason),))


def _fault(path: str, reason: str) -> Fault:
    return Fault(
        INDEX_DAMAGED,
        path,
        f"the machine index {reason}",
        "run `aexp runs-export-index` again on that machine or, better, "
        f"`aexp ledger backfill` there and `git rm -qf {quote(path)}`",
    )
