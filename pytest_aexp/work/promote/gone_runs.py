"""Entries of this machine whose run is gone, or became another one."""

from __future__ import annotations

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import counted, listed
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.runs.run_store import RunStore


def gone_runs(repository: Repository, store: RunStore) -> list[str]:
    """The runs of this machine that the ledger has and the store lacks; not the retracted ones."""
    ledger, machine = Ledger(WorkTree(repository.root)), repository.machine_label
    missing = sorted(ledger.job_ids - store.job_ids - ledger.retractions.job_ids)
    entries = ((job_id, ledger.get(job_id)) for job_id in missing)
    return [job_id for job_id, entry in entries if entry is not None and entry.machine == machine]


def gone_line(gone: list[str]) -> str:
    """These runs in one line of text; empty if there are none."""
    if not gone:
        return ""
    entries = counted(len(gone), "entry", "entries")
    its = "its run is" if len(gone) == 1 else "their runs are"
    return (
        f"{entries} of this machine: {its} no longer in its run store "
        f"({listed([job_id[:8] for job_id in gone], 3)}); where a run became another one, such as "
        f"by a new parameter, run `aexp retract {gone[0]} --reason '…'`; where its files were "
        "cleared away, leave it"
    )
