"""The public functions of the ledger: promote one run or every run, read an entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import quoted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import SCHEMA_VERSION, entry_path
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.packs import standing_document
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.promote.backfill import backfill
from pytest_aexp.work.promote.project import project
from pytest_aexp.work.promote.promote import promote_to_ledger, store_of
from pytest_aexp.work.signac_store import Job, repository_of

__all__ = ["LEDGER_DIR_REL", "SCHEMA_VERSION", "LedgerEntry", "backfill_ledger", "ledger_path"]
__all__ += ["list_ledger_job_ids", "load_ledger_entry", "project_to_ledger_entry"]
__all__ += ["promote_to_ledger"]


class LedgerEntry(TypedDict, total=False):
    """A ledger entry as Python has it; what is not known is left out."""

    schema_version: int
    job_id: str
    statepoint: dict[str, Any]
    status: str
    registered_machine: str
    promoted_at: str
    attempt: int
    run_link: dict[str, Any]
    started_at: str
    ended_at: str
    wallclock_s: float
    tracker: dict[str, Any]
    code_commit: str
    code_dirty: bool
    metrics: dict[str, Any]
    redacted: list[str]


LEDGER_DIR_REL = Path(".aexp") / "ledger"


def ledger_path(repo_root: str | Path, job_id: str) -> Path:
    """The path of a run's entry; raises ValueError if ``job_id`` is not a job id."""
    if not is_job_id(job_id):
        raise ValueError(f"not a job id (32 lower-case hex digits): {quoted(job_id)}")
    return Path(repo_root) / entry_path(job_id)


def load_ledger_entry(repo_root: str | Path, job_id: str) -> dict[str, Any] | None:
    """The ledger entry of a run; None if there is none that can be read."""
    if not is_job_id(job_id):
        return None
    return standing_document(WorkTree(Path(repo_root)), job_id)


def list_ledger_job_ids(repo_root: str | Path) -> set[str]:
    """The job ids that the ledger has an entry for."""
    return set(Ledger(WorkTree(Path(repo_root))).job_ids)


def project_to_ledger_entry(job: Job, *, machine_label: str | None = None) -> dict[str, Any]:
    """The sanitised entry of a finished run; raises NotPromotable (a ValueError)."""
    store = store_of(job)
    repository = Repository.open(repository_of(job))
    machine, metrics = machine_label or repository.machine_label, repository.configuration.metrics
    return project(job.id, store.files(job.id), machine, metrics).entry


def backfill_ledger(
    repo_root: str | Path | None = None,
    *,
    machine_label: str | None = None,
    overwrite: bool = False,
) -> tuple[int, int]:
    """Promote each finished run; return how many entries were written and how many were right.

    ``overwrite`` writes entries that were right again. A repository without a run store has
    nothing to promote.
    """
    repository = Repository.open(repo_root)
    if RunStore.of(repository) is None:
        return 0, 0
    results = list(backfill(repository, machine_label, overwrite=overwrite))
    right = [r for r in results if r.finished and not r.written and not r.refused]
    return sum(r.written for r in results), len(right)
