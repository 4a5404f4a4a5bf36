"""Runs of the store as their ledger entries would have them, for conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_aexp.ground.repository import Repository
from pytest_aexp.model.runs.run_attempt import attempt_number
from pytest_aexp.model.runs.run_files import RunFiles, run_link_of
from pytest_aexp.work.promote.metrics import lifted_metrics

_FIELDS = ("status", "started_at", "ended_at", "wallclock_s", "code_commit", "code_dirty")


def describer(repository: Repository) -> Callable[[str, RunFiles], dict[str, Any]]:
    """What makes of a run's files what its ledger entry would say."""
    machine, metrics = repository.machine_label, repository.configuration.metrics

    def described(job_id: str, files: RunFiles) -> dict[str, Any]:
        document = files.document
        return {
            **{name: document[name] for name in _FIELDS if name in document},
            "job_id": job_id,
            "statepoint": files.statepoint,
            "run_link": run_link_of(document),
            "registered_machine": machine,
            "attempt": attempt_number(document),
            "metrics": lifted_metrics(document, metrics),
        }

    return described
