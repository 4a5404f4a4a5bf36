"""The machine index, deprecated: the finished runs of this machine in one file. Use the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from pytest_aexp.ground import jsontext
from pytest_aexp.ground.containment import require_no_link
from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.machine_label import checked_label
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.job_id import is_job_id
from pytest_aexp.model.redaction.redact import redact
from pytest_aexp.model.runs.machine_index import DEPTH_LIMIT, INDEX_DIR, INDEX_LIMIT
from pytest_aexp.model.runs.run_attempt import has_ended
from pytest_aexp.model.runs.run_files import RunFiles, run_link_of
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.work.promote.project import utc_now

__all__ = [
    "INDEX_DIR_REL",
    "SCHEMA_VERSION",
    "IndexEntry",
    "IndexFile",
    "build_index",
    "collect_known_elsewhere",
    "export_index",
    "load_all_indexes",
]

INDEX_DIR_REL = Path(INDEX_DIR)
SCHEMA_VERSION = 1


class IndexEntry(TypedDict, total=False):
    """A run in a machine index."""

    job_id: str
    experiment_id: str
    condition: str
    status: str
    registered_at: str


class IndexFile(TypedDict):
    """A machine index."""

    schema_version: int
    machine_label: str
    exported_at: str
    entries: list[IndexEntry]


def build_index(repo_root: str | Path | None = None) -> dict[str, Any]:
    """This machine's index: its finished runs, by job id.

    A repository without a run store has an index without entries. Raises RepositoryNotFound,
    ConfigurationError.
    """
    repository = Repository.open(repo_root)
    store = RunStore.of(repository)
    return {
        "schema_version": SCHEMA_VERSION,
        "machine_label": repository.machine_label,
        "exported_at": utc_now(),
        "entries": [] if store is None else list(_entries(store)),
    }


def _entries(store: RunStore) -> Iterator[dict[str, str]]:
    store.require_listing()
    for job_id in sorted(store.job_ids):
        files = store.files(job_id)
        if files.statepoint is not None and has_ended(files.document):
            yield _entry(job_id, files)


def _entry(job_id: str, files: RunFiles) -> dict[str, str]:
    statepoint, document = files.statepoint, files.document
    link = run_link_of(document)
    linked = link.get("experiment_id") if isinstance(link, dict) else None
    fields = {
        "experiment_id": linked or statepoint.get("experiment_id"),
        "condition": statepoint.get("condition"),
        "registered_at": document.get("created_at") or document.get("started_at"),
    }
    # Redacted before it becomes text: in text, a mapping's keys no longer name its secrets.
    redacted = {name: str(redact(value)[0]) for name, value in fields.items() if value}
    return {"job_id": job_id, "status": document["status"], **redacted}


def export_index(
    repo_root: str | Path | None = None,
    *,
    out: str | Path | None = None,
    machine_label: str | None = None,
) -> Path:
    """Write this machine's index and return its path.

    That is ``out`` or else ``.aexp/runs-index/<machine label>.json``. Where only the time of the
    export would change, the file stays as it is to the byte. Raises UsageError for a label that
    cannot name a file and for a link on the way to it, OSError.
    """
    repository = Repository.open(repo_root)
    index = build_index(repository.root)
    label = checked_label(index["machine_label"] if machine_label is None else machine_label)
    index["machine_label"] = label
    path = repository.root / INDEX_DIR_REL / f"{label}.json" if out is None else Path(out)
    require_no_link(repository.root, path)
    before = _parsed(read_bounded(path, INDEX_LIMIT)) or {}
    if {**before, "exported_at": ""} == {**index, "exported_at": ""}:
        index["exported_at"] = before.get("exported_at") or index["exported_at"]
    data = f"{json.dumps(index, indent=2)}\n".encode()
    if read_bounded(path, INDEX_LIMIT) != data:
        write_atomic(path, data)
    return path


def load_all_indexes(repo_root: str | Path) -> dict[str, dict[str, Any]]:
    """Every readable machine index of the repository, by machine label."""
    view = WorkTree(Path(repo_root))
    indexes = {}
    for name in view.names(INDEX_DIR):
        if name.endswith(".json"):
            index = _parsed(view.read(f"{INDEX_DIR}/{name}", INDEX_LIMIT))
            if index is not None and isinstance(index.get("entries"), list):
                indexes[str(index.get("machine_label") or name.removesuffix(".json"))] = index
    return indexes


def collect_known_elsewhere(repo_root: str | Path) -> dict[str, dict[str, Any]]:
    """Each run that a machine index names, by job id; ``ledger_machine`` is the index's machine."""
    elsewhere = {}
    for label, index in load_all_indexes(repo_root).items():
        for entry in index["entries"]:
            job_id = entry.get("job_id") if isinstance(entry, dict) else None
            if isinstance(job_id, str) and is_job_id(job_id):
                elsewhere[job_id] = {**entry, "ledger_machine": label}
    return elsewhere


def _parsed(data: bytes | Unreadable) -> dict[str, Any] | None:
    return None if isinstance(data, Unreadable) else jsontext.parse_object(data, DEPTH_LIMIT)
