"""Runs of the store as their ledger entries would have them, for conditions."""

from __future__ import annotations

from typing import Any

from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.runs.run_attempt import attempt_number
from pytest_aexp.model.runs.run_files import RunFiles, run_link_of
from pytest_aexp.work.promote.metrics import lifted_metrics

_FIELDS = ("status", "started_at", "ended_at", "wallclock_s", "code_commit", "code_dirty")


def as_entry(repository: Repository, job_id: str, files: RunFiles) -> dict[str, Any]:
    """What the ledger entry of a run with these files would say."""
    document = files.document
    return {
        **{name: document[name] for name in _FIELDS if name in document},
        "job_id": job_id,
        "statepoint": files.statepoint,
        "run_link": run_link_of(document),
        "registered_machine": repository.machine_label,
        "attempt": attempt_number(document),
        "metrics": lifted_metrics(document, repository.configuration.metrics),
    }
