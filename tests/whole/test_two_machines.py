"""A cluster that runs and a laptop that writes: after push and pull both say the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from repositories import add_finding, git, job, write

from pytest_aexp.cli import main

pytestmark = pytest.mark.slow

TRAIN = """
import sys, time
from pathlib import Path
from pytest_aexp.runs import create_run, run_lifecycle

what = sys.argv[1]
run = create_run(experiment_id="E001", statepoint={
    "condition": what, "data": str(Path("data").resolve()), "out": "runs/out"})
with run_lifecycle(run):
    print(run.id, flush=True)
    if what == "failed":
        raise RuntimeError(f"no such file: {Path.cwd()}")
    if what in ("stopped", "running"):
        time.sleep(120)
"""


@dataclass(frozen=True)
class Machines:
    remote: Path
    cluster: Path
    laptop: Path


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    """A bare remote; a cluster with an installed repository, pushed; a laptop that cloned it."""
    remote = tmp_path / "remote.git"
    remote.mkdir()
    git(remote, "init", "-q", "--bare", "-b", "main")
    cluster, laptop = tmp_path / "scratch" / "cluster", tmp_path / "desk" / "laptop"
    cluster.parent.mkdir()
    laptop.parent.mkdir()
    git(tmp_path, "clone", "-q", str(remote), str(cluster))
    write(cluster, "train.py", TRAIN)
    write(cluster, ".gitignore", ".runs/\n")
    aexp(cluster, "install", "--machine-label", "cluster")
    pilot, _ = start(cluster, "pilot")
    pilot.communicate()
    push(cluster, "start")
    git(tmp_path, "clone", "-q", str(remote), str(laptop))
    return Machines(remote, cluster, laptop)


def aexp(repo: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aexp", *arguments],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def push(repo: Path, message: str, what: str = ".") -> None:
    git(repo, "checkout", "-q", "-B", "main")
    git(repo, "add", what)
    git(repo, "commit", "-qm", message)
    git(repo, "push", "-q", "-u", "origin", "main")


def start(cluster: Path, what: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "train.py", what],
        cwd=cluster,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def reported(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[int, tuple[str, str]]:
    """Severity and code by citation line."""
    monkeypatch.chdir(repo)
    main(["validate", "--format", "json", *options])
    problems = json.loads(capsys.readouterr().out)["problems"]
    return {problem["line"]: (problem["severity"], problem["code"]) for problem in problems}


def test_the_laptop_says_what_the_cluster_says(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    processes = {}
    ids = {}
    for what in ("complete", "failed", "stopped", "running"):
        processes[what], ids[what] = start(machines.cluster, what)
    assert processes["complete"].wait() == 0
    assert processes["failed"].wait() == 1
    processes["stopped"].send_signal(signal.SIGTERM)
    assert processes["stopped"].wait() == -signal.SIGTERM
    try:
        _before_and_after(machines, ids, monkeypatch, capsys)
    finally:
        processes["running"].send_signal(signal.SIGTERM)
        processes["running"].wait()
        for process in processes.values():
            process.communicate()
    push(machines.cluster, "the last run", ".aexp/ledger")
    git(machines.laptop, "pull", "-q")
    assert reported(machines.laptop, monkeypatch, capsys) == {}
    statuses = {
        name: json.loads((machines.laptop / f".aexp/ledger/{ids[name]}.json").read_text())
        for name in ids
    }
    assert {name: entry["status"] for name, entry in statuses.items()} == {
        "complete": "complete",
        "failed": "failed",
        "stopped": "stopped",
        "running": "stopped",
    }
    for entry in statuses.values():
        assert entry["registered_machine"] == "cluster"
        assert entry["started_at"] <= entry["ended_at"] <= entry["promoted_at"]
        assert entry["wallclock_s"] >= 0
        assert entry["statepoint"]["data"] == "<redacted>"
        assert entry["redacted"] == ["/statepoint/data"]
    _no_path_was_committed(machines)


def _before_and_after(
    machines: Machines,
    ids: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("complete", "failed", "stopped", "running")
    lines = {name: line for line, name in enumerate(names, start=4)}
    for repo in (machines.cluster, machines.laptop):
        citations = [job(ids[name]) for name in names]
        citations[1] = citations[1].replace("}", ", accept: [failed_run]}")
        add_finding(repo, "F001-x", *citations)
    unknown = ("error", "finding.broken_run_citation")
    assert reported(machines.laptop, monkeypatch, capsys) == dict.fromkeys(lines.values(), unknown)
    unfinished = {lines["running"]: ("warning", "finding.unfinished_run_citation")}
    assert reported(machines.cluster, monkeypatch, capsys) == unfinished
    waited_for = ("warning", "finding.broken_run_citation")
    patient = reported(machines.laptop, monkeypatch, capsys, "--strict-runs=warn")
    assert patient == dict.fromkeys(lines.values(), waited_for)

    push(machines.cluster, "runs", ".aexp/ledger")
    git(machines.laptop, "pull", "-q")
    assert reported(machines.laptop, monkeypatch, capsys) == {lines["running"]: unknown}
    gate = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--aexp-strict-runs=warn", "kb"],
        cwd=machines.laptop,
        capture_output=True,
        text=True,
        check=False,
    )
    assert gate.returncode == 0, gate.stdout
    assert "5 passed, 1 warning" in gate.stdout


def _no_path_was_committed(machines: Machines) -> None:
    listed = git(machines.remote, "cat-file", "--batch-all-objects", "--batch-check")
    objects = [line.split()[0] for line in listed.splitlines()]
    assert objects
    for name in objects:
        content = subprocess.run(
            ["git", "cat-file", "--batch"],
            cwd=machines.remote,
            input=name.encode(),
            capture_output=True,
            check=True,
        ).stdout
        for clone in (machines.cluster, machines.laptop):
            assert str(clone).encode() not in content
