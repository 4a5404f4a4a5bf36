"""The run store of this machine: a signac project, read without signac and without trusting it.

Source: signac 2, ``signac/project.py``: a project is a folder that holds ``.signac/config``, and
its jobs are the folders of ``workspace``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pytest_aexp.ground.files import Unreadable, is_absence, is_directory, is_shortage
from pytest_aexp.ground.find_root import MARKER_REL
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import quoted, shown
from pytest_aexp.model.batches import Batches, experiments_of
from pytest_aexp.model.entry import TERMINAL_STATUSES
from pytest_aexp.model.job_id import is_job_id, statepoint_json
from pytest_aexp.model.problems import RUNS_DAMAGED, Fault
from pytest_aexp.model.redaction.prefilter import may_leak
from pytest_aexp.model.redaction.redact import redact
from pytest_aexp.model.runs.run_attempt import is_foreign, lost_since
from pytest_aexp.model.runs.run_files import (
    DOCUMENT,
    RunFiles,
    read_files,
    read_raw,
    run_link_of,
)


class Run(NamedTuple):
    """A run of this machine's store, as far as its files can be used.

    ``statepoint`` is canonical JSON, redacted as in the ledger; None if the run cannot be used.
    ``status`` is one of ours or empty, ``foreign_status`` what stands there instead.
    ``lost_since`` is the last heartbeat of a run whose process must have been killed.
    """

    job_id: str
    statepoint: str | None
    status: str
    experiments: tuple[str, ...]
    faults: tuple[Fault, ...]
    foreign_status: str = ""
    lost_since: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether the run is known to be the one its folder is named for."""
        return self.statepoint is not None

    @property
    def finished(self) -> bool:
        """Whether the run has ended, however it ended."""
        return self.status in TERMINAL_STATUSES


class RunStore:
    """The signac project at ``path``; ``shown`` is how messages name that folder."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path = path
        self.shown = shown
        self._workspace = f"{path}/workspace"
        self._runs: dict[str, Run] = {}

    @classmethod
    def of(cls, repository: Repository) -> RunStore | None:
        """The repository's run store, None if there is no signac project at its place.

        A place that may not be looked at is taken for one, so that it is named as damaged.
        """
        path = repository.run_store
        try:
            if not stat.S_ISREG(os.stat(path / ".signac" / "config").st_mode):
                return None
        except ValueError:
            return None  # no file can have such a name
        except OSError as error:
            if is_absence(error):
                return None
        try:
            shown = path.relative_to(repository.root).as_posix()
        except ValueError:
            shown = path.as_posix()
        return cls(path, shown)

    @cached_property
    def job_ids(self) -> frozenset[str]:
        """The job ids that a folder of the workspace is named for; none if it is unlisted."""
        listed = self._listed
        return frozenset() if isinstance(listed, OSError) else listed

    @cached_property
    def _listed(self) -> frozenset[str] | OSError:
        try:
            with os.scandir(self._workspace) as entries:
                return frozenset(e.name for e in entries if is_job_id(e.name) and is_directory(e))
        except OSError as error:
            if is_shortage(error):
                raise
            return frozenset() if is_absence(error) else error

    @property
    def unlisted(self) -> OSError | None:
        """Why the runs cannot be listed; None if they can."""
        return self._listed if isinstance(self._listed, OSError) else None

    def require_listing(self) -> None:
        """Raise an OSError that names the folder if the runs cannot be listed."""
        if self.unlisted is not None:
            raise self.unlisted

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the store itself."""
        if self.unlisted is None:
            return ()
        return (
            Fault(
                RUNS_DAMAGED,
                f"{self.shown}/workspace",
                f"the runs of this machine cannot be listed: {self.unlisted.strerror}",
                "make the folder readable, or check where the ledger has every run",
            ),
        )

    def has(self, job_id: str) -> bool:
        """Whether there is a folder for the run, found without listing all there are."""
        if "job_ids" in self.__dict__:
            return job_id in self.job_ids
        return is_job_id(job_id) and os.path.isdir(f"{self._workspace}/{job_id}")

    def get(self, job_id: str) -> Run | None:
        """The run with that id; None if the store has no folder for it."""
        if job_id not in self._runs and not self.has(job_id):
            return None
        if job_id not in self._runs:
            self._runs[job_id] = self._run(job_id)
        return self._runs[job_id]

    def __iter__(self) -> Iterator[Run]:
        """Every run, by job id."""
        for job_id in sorted(self.job_ids):
            run = self.get(job_id)
            if run is not None:
                yield run

    @cached_property
    def batches(self) -> Batches[Run]:
        """Every usable run, by experiment and value."""
        return Batches(self)

    def raw_document(self, job_id: str) -> bytes | Unreadable:
        """The bytes of a run's document, read afresh."""
        return read_raw(f"{self._workspace}/{job_id}", DOCUMENT)

    def files(self, job_id: str) -> RunFiles:
        """The two files of a run, read afresh."""
        return read_files(f"{self._workspace}/{job_id}", f"{self.shown}/workspace/{job_id}")

    def _run(self, job_id: str) -> Run:
        files = self.files(job_id)
        usable, document = files.statepoint is not None, files.document
        foreign = is_foreign(document)
        return Run(
            job_id,
            shareable(files) if usable else None,
            "" if foreign else document.get("status") or "",
            experiments_of(files.statepoint, run_link_of(document)),
            files.faults,
            shown(str(document["status"]), 60) if foreign else "",
            lost_since(document),
        )


def shareable(files: RunFiles) -> str:
    """The statepoint as the ledger would hold it.

    A finding may come from somebody else: no selector and no hint may reach what is redacted there.
    """
    if not may_leak(files.canonical):
        return files.canonical
    return statepoint_json(redact(files.statepoint, "/statepoint")[0])


def marker_faults(repository: Repository) -> tuple[Fault, ...]:
    """What is wrong with the install marker, which says where the run store lies."""
    marker, path = repository.marker, MARKER_REL.as_posix()
    if repository.foreign_store is not None:
        message = (
            f"the install marker is in git and says that the run store lies at "
            f"{quoted(repository.foreign_store)}, out of the repository: that is not used"
        )
        fix = f"run `git rm -q --cached {path}`, and look at what it says before you keep it"
        return (Fault(RUNS_DAMAGED, path, message, fix),)
    if marker.fault is None:
        return ()
    message = (
        f"the install marker {marker.fault}, so the run store is looked for in its usual place"
    )
    aside = f"`mv {path} {path}.damaged` and " if marker.is_in_the_way else ""
    return (Fault(RUNS_DAMAGED, path, message, f"run {aside}`aexp install` to write it again"),)
