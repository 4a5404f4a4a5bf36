"""Which of several processes of one attempt this is: torchrun, srun and mpirun start many.

The first records the attempt. The others know which attempt they are part of by what started them:
their launcher and scheduler describe themselves in the environment. A process that the first one
started itself finds the attempt's token there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_aexp.model.runs.run_attempt import (
    ATTEMPT_KEY,
    has_process_here,
    host_name,
    process_start,
)

# Of torchrun (both), srun, MPICH and Intel MPI, Open MPI.
RANK_VARIABLES = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "PMI_RANK", "OMPI_COMM_WORLD_RANK")
_SCHEDULER_VARIABLES = ("SLURM_JOB_ID", "SLURM_RESTART_COUNT")
_INSTANT = 50
"""Hundredths of a second: the ticks in which Linux says when a process started."""
_LAUNCHER_VARIABLES = (
    "SLURM_STEP_ID",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "PMIX_NAMESPACE",
    "PMI_JOBID",
    "MASTER_ADDR",
    "MASTER_PORT",
)


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of this process among those of its attempt at the run ``job_id``.

    ``variable`` is the one that says it is not the first, such as ``RANK=3``; empty if none does.
    ``token`` is that of the attempt it was started in, if it was.
    """

    variable: str
    scheduler: str
    launcher: str
    token: str = ""
    job_id: str = ""

    @classmethod
    def here(cls, job_id: str, environment: Mapping[str, str] = os.environ) -> Rank:
        """The place of this process among those that execute the run ``job_id``."""
        positive = (
            f"{name}={environment[name]}"
            for name in RANK_VARIABLES
            if environment.get(name, "").isdecimal() and int(environment[name]) > 0
        )
        launcher = _described(environment, _LAUNCHER_VARIABLES)
        scheduler = _described(environment, _SCHEDULER_VARIABLES)
        return cls(
            next(positive, ""),
            scheduler,
            # Without any, what started it: the processes of one launcher have one parent.
            launcher or scheduler or f"{host_name()} {os.getppid()}",
            environment.get(token_variable(job_id), ""),
            job_id,
        )

    @property
    def group(self) -> str:
        """What the processes of one attempt have in common."""
        return f"{self.scheduler} {self.launcher}".strip()

    def is_part_of(self, attempt: Mapping[str, Any]) -> bool:
        """Whether this process, which is not the first, belongs to an attempt."""
        if self.token and self.token == attempt.get("token"):
            # A job that was submitted from inside a run inherits the token, and is another attempt.
            return self.scheduler == attempt.get("scheduler")
        if not self.variable:
            return self.group == attempt.get("group") and _started_together(attempt)
        return self.group == attempt.get("group") or (
            (attempt.get("host"), attempt.get("pid")) == (host_name(), os.getppid())
        )


def _started_together(attempt: Mapping[str, Any]) -> bool:
    """Whether what started this process started that of the attempt in the same instant.

    Not every launcher sets a variable. A job that is started again is started later.
    """
    mine, other = process_start(os.getpid()), attempt.get("process")
    if attempt.get("pid") == os.getpid() or not has_process_here({ATTEMPT_KEY: attempt}):
        return False
    is_known = mine is not None and isinstance(other, str) and other.isdecimal()
    return is_known and abs(int(mine or 0) - int(other or 0)) <= _INSTANT


_RANKS_KEY = "aexp_ranks"
"""Where a run's document lists the processes, other than the first, that have not ended."""


def enter(document: dict[str, Any], rank: Rank) -> None:
    """List this process, so that the first one notices if it is killed."""
    processes = _processes(document, rank)
    processes[rank.variable] = {
        "host": host_name(),
        "pid": os.getpid(),
        "process": process_start(os.getpid()),
    }
    document[_RANKS_KEY] = {"group": rank.group, "processes": processes}


def leave(document: dict[str, Any], rank: Rank) -> None:
    """List this process no longer."""
    _processes(document, rank).pop(rank.variable, None)


def killed_ranks(document: dict[str, Any], rank: Rank) -> list[str]:
    """The processes of the group of ``rank`` that are gone from this host without having ended."""
    return [
        variable
        for variable, process in sorted(_processes(document, rank).items())
        if isinstance(process, dict)
        and process.get("host") == host_name()
        and not has_process_here({ATTEMPT_KEY: process})
    ]


def _processes(document: dict[str, Any], rank: Rank) -> dict[str, Any]:
    listed = document.get(_RANKS_KEY)
    if not isinstance(listed, dict) or listed.get("group") != rank.group:
        return {}
    processes = listed.get("processes")
    return processes if isinstance(processes, dict) else {}


def token_variable(job_id: str) -> str:
    """The variable in which the processes that an attempt starts find its token."""
    return f"AEXP_ATTEMPT_{job_id}"


def _described(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return " ".join(f"{name}={environment[name]}" for name in names if environment.get(name))
