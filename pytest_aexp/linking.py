"""Linking runs to experiments, and runs as experiments and batches have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_aexp.model.job_id import value_key
from pytest_aexp.model.runs.run_files import run_link_of
from pytest_aexp.runs import find_runs, open_run
from pytest_aexp.work.runs.run_link import put_link, run_link
from pytest_aexp.work.runs.status import edit_and_promote
from pytest_aexp.work.signac_store import Job

__all__ = [
    "BatchSummary",
    "RunSummary",
    "link_to_experiment",
    "list_batches",
    "runs_for_experiment",
    "show_batch",
    "summarize_run",
]


@dataclass(frozen=True)
class RunSummary:
    """A run in one line; ``batch_slug`` names its batch: hypothesis, experiment, condition."""

    job_id: str
    experiment_id: str | None
    hypothesis_id: str | None
    status: str | None
    batch_slug: str | None
    tracker_url: str | None
    sp: dict[str, Any]
    started_at: str | None
    ended_at: str | None


@dataclass(frozen=True)
class BatchSummary:
    """Runs of one experiment with the same values for the keys of ``selector``."""

    experiment_id: str
    batch_slug: str
    selector: dict[str, Any]
    count: int
    status_counts: dict[str, int]
    tracker_group: str | None


def link_to_experiment(  # noqa: PLR0913 - callers know this signature
    job_id: str,
    *,
    experiment_id: str,
    hypothesis_id: str | None = None,
    sub_hypothesis_id: str | None = None,
    experiment_path: str | None = None,
    repo_root: str | Path | None = None,
) -> Job:
    """Write a run's link, in place of any it has, and return its signac job.

    A run that has finished is promoted again, so that its ledger entry says the same; if that
    fails, a line on standard error says so. ``job_id`` may be the beginning of an id. Raises
    ValueError for an id of the wrong form, RunNotFound, AmbiguousRun, RunStoreNotInitialized,
    AexpError, OSError.
    """
    link = run_link(experiment_id, hypothesis_id, sub_hypothesis_id, experiment_path)
    job = open_run(job_id, repo_root=repo_root)
    edit_and_promote(job, lambda document: put_link(document, link))
    return job


def runs_for_experiment(experiment_id: str, *, repo_root: str | Path | None = None) -> list[Job]:
    """The signac jobs of an experiment's runs, by job id."""
    return find_runs(experiment_id=experiment_id, repo_root=repo_root)


def summarize_run(job: Job) -> RunSummary:
    """A run in one line."""
    statepoint, document = job.statepoint(), job.doc()
    link, tracker = run_link_of(document), document.get("tracker")
    link = link if isinstance(link, Mapping) else {}
    tracker = tracker if isinstance(tracker, Mapping) else {}
    experiment = statepoint.get("experiment_id") or link.get("experiment_id")
    hypothesis = statepoint.get("hypothesis_id") or link.get("hypothesis_id")
    return RunSummary(
        job_id=job.id,
        experiment_id=experiment,
        hypothesis_id=hypothesis,
        status=document.get("status"),
        batch_slug=_slug(hypothesis, experiment, statepoint.get("condition"), job.id),
        tracker_url=tracker.get("url"),
        sp=dict(statepoint),
        started_at=document.get("started_at"),
        ended_at=document.get("ended_at"),
    )


def _slug(hypothesis: Any, experiment: Any, condition: Any, job_id: str) -> str | None:
    if not experiment:
        return None
    return f"{hypothesis or '_'}/{experiment}/{condition or job_id[:8]}"


def show_batch(
    *, experiment_id: str, selector: Mapping[str, Any], repo_root: str | Path | None = None
) -> list[RunSummary]:
    """The runs of an experiment that have the selector's values, in one line each."""
    jobs = find_runs(experiment_id=experiment_id, repo_root=repo_root, **selector)
    return [summarize_run(job) for job in jobs]


def list_batches(
    *,
    experiment_id: str | None = None,
    selector_keys: Sequence[str] = ("condition",),
    repo_root: str | Path | None = None,
) -> list[BatchSummary]:
    """The runs by experiment and their values for ``selector_keys``, None where one has none."""
    batches: dict[tuple[str, ...], list[Job]] = {}
    for job in find_runs(experiment_id=experiment_id, repo_root=repo_root):
        run = summarize_run(job)
        if run.experiment_id:
            # As text, since a list or a mapping has no hash.
            values = (value_key(run.sp.get(key)) for key in selector_keys)
            batches.setdefault((run.experiment_id, *values), []).append(job)
    return [_batch(jobs, selector_keys) for _, jobs in sorted(batches.items())]


def _batch(jobs: list[Job], selector_keys: Sequence[str]) -> BatchSummary:
    runs = [summarize_run(job) for job in jobs]
    first = runs[0]
    hypothesis = next((run.hypothesis_id for run in runs if run.hypothesis_id), None)
    trackers = (job.doc().get("tracker") for job in jobs)
    groups = (tracker.get("group") for tracker in trackers if isinstance(tracker, Mapping))
    slug = _slug(hypothesis, first.experiment_id, first.sp.get("condition"), first.job_id)
    return BatchSummary(
        experiment_id=str(first.experiment_id),
        batch_slug=str(slug),
        selector={key: first.sp.get(key) for key in selector_keys},
        count=len(runs),
        status_counts=dict(Counter(str(run.status) for run in runs)),
        tracker_group=next(filter(None, groups), None),
    )
