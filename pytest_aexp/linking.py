"""Linking a run to an experiment after the fact."""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.runs import open_run
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.runs.run_link import put_link, run_link
from pytest_aexp.work.runs.status import settle
from pytest_aexp.work.signac_store import Job

__all__ = ["link_to_experiment"]


def link_to_experiment(  # noqa: PLR0913 - callers know this signature
    job_id: str,
    *,
    experiment_id: str,
    hypothesis_id: str | None = None,
    sub_hypothesis_id: str | None = None,
    experiment_path: str | None = None,
    repo_root: str | Path | None = None,
) -> Job:
    """Write a run's link, in place of any it has; its signac job.

    A run that has finished is promoted again, so that its ledger entry says the same; if that
    fails, a line on standard error says so. ``job_id`` may be the beginning of an id. Raises
    ValueError for an id of the wrong form, RunNotFound, AmbiguousRun, RunStoreNotInitialized,
    AexpError, OSError.
    """
    link = run_link(experiment_id, hypothesis_id, sub_hypothesis_id, experiment_path)
    return linked(job_id, link, repo_root)[0]


def linked(
    job_id: str, link: dict[str, str | None], repo_root: str | Path | None = None
) -> tuple[Job, bool]:
    """The same; the job, and whether its entry could be written, if it has ended."""
    job = open_run(job_id, repo_root=repo_root)
    return job, settle(RunDocument(job), job, lambda document: put_link(document, link))
