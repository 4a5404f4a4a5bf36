"""Imported runs as signac jobs, for work to go on with them."""

from __future__ import annotations

from typing import Any

from pytest_aexp.model.runs.run_attempt import ATTEMPT_KEY
from pytest_aexp.work.imports.importer import ImportPlan
from pytest_aexp.work.runs.job_document import RunDocument
from pytest_aexp.work.signac_store import Project


def keep_as_jobs(project: Project, plan: ImportPlan) -> int:
    """Make a job of each run that the store has none of; how many were made. Raises AexpError."""
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
