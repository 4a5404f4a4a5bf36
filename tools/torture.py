"""Try to break what is promised: kill the writers, race them, and count what was lost.

    python tools/torture.py            the long run, whose figures docs/reliability.md gives
    python tools/torture.py --short    the same in small, as the tests do it
    python tools/torture.py kill race  some of it only: kill, functions, syscalls…

Every job works on a repository of its own in a temporary folder, is started by ``fork`` (so that
a kill finds it at work and not at importing) or under strace, and is compared with the same job
left in peace. ``--seed N`` repeats a run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

import signac  # type: ignore[import-untyped]  # noqa: E402, F401 - before any fork
from repositories import (  # type: ignore[import-not-found]  # noqa: E402
    add_entry,
    add_finding,
    add_jobs,
    git,
    job,
    job_id_of,
    new_repository,
    write,
)

from pytest_aexp import install  # noqa: E402, F401
from pytest_aexp.cli import main as aexp  # noqa: E402
from pytest_aexp.ground import schema  # noqa: E402, F401
from pytest_aexp.ground.repository import Repository  # noqa: E402
from pytest_aexp.ground.views import WorkTree  # noqa: E402
from pytest_aexp.ground.yaml import nodes  # noqa: E402, F401
from pytest_aexp.ledger import promote_to_ledger  # noqa: E402
from pytest_aexp.linking import link_to_experiment  # noqa: E402
from pytest_aexp.model.entry import entry_path  # noqa: E402
from pytest_aexp.model.entry_check import judge_entry  # noqa: E402
from pytest_aexp.model.findings import citation  # noqa: E402, F401
from pytest_aexp.model.job_id import is_job_id  # noqa: E402
from pytest_aexp.model.ledger import Ledger  # noqa: E402
from pytest_aexp.runs import mark_status, open_run, run_lifecycle  # noqa: E402
from pytest_aexp.validate import validate_repo  # noqa: E402
from pytest_aexp.work.pack import pack  # noqa: E402, F401
from pytest_aexp.work.promote.backfill import backfill  # noqa: E402

USER_RULES = b"*.pyc\n.aexp/scratch\n  odd rule \r\n# mine\n"
MOVING = ("promoted_at", "exported_at", "installed_at")
CHANGES = (
    *("write", "pwrite64", "fsync", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "link", "linkat", "ftruncate"),
)
"""The system calls that change a file. A file's creation shows as its first write."""


@dataclass
class Tally:
    """What was done how often, and every loss in words."""

    counts: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def lost(self, what: str) -> None:
        """Note a loss."""
        self.losses.append(what)
        sys.stderr.write(f"LOST {what}\n")


@dataclass(frozen=True)
class Job:
    """One thing the program does that changes files."""

    name: str
    argv: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda _: None


def _statepoint(index: int) -> dict[str, object]:
    return {"experiment_id": f"E{index % 3 + 1:03}", "seed": index}


def build(root: Path) -> Path:
    """A repository with runs: promoted, promoted and changed since, not yet promoted, running."""
    repo: Path = new_repository(root)
    write(repo, ".gitignore", USER_RULES)
    document = {"status": "complete", "started_at": "2026-05-25T22:01:09Z"}
    states = [document] * 9 + [{"status": "running"}]
    add_jobs(repo, [{"statepoint": _statepoint(i), "doc": d} for i, d in enumerate(states)])
    for index in range(6):
        changed = {"status": "failed"} if index < 3 else {}
        add_entry(repo, _statepoint(index), **{**document, **changed})
    for index in range(100, 104):
        add_entry(repo, _statepoint(index), registered_machine="elsewhere")
    write(repo, ".aexp/installed.json", '{"machine_label": "here", "mine": [1, 2]}\n')
    add_finding(repo, "F001-x", job(job_id_of(_statepoint(0))))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "start")
    return repo


def _old_index(repo: Path) -> None:
    write(repo, ".aexp/runs-index/here.json", '{"schema_version": 1, "entries": []}\n')


def _conflict(repo: Path) -> None:
    path = entry_path(job_id_of(_statepoint(100)))
    whole = (repo / path).read_text(encoding="utf-8")
    for branch, status in (("theirs", "stopped"), ("main", "failed")):
        git(repo, "checkout", "-qB", branch, "main")
        write(repo, path, whole.replace('"complete"', f'"{status}"'))
        git(repo, "commit", "-qam", status)
    git(repo, "merge", "-q", "theirs", check=False)


ZERO, FIRST = job_id_of(_statepoint(0)), job_id_of(_statepoint(1))
JOBS = (
    Job("promote", ("ledger", "promote", ZERO, FIRST)),
    Job("backfill", ("ledger", "backfill")),
    Job("mark", ("mark", job_id_of(_statepoint(9)), "stopped")),
    Job("link", ("link", ZERO, "--experiment", "E009")),
    Job("install", ("install",)),
    Job("index", ("runs-export-index", "--as", "here"), _old_index),
    Job("pack", ("ledger", "pack")),
    Job("merge", ("ledger", "resolve"), _conflict),
)


def contents(repo: Path) -> dict[str, bytes]:
    """Every file but git's own, by its path."""
    files = (p for p in repo.rglob("*") if p.is_file() and ".git" not in p.relative_to(repo).parts)
    return {p.relative_to(repo).as_posix(): p.read_bytes() for p in files}


def entries(repo: Path) -> dict[str, str]:
    """What each entry says, loose or packed, by job id; one that cannot be used says ``BROKEN``."""
    by_job_id = {}
    for entry in Ledger(WorkTree(repo)):
        by_job_id[entry.job_id] = (
            f"{entry.status} {entry.experiments}" if entry.usable else "BROKEN"
        )
    return by_job_id


def meaning(repo: Path) -> dict[str, object]:
    """What a repository says, times of writing and places of entries aside."""
    meanings: dict[str, object] = dict(entries(repo))
    for path, data in contents(repo).items():
        if path.startswith((".aexp/ledger/", ".runs/")) or path.endswith(".tmp"):
            continue
        meanings[path] = data.decode("utf-8", "replace")
        if path.endswith(".json"):
            document = json.loads(data)
            meanings[path] = {k: v for k, v in document.items() if k not in MOVING}
    return meanings


def losses(repo: Path, before: dict[str, bytes], entries_before: dict[str, str]) -> Iterator[str]:
    """What a repository, whose writer was killed, has lost of what it was ``before``."""
    after, now = contents(repo), entries(repo)
    for job_id, meaning_now in now.items():
        if meaning_now == "BROKEN" and entries_before.get(job_id) != "BROKEN":
            yield f"entry {job_id} is broken"
    yield from (f"entry {job_id} is gone" for job_id in entries_before.keys() - now.keys())
    yield from _lost_files(after, before)


def _lost_files(after: dict[str, bytes], before: dict[str, bytes]) -> Iterator[str]:
    kept = after.get(".gitignore", b"").split(b"\n")
    for rule in before[".gitignore"].split(b"\n"):
        if rule not in kept:
            yield f"the user's rule {rule!r} is gone"
    for path in (".aexp/installed.json", ".aexp/runs-index/here.json"):
        if path in before and not _is_json(after.get(path)):
            yield f"{path} is gone or half written"
    for path in after:
        # What a pack puts aside it removes the next time.
        if path.startswith(".aexp/ledger/") and path.endswith(".tmp") and "packed" not in path:
            yield f"{path} lies where git sees it"
    for path in before:
        if path.startswith((".runs/", "kb/")) and not after.get(path):
            yield f"{path} is gone or empty"
        if path.startswith(".runs/") and path.endswith(".json") and not _is_json(after.get(path)):
            yield f"{path} is half written"


def _is_json(data: bytes | None) -> bool:
    try:
        return data is not None and json.loads(data) is not None
    except ValueError:
        return False


def run_here(repo: Path, argv: tuple[str, ...]) -> int:
    """Run the command in this process, quietly; its exit status."""
    os.chdir(repo)
    with (
        open(os.devnull, "w", encoding="utf-8") as null,
        redirect_stdout(null),
        redirect_stderr(null),
    ):
        return aexp(argv)


def forked(work: Callable[[], object]) -> int:
    """A child of this process that does ``work`` and ends; its process id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - the child ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def waited(child: int) -> int:
    """How a child ended: its exit status, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def prepared(one: Job, parent: Path) -> Iterator[tuple[tuple[Path, Path], float]]:
    """A job's repository, the same after the job was left in peace, and the seconds it took."""
    template, peaceful = parent / f"{one.name}-before", parent / f"{one.name}-after"
    build(template)
    one.prepare(template)
    shutil.copytree(template, peaceful, symlinks=True)
    started = time.monotonic()
    status = waited(forked(lambda: run_here(peaceful, one.argv)))
    seconds = time.monotonic() - started
    if status:
        raise RuntimeError(f"{one.name} fails when left in peace: {status}")
    yield (template, peaceful), seconds
    shutil.rmtree(template)
    shutil.rmtree(peaceful)


def judge(one: Job, repo: Path, sides: tuple[Path, Path], tally: Tally, how: str) -> None:
    """Count a killed job: what it lost, what it left lying about, whether the next run finishes."""
    template, peaceful = sides
    entries_before = entries(template)
    for loss in losses(repo, contents(template), entries_before):
        tally.lost(f"{one.name} killed {how}: {loss}")
    tally.counts["temporary files left"] += sum(p.endswith(".tmp") for p in contents(repo))
    (repo / ".git/index.lock").unlink(missing_ok=True)  # git's own, killed with its parent
    again = waited(forked(lambda: _finished(repo, one.argv)))
    if again or meaning(repo) != meaning(peaceful):
        tally.lost(f"{one.name} killed {how}: the next run does not finish the work ({again})")


def _finished(repo: Path, argv: tuple[str, ...]) -> None:
    status = run_here(repo, argv)
    if status:
        raise RuntimeError(f"exit status {status}")


def kill_at_random(one: Job, parent: Path, times: int, tally: Tally, chance: random.Random) -> None:
    """Kill a job at any moment of its life."""
    killed = 0
    with prepared(one, parent) as (sides, seconds):
        longest = seconds
        while killed < times:
            repo = parent / "victim"
            shutil.copytree(sides[0], repo, symlinks=True)
            child = forked(lambda where=repo: run_here(where, one.argv))  # type: ignore[misc]
            delay = chance.uniform(0, longest)
            time.sleep(delay)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            if waited(child) == -signal.SIGKILL:
                killed += 1
                tally.counts[f"killed at a random moment: {one.name}"] += 1
                judge(one, repo, sides, tally, f"after {delay:.4f} s")
            else:
                longest = max(longest * 0.97, 0.001)
            shutil.rmtree(repo)


def kill_at_calls(one: Job, parent: Path, most: int, tally: Tally) -> None:
    """Kill a job on entering each system call that changes a file, the first, the second…"""
    with prepared(one, parent) as (sides, _):
        for call in CHANGES:
            for number in range(1, most + 1):
                repo = parent / "victim"
                shutil.copytree(sides[0], repo, symlinks=True)
                killed = _traced(repo, one.argv, call, number)
                if killed:
                    tally.counts[f"killed at a system call: {one.name}"] += 1
                    judge(one, repo, sides, tally, f"at {call} number {number}")
                shutil.rmtree(repo)
                if not killed:
                    break


def kill_at_functions(one: Job, parent: Path, tally: Tally) -> None:
    """The same for each call of Python's own functions that change a file; needs no strace.

    What is written gets only half way when its file is synced.
    """
    with prepared(one, parent) as (sides, _):
        number, killed = 0, True
        while killed:
            number += 1
            repo = parent / "victim"
            shutil.copytree(sides[0], repo, symlinks=True)
            child = forked(lambda where=repo, n=number: _mined(where, one.argv, n))  # type: ignore[misc]
            killed = waited(child) == -signal.SIGKILL
            if killed:
                tally.counts[f"killed at a function: {one.name}"] += 1
                judge(one, repo, sides, tally, f"at function number {number}")
            shutil.rmtree(repo)


def _mined(repo: Path, argv: tuple[str, ...], number: int) -> int:
    left = [number]
    for name in ("replace", "rename", "fsync", "sync", "unlink", "mkdir", "chmod", "fdopen"):
        setattr(os, name, _mine(name, getattr(os, name), left))
    return run_here(repo, argv)


def _mine(name: str, function: Callable[..., object], left: list[int]) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            if name == "fsync":
                descriptor = arguments[0]
                assert isinstance(descriptor, int)
                os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


def _traced(repo: Path, argv: tuple[str, ...], call: str, number: int) -> bool:
    inject = f"inject=?{call}:signal=KILL:when={number}"
    command = [sys.executable, "-m", "pytest_aexp", *argv]
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace=?{call}", "-e", inject, *command],
        cwd=repo,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


def race(parent: Path, processes: int, runs: int, tally: Tally, chance: random.Random) -> None:
    """Promote all runs from many processes, the same ones at once, while others are at work."""
    repo = new_repository(parent / "race")
    document = {"status": "complete"}
    ids = add_jobs(repo, [{"statepoint": _statepoint(i), "doc": document} for i in range(runs)])
    run_here(repo, ("install", "--machine-label", "here"))
    os.chdir(repo)
    seeds = [chance.random() for _ in range(processes)]
    promoters = [forked(lambda seed=s: _promote_all(ids, seed)) for s in seeds]  # type: ignore[misc]
    done = parent / "done"
    others = [
        forked(lambda work=w: _until(done, work))  # type: ignore[misc]
        for w in (
            lambda: _read_all(repo),
            lambda: validate_repo(repo),
            lambda: list(backfill(Repository.open(repo), overwrite=True)),
            lambda: [link_to_experiment(i, experiment_id="E009", repo_root=repo) for i in ids[:9]],
            lambda: _add(repo, done),
        )
    ]
    statuses = [waited(child) for child in promoters]
    done.touch()
    statuses += [waited(child) for child in others]
    tally.counts["promotions raced"] += processes * runs
    tally.counts["git add beside them"] += int((parent / "adds").read_text(encoding="ascii"))
    if any(statuses):
        tally.lost(f"processes at once ended with {sorted(set(statuses))}")
    _settled(repo, set(ids), tally)


def _promote_all(ids: list[str], seed: float) -> None:
    order = random.Random(seed).sample(ids, len(ids))  # noqa: S311 - not for secrets
    for job_id in order:
        promote_to_ledger(job_id, machine_label=f"machine-{seed}"[:20])


def _read_all(repo: Path) -> None:
    for name in os.listdir(repo / ".aexp/ledger"):
        if is_job_id(name[:-5]) and name.endswith(".json"):
            data = (repo / ".aexp/ledger" / name).read_bytes()
            entry = judge_entry(name[:-5], name, data)
            if not entry.usable:
                raise RuntimeError(f"a reader saw a broken entry: {entry.faults}")


def _until(done: Path, work: Callable[[], object]) -> None:
    work()
    while not done.exists():
        time.sleep(0.05)
        work()


def _add(repo: Path, done: Path) -> None:
    adds = done.parent / "adds"
    before = int(adds.read_text(encoding="ascii")) if adds.exists() else 0
    git(repo, "add", ".aexp/ledger")
    adds.write_text(str(before + 1), encoding="ascii")


def _settled(repo: Path, ids: set[str], tally: Tally) -> None:
    now = entries(repo)
    for job_id in ids - now.keys():
        tally.lost(f"the entry of {job_id} is missing after the race")
    for job_id, words in now.items():
        if words == "BROKEN":
            tally.lost(f"the entry of {job_id} is broken after the race")
    for path in contents(repo):
        if path.startswith(".aexp/") and path.endswith(".tmp"):
            tally.lost(f"{path} was left lying about")


def ends_at_once(parent: Path, times: int, tally: Tally, chance: random.Random) -> None:
    """End a run, renew its heartbeat and say that it was stopped, all at one instant."""
    repo = new_repository(parent / "ends")
    run_here(repo, ("install", "--machine-label", "here"))
    [job_id] = add_jobs(repo, [{"statepoint": {"experiment_id": "E001"}}])
    os.chdir(repo)
    for _ in range(times):
        mark_status(open_run(job_id), "created")
        reader, writer = os.pipe()
        at = chance.uniform(-0.004, 0.006)
        run = forked(lambda to=writer: _run(job_id, to))  # type: ignore[misc]
        operator = forked(lambda of=reader, when=at: _stop(job_id, of, when))  # type: ignore[misc]
        statuses = [waited(run), waited(operator)]
        os.close(reader)
        os.close(writer)
        run_document = json.loads(
            Path(f".runs/workspace/{job_id}/signac_job_document.json").read_bytes()
        )
        entry = json.loads(Path(entry_path(job_id)).read_bytes())
        tally.counts["ends at once"] += 1
        if any(statuses) or (run_document["status"], entry["status"]) != ("stopped", "stopped"):
            tally.lost(
                f"stopped by an operator: {statuses} {run_document['status']} {entry['status']}"
            )


def _run(job_id: str, started: int) -> None:
    with run_lifecycle(open_run(job_id), heartbeat_s=0.001):
        at = time.monotonic() + 0.02
        os.write(started, repr(at).encode())
        _sleep_until(at)


def _stop(job_id: str, started: int, delay: float) -> None:
    run = open_run(job_id)
    _sleep_until(float(os.read(started, 100)) + delay)
    mark_status(run, "stopped")


def _sleep_until(moment: float) -> None:
    while time.monotonic() < moment:
        time.sleep(0)


@dataclass(frozen=True)
class Size:
    """How much of each to do."""

    kills: int
    calls: int
    processes: int
    runs: int
    ends: int


SHORT = Size(kills=2, calls=0, processes=4, runs=12, ends=15)
LONG = Size(kills=150, calls=200, processes=32, runs=500, ends=1000)


def torture(parts: list[str], size: Size, seed: int, parent: Path) -> Tally:
    """Do the named parts; what was done, and what was lost."""
    tally, chance = Tally(), random.Random(seed)  # noqa: S311 - not for secrets
    here = Path.cwd()
    try:
        for one in JOBS if "kill" in parts else ():
            kill_at_random(one, parent, size.kills, tally, chance)
        for one in JOBS if "functions" in parts else ():
            kill_at_functions(one, parent, tally)
        for one in JOBS if "syscalls" in parts and size.calls and shutil.which("strace") else ():
            kill_at_calls(one, parent, size.calls, tally)
        if "race" in parts:
            race(parent, size.processes, size.runs, tally, chance)
        if "ends" in parts:
            ends_at_once(parent, size.ends, tally, chance)
    finally:
        os.chdir(here)
    return tally


PARTS = ("kill", "functions", "syscalls", "race", "ends")


def main(argv: list[str] | None = None) -> int:
    """Do it and print the figures; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description="Try to break what is promised.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="a minute of it")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args(argv)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as parent:
        size = SHORT if arguments.short else LONG
        tally = torture(arguments.parts or list(PARTS), size, seed, Path(parent))
    for what, count in sorted(tally.counts.items()):
        print(f"{count:7,}  {what}")
    print(f"{len(tally.losses):7,}  lost (seed {seed}, {time.monotonic() - started:.0f} s)")
    print("".join(f"{what}\n" for what in tally.losses), end="")
    return 1 if tally.losses else 0


if __name__ == "__main__":
    sys.exit(main())
