"""A cluster for tests: real processes on nodes with names, one file system, a scheduler.

Each process is forked, enters `run_lifecycle` and waits for what the schedule has in store for it:
a signal, a failure, its end. As the schedule waits for each step, what must stand in the ledger
afterwards can be said exactly.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repositories import git, new_repository

from pytest_aexp.ledger import backfill_ledger, load_ledger_entry
from pytest_aexp.model.runs import run_attempt
from pytest_aexp.runs import create_run, init_run_store, mark_status, open_run, run_lifecycle
from pytest_aexp.work.merge.merge import Merged, merge_entries
from pytest_aexp.work.runs import attempt, ranks

HOWS = {
    "complete": "complete",
    "fail": "failed",
    "SIGTERM": "stopped",
    "SIGUSR1": "stopped",
    "flag": "stopped",  # a handler of its own for SIGUSR1 sets a flag, and the block returns
    "SIGKILL": None,  # nobody records anything
}
"""How a process may end, and the status that this is."""
_HEARTBEAT_S = "0.02"


@dataclass
class Process:
    """One process of an attempt."""

    pid: int
    commands: int
    answers: int
    job_id: str = ""

    def wait_for(self, answer: bytes) -> None:
        """Wait until it says that it has come so far."""
        got = os.read(self.answers, 32 if answer == b"id" else 1)
        if answer == b"id":
            self.job_id = got.decode()
        else:
            assert got == answer, (got, answer)

    def end(self, how: str) -> None:
        """Have it end so, and wait until it has."""
        if how.startswith("SIG"):
            os.kill(self.pid, getattr(signal, how))
        elif how == "flag":
            os.kill(self.pid, signal.SIGUSR1)
        else:
            with suppress(BrokenPipeError):
                os.write(self.commands, b"c" if how == "complete" else b"f")
        os.waitpid(self.pid, 0)
        os.close(self.commands)
        os.close(self.answers)


def start(root: Path, task: int, host: str, **environment: str) -> Process:
    """Start a process of the run of a task on a node; returns once it is in its block."""
    receive, commands = os.pipe()
    answers, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(commands)
            os.close(answers)
            _execute(root, task, host, environment, receive, send)
            status = 0
        finally:
            os._exit(status)
    os.close(receive)
    os.close(send)
    process = Process(pid, commands, answers)
    process.wait_for(b"id")
    process.wait_for(b"s")
    return process


def _execute(
    root: Path, task: int, host: str, environment: dict[str, str], receive: int, send: int
) -> None:
    os.chdir(root)
    os.environ.update(environment, AEXP_HEARTBEAT_S=_HEARTBEAT_S)
    for module in (run_attempt, ranks, attempt):
        module.host_name = lambda: host  # type: ignore[attr-defined]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    asked: list[int] = []
    if environment.get("OWN_HANDLER"):
        signal.signal(signal.SIGUSR1, lambda signum, _: asked.append(signum))
    job = create_run(experiment_id="E001", statepoint={"task": task})
    os.write(send, job.id.encode())
    with run_lifecycle(job):
        job.doc["steps"] = job.doc.get("steps", 0) + 1
        os.write(send, b"s")
        while not asked:
            if select.select([receive], [], [], 0.01)[0]:
                if os.read(receive, 1) == b"c":
                    break
                raise RuntimeError


@dataclass
class Machine:
    """A clone with a run store of its own, and what must stand in its ledger."""

    root: Path
    label: str
    expected: dict[int, tuple[str, int]] = field(default_factory=dict)
    """By task the status and the number of the attempt that counts on this machine."""
    started: dict[int, int] = field(default_factory=dict)

    @classmethod
    def clone(cls, hub: Path, root: Path, label: str) -> Machine:
        """What a clone of the repository at ``hub`` would hold, in a tenth of git's time."""
        shutil.copytree(hub, root)
        (root / ".aexp").mkdir(exist_ok=True)
        (root / ".aexp/installed.json").write_text(json.dumps({"machine_label": label}))
        init_run_store(root)
        return cls(root, label)

    def record(self, task: int, number: int, status: str | None) -> None:
        """What the end of an attempt means: complete counts most, else the last current one."""
        if status is None or number != self.started[task]:
            return
        before = self.expected.get(task)
        if before is None or before[0] != "complete" or status == "complete":
            self.expected[task] = (status, number)

    def commit(self) -> None:
        """Commit the ledger, which must make no other run of the next one."""
        git(self.root, "add", "--all", ".aexp")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "ledger")


def exchange(one: Machine, other: Machine) -> None:
    """Give both machines what git would after push, pull and merge."""
    for name in {p.name for m in (one, other) for p in (m.root / ".aexp/ledger").glob("*.json")}:
        paths = [machine.root / ".aexp/ledger" / name for machine in (one, other)]
        texts = [path.read_bytes() for path in paths if path.exists()]
        merged = merge_entries(None, texts[0], texts[-1])
        assert isinstance(merged, Merged), merged
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(merged.data)


def play(seed: int, folder: Path) -> None:
    """One schedule, from its seed; raises AssertionError where the ledger says anything else."""
    choose = random.Random(seed)
    hub = new_repository(folder / "hub")
    (hub / "train.py").write_text("pass\n")
    (hub / ".gitignore").write_text(".runs/\n.aexp/installed.json\n")
    git(hub, "add", ".")
    git(hub, "commit", "-q", "-m", "code")
    machines = [Machine.clone(hub, folder / label, label) for label in ("cluster", "laptop")]
    ids: dict[int, set[str]] = {}
    for task in range(choose.choice((1, 2, 3))):
        for machine in machines if choose.random() < 0.5 else machines[:1]:
            _requeue(choose, machine, task, ids)
            if choose.random() < 0.3:
                machine.commit()
    assert all(len(found) == 1 for found in ids.values()), f"one run has several ids: {ids}"
    for machine in machines:
        _check(machine, ids)
    _check_exchanged(machines, ids)


def _requeue(choose: random.Random, machine: Machine, task: int, ids: dict[int, set[str]]) -> None:
    """The attempts of a task: each may overlap the end of the one before it."""
    old: tuple[list[Process], int, str] | None = None
    for restart in range(choose.choice((1, 1, 2, 3))):
        how = choose.choice(list(HOWS))
        count = choose.choice((1, 1, 3)) if machine.label == "cluster" else 1
        processes = _start_group(choose, machine, task, restart, how, count)
        ids.setdefault(task, set()).update(process.job_id for process in processes)
        machine.started[task] = machine.started.get(task, 0) + 1
        number = machine.started[task]
        if old is not None:
            _end_group(choose, machine, task, *old)
        if choose.random() < 0.3:
            (machine.root / f"slurm-{seed_of(choose)}.out").write_text("x")
        old = processes, number, how
        if choose.random() < 0.5:
            _end_group(choose, machine, task, *old)
            old = None
            if how == "complete":
                return
    if old is not None:
        _end_group(choose, machine, task, *old)


def seed_of(choose: random.Random) -> int:
    return choose.randrange(10**6)


def _start_group(
    choose: random.Random, machine: Machine, task: int, restart: int, how: str, count: int
) -> list[Process]:
    environment = {"SLURM_JOB_ID": str(100 + task), "SLURM_RESTART_COUNT": str(restart)}
    environment |= {"OWN_HANDLER": "1"} if how == "flag" else {}
    order = list(range(count))
    choose.shuffle(order)
    started = {
        rank: start(
            machine.root,
            task,
            f"{machine.label}-node{choose.randrange(3)}",
            RANK=str(rank),
            **environment,
        )
        for rank in order
    }
    return [started[rank] for rank in range(count)]


def _end_group(
    choose: random.Random,
    machine: Machine,
    task: int,
    processes: list[Process],
    number: int,
    how: str,
) -> None:
    """End one process so, and the others as torchrun does."""
    first = choose.choice(processes)
    others = [process for process in processes if process is not first]
    first.end(how)
    machine.record(task, number, HOWS[how] if how != "complete" or not others else None)
    for process in others:
        process.end("complete" if how == "complete" else "SIGTERM")
    if others and how in ("complete", "SIGKILL"):
        machine.record(task, number, "complete" if how == "complete" else "stopped")


def _check(machine: Machine, ids: dict[int, set[str]]) -> None:
    """The ledger says of each run what really happened, and the lost ones can be ended."""
    for task, (job_id,) in ids.items():
        if task not in machine.started:
            continue
        entry = load_ledger_entry(machine.root, job_id)
        outcome = None if entry is None else (entry["status"], entry["attempt"])
        assert outcome == machine.expected.get(task), (task, outcome, machine.expected.get(task))
        job = open_run(job_id, repo_root=machine.root)
        if job.doc["status"] != "running":
            continue
        time.sleep(0.25)
        last = run_attempt.lost_since(job.doc())
        assert last is not None, "a killed run is not called lost"
        mark_status(job, "failed")
        machine.record(task, machine.started[task], "failed")
        assert job.doc["ended_at"] == job.doc["heartbeat_at"]


def _check_exchanged(machines: list[Machine], ids: dict[int, set[str]]) -> None:
    """After both have what the other has, neither backfill writes, in whatever order."""
    for machine in machines:
        backfill_ledger(machine.root)
    exchange(*machines)
    for machine in (*machines, *reversed(machines)):
        written, _ = backfill_ledger(machine.root)
        assert written == 0, f"the backfill of {machine.label} writes again"
        exchange(*machines)
    for task, (job_id,) in ids.items():
        outcomes = {m.expected[task][0] for m in machines if task in m.expected}
        entry: dict[str, Any] | None = load_ledger_entry(machines[0].root, job_id)
        assert (entry is not None) == bool(outcomes)
        if entry is not None and "complete" in outcomes:
            assert entry["status"] == "complete"
        if entry is not None:
            machine = next(m for m in machines if m.label == entry["registered_machine"])
            assert (entry["status"], entry["attempt"]) == machine.expected[task]


ENDINGS: dict[str, tuple[str, str, str | None]] = {
    # how one rank ends first, how the others end then, and what the attempt is
    "fails": ("fail", "SIGTERM", "failed"),
    "is killed": ("SIGKILL", "SIGTERM", "stopped"),
    "is killed and nobody notices": ("SIGKILL", "complete", "failed"),
    "is preempted": ("SIGTERM", "SIGTERM", "stopped"),
    "ends early": ("complete", "complete", "complete"),
    "ends before the others fail": ("complete", "fail", "failed"),
    "ends before the others are stopped": ("complete", "SIGUSR1", "stopped"),
}


def play_ranks(rank: int, ending: str, folder: Path) -> None:
    """A group of four processes, as torchrun starts them, of which one ends first."""
    init_run_store(new_repository(folder))
    how, rest, status = ENDINGS[ending]
    launcher = {"MASTER_PORT": "29500", "TORCHELASTIC_RUN_ID": "none"}
    # The first is not the first to start.
    processes = {n: start(folder, 1, "node", RANK=str(n), **launcher) for n in (2, 0, 3, 1)}
    processes.pop(rank).end(how)
    for process in processes.values():
        process.end(rest)
    (job_id,) = {process.job_id for process in processes.values()}
    entry = load_ledger_entry(folder, job_id)
    if how == "SIGKILL" and rank == 0 and rest == "complete":
        assert entry is None, "nobody can say how it ended"
        return
    assert entry is not None, "no entry"
    assert (entry["status"], entry["attempt"]) == (status, 1), entry


def main() -> None:
    """Play the schedules of the seeds that are given, each in a folder below the first argument.

    ``ranks`` in place of seeds plays each way in which each rank of a group can end first.
    """
    folder = Path(sys.argv[1])
    if sys.argv[2:] == ["ranks"]:
        for rank, ending in itertools.product(range(4), ENDINGS):
            try:
                play_ranks(rank, ending, folder / f"{rank} {ending}")
            except AssertionError as error:
                print(f"rank {rank} {ending}: {error}", flush=True)
        return
    for seed in map(int, sys.argv[2:]):
        try:
            play(seed, folder / str(seed))
        except AssertionError as error:
            print(f"schedule {seed}: {error}", flush=True)


if __name__ == "__main__":
    main()
