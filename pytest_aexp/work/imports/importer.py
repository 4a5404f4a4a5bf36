"""Source runs become entries: grouped into runs by their parameters, one attempt each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_aexp.ground.errors import NotPromotable, UsageError
from pytest_aexp.ground.files import sync_file_system
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import listed, quoted
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.job_id import job_id_of, statepoint_json
from pytest_aexp.model.numbers.expression import FUNCTIONS
from pytest_aexp.model.query.grammar import written
from pytest_aexp.model.query.table import flat
from pytest_aexp.model.ranking import instant, is_complete
from pytest_aexp.model.run_attempt import ATTEMPT_KEY
from pytest_aexp.model.run_store import RunFiles, RunStore
from pytest_aexp.work.imports.source import LeftOut, SourceRun, Unusable, metric_name
from pytest_aexp.work.promote.project import project
from pytest_aexp.work.promote.promote import Promoter

_MOST_METRICS = 64


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """A run, and the source runs that are its attempts, in the order in which they ended."""

    job_id: str
    statepoint: dict[str, Any]
    attempts: tuple[SourceRun, ...]

    @property
    def counting(self) -> SourceRun:
        """The attempt that counts: the last complete one, or the last if none is complete."""
        complete = [a for a in self.attempts if is_complete(a.document)]
        return (complete or self.attempts)[-1]

    @property
    def number(self) -> int:
        """Which attempt that is, from 1."""
        return self.attempts.index(self.counting) + 1

    @property
    def parameters(self) -> str:
        """The parameters as they can be typed."""
        pairs = flat({k: v for k, v in self.statepoint.items() if k != "experiment_id"})
        return " ".join(written(name, "=", value) for name, value in pairs)

    def files(self) -> RunFiles:
        """What the files of the run in a store would hold."""
        document = {**self.counting.document, ATTEMPT_KEY: {"number": self.number}}
        return RunFiles.in_memory(self.statepoint, document)


@dataclass
class Importing:
    """The runs that a source has, and what is to be said of those that are left out."""

    runs: list[ImportedRun] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    metrics: dict[str, str] = field(default_factory=dict)
    """The name in the ledger of each metric of the source."""
    redacted: Counter[str] = field(default_factory=Counter)
    """In how many entries each parameter was redacted."""


def gather(
    source: Iterable[SourceRun | LeftOut], experiment: str, distinct: str | None = None
) -> Importing:
    """The runs of a source, of which those with the same parameters are attempts of one run.

    ``distinct`` is the parameter that the source's own id becomes, so that each is a run.
    """
    importing = Importing()
    attempts: dict[str, list[SourceRun]] = defaultdict(list)
    statepoints: dict[str, dict[str, Any]] = {}
    for run in source:
        if isinstance(run, LeftOut):
            importing.left_out.append(run)
            continue
        try:
            statepoint = _statepoint(run, experiment, distinct)
        except Unusable as reason:
            importing.left_out.append(LeftOut(run.name, str(reason), reason.damaged))
            continue
        job_id = job_id_of(statepoint_json(statepoint))
        statepoints[job_id] = statepoint
        attempts[job_id].append(run)
    importing.metrics = _metric_names(run for runs in attempts.values() for run in runs)
    for job_id, runs in attempts.items():
        runs.sort(key=_ended)
        importing.runs.append(ImportedRun(job_id, statepoints[job_id], tuple(runs)))
    return importing


def _statepoint(run: SourceRun, experiment: str, distinct: str | None) -> dict[str, Any]:
    experiment = run.experiment or experiment
    statepoint = {"experiment_id": experiment, **run.parameters}
    if statepoint["experiment_id"] != experiment:
        other = quoted(str(statepoint["experiment_id"]))
        raise Unusable(f"is of experiment {other} by its parameters, not of {experiment}")
    if distinct is not None:
        if not run.run_id:
            raise Unusable(f"has no {quoted(distinct)}")
        statepoint[distinct] = run.run_id
    return statepoint


def _ended(run: SourceRun) -> Any:
    return instant(run.document.get("ended_at", run.document.get("started_at"))) or 0


def _metric_names(runs: Iterable[SourceRun]) -> dict[str, str]:
    """What the metrics of the source are called in the ledger. Raises UsageError."""
    names: dict[str, str] = {}
    for run in runs:
        for name in run.metrics.keys() - names.keys():
            plain = metric_name(name)
            names[name] = f"{plain}_" if plain in FUNCTIONS else plain
    if len(names) > _MOST_METRICS:
        raise UsageError(
            f"the runs have {len(names)} metrics, and an entry holds {_MOST_METRICS} at most: "
            "choose some with --metrics"
        )
    for plain in set(names.values()):
        same = sorted(name for name, other in names.items() if other == plain)
        if len(same) > 1 or not plain:
            raise UsageError(
                f"the metrics {listed(map(quoted, same))} would have one name: give them names "
                "with --metrics NAME=METRIC"
            )
    return names


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one run; ``kept`` and ``refused`` are sentences."""

    run: ImportedRun
    written: bool = False
    kept: str = ""
    refused: str = ""


def write_entries(
    repository: Repository, importing: Importing, machine_label: str | None = None
) -> Iterator[Written]:
    """Write the entry of each run, unless it says the same already. Raises UsageError, OSError."""
    measured = {
        run.job_id: named_metrics(run.counting.metrics, importing.metrics) for run in importing.runs
    }

    def entry_of(job_id: str, files: RunFiles, machine: str) -> dict[str, Any]:
        entry = project(job_id, files, machine)
        importing.redacted.update(
            pointer.removeprefix("/statepoint/").replace("/", ".")
            for pointer in entry.get("redacted", ())
            if pointer.startswith("/statepoint/")
        )
        return {**entry, "metrics": measured[job_id]} if measured[job_id] else entry

    # Its files are in memory, so that no store is ever read.
    store = RunStore(repository.run_store, "")
    promoter = Promoter(repository, store, machine_label, many=True, entry_of=entry_of)
    written = False
    try:
        for run in importing.runs:
            try:
                promoted = promoter.promote(run.job_id, run.files())
            except NotPromotable as refusal:
                yield Written(run, refused=str(refusal))
                continue
            written = written or promoted.written
            yield Written(run, promoted.written, promoted.kept)
    finally:
        if written:
            sync_file_system(repository.root / LEDGER_DIR)


def named_metrics(metrics: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The metrics by the names that they have in the ledger."""
    return {names[name]: value for name, value in metrics.items()}
