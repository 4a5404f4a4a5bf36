"""Source runs become entries: grouped into runs by their parameters, one attempt each."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_aexp.ground.errors import NotPromotable, UsageError
from pytest_aexp.ground.jsontext import nested_deeper
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.metric_names import LONGEST_NAME, MOST_METRICS, why_no_metric
from pytest_aexp.ground.text import NEVER, listed, parse_time, quoted
from pytest_aexp.model.entry import STATEPOINT_DEPTH_LIMIT, entry_path
from pytest_aexp.model.job_id import job_id_of, statepoint_json
from pytest_aexp.model.query.grammar import written
from pytest_aexp.model.query.table import flat
from pytest_aexp.model.ranking import is_complete
from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.redaction.redact import redact
from pytest_aexp.model.runs.run_attempt import ATTEMPT_KEY
from pytest_aexp.model.runs.run_files import RunFiles
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.imports.source import SkippedRun, SourceRun, Unusable, metric_name
from pytest_aexp.work.promote.promote import Promoter
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.signac_store import Project

_METRICS = "metrics"


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
        values = flat({k: v for k, v in self.statepoint.items() if k != "experiment_id"})
        return " ".join(written(name, "=", value) for name, value in values.items())


@dataclass
class ImportPlan:
    """The runs of a source, and those that are left out, each with the reason."""

    runs: list[ImportedRun] = field(default_factory=list)
    skipped: list[SkippedRun] = field(default_factory=list)
    metrics: dict[str, str] = field(default_factory=dict)
    """The name in the ledger of each metric of the source."""

    @property
    def redacted(self) -> Counter[str]:
        """In how many entries each parameter is redacted."""
        names: Counter[str] = Counter()
        for run in self.runs:
            if may_leak(statepoint_json(run.statepoint)):
                pointers = redact({"statepoint": run.statepoint})[1]
                names.update(p.removeprefix("/statepoint/").replace("/", ".") for p in pointers)
        return names

    def named(self, run: SourceRun) -> dict[str, Any]:
        """The metrics of a run by the names that they have in the ledger."""
        return {self.metrics[name]: value for name, value in run.metrics.items()}

    def files(self, run: ImportedRun) -> RunFiles:
        """What the files of the run in a store would hold."""
        numbers = self.named(run.counting).items()
        # A document has what JSON cannot have, and an entry null in its place.
        metrics = {name: math.nan if value is None else value for name, value in numbers}
        document = {**run.counting.document, ATTEMPT_KEY: {"number": run.number}}
        return RunFiles.in_memory(run.statepoint, {**document, _METRICS: metrics})


def gather(
    source: Iterable[SourceRun | SkippedRun], experiment: str, distinct: str | None = None
) -> ImportPlan:
    """The runs of a source, of which those with the same parameters are attempts of one run.

    ``distinct`` is the parameter that the source's own id becomes, so that each is a run.
    """
    plan = ImportPlan()
    attempts: dict[str, list[SourceRun]] = defaultdict(list)
    statepoints: dict[str, dict[str, Any]] = {}
    for run in source:
        if isinstance(run, SkippedRun):
            plan.skipped.append(run)
            continue
        try:
            statepoint = _statepoint(run, experiment, distinct)
        except Unusable as reason:
            plan.skipped.append(SkippedRun(run.name, str(reason), reason.damaged))
            continue
        job_id = job_id_of(statepoint_json(statepoint))
        statepoints[job_id] = statepoint
        attempts[job_id].append(run)
    plan.metrics = _metric_names(run for runs in attempts.values() for run in runs)
    for job_id, runs in attempts.items():
        # A source lists its runs in any order, and the number of an attempt is its place in time.
        runs.sort(key=_ended)
        plan.runs.append(ImportedRun(job_id, statepoints[job_id], tuple(runs)))
    return plan


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
    text = statepoint_json(statepoint)
    if nested_deeper(text, STATEPOINT_DEPTH_LIMIT):
        # The statepoint itself is the first level.
        raise Unusable(f"has parameters nested more than {STATEPOINT_DEPTH_LIMIT - 1} deep")
    # As signac keeps it: a parameter has the digits of a float.
    plain: dict[str, Any] = json.loads(text)
    return plain


def _ended(run: SourceRun) -> datetime:
    return parse_time(run.document.get("ended_at", run.document.get("started_at"))) or NEVER


def _metric_names(runs: Iterable[SourceRun]) -> dict[str, str]:
    """What the metrics of the source are called in the ledger. Raises UsageError."""
    names: dict[str, str] = {}
    for run in runs:
        for name in run.metrics.keys() - names.keys():
            plain = metric_name(name)
            names[name] = f"{plain}_"[-LONGEST_NAME:] if why_no_metric(plain) else plain
    if len(names) > MOST_METRICS:
        raise UsageError(
            f"the runs have {len(names)} metrics, and an entry holds {MOST_METRICS} at most: "
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
class ImportResult:
    """What became of one run; ``kept`` and ``refused`` are sentences."""

    run: ImportedRun
    written: bool = False
    kept: str = ""
    refused: str = ""


def _import_anyway(job_id: str) -> str:
    return f"run `rm {entry_path(job_id)}` and import again"


def write_entries(
    repository: Repository, plan: ImportPlan, machine_label: str | None = None
) -> Iterator[ImportResult]:
    """Write the entry of each run, unless it says the same already. Raises UsageError, OSError."""
    # Its files are in memory, so that no store is ever read.
    store = RunStore(repository.run_store, "")
    metrics = {name: f"{_METRICS}/{name}" for name in plan.metrics.values()}
    promoter = Promoter(
        repository, store, machine_label, many=True, metrics=metrics, how_to_replace=_import_anyway
    )
    try:
        for run in plan.runs:
            try:
                promoted = promoter.promote(run.job_id, plan.files(run))
            except NotPromotable as refusal:
                yield ImportResult(run, refused=str(refusal))
                continue
            yield ImportResult(run, promoted.written, promoted.kept)
    finally:
        promoter.finish()


def keep_as_jobs(project: Project, plan: ImportPlan) -> int:
    """Create a job for each run that the store lacks; how many were created. Raises AexpError."""
    made = 0
    for run in plan.runs:
        job = project.open_job(run.statepoint)
        if job in project:
            continue
        job.init()
        attempt = run.counting
        document: dict[str, Any] = {
            **plan.named(attempt),
            **attempt.document,
            ATTEMPT_KEY: {"number": run.number},
        }
        RunDocument(job).edit(lambda stored, new=document: stored.update(new))  # type: ignore[misc]
        made += 1
    return made
