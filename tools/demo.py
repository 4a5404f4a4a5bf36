"""Two machines and one paper: the main job on real input, step by step.

A repository that the real agentic-experiments made is taken over, runs end on a "cluster", a
"laptop" cites them, and one citation is broken on purpose. Every command is real, and so is all
that is printed; the folders are temporary.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from reference import (  # type: ignore[import-not-found] # noqa: E402
    reference_python,
    run_reference,
)

OLD_WORK = """
import aexp
from aexp.runs import create_run, mark_status
aexp.install_scaffold(".", machine_label="cluster")
aexp.new_hypothesis(title="Context helps", repo_root=".")
aexp.new_experiment(title="Full against none", hypothesis_id="H001", repo_root=".")
run = create_run(experiment_id="E001", hypothesis_id="H001",
                 statepoint={"condition": "pilot", "seed": 0})
mark_status(run, "complete")
print(run.id)
"""

TRAIN = """\
import sys, time
from pytest_aexp.runs import create_run, run_lifecycle

condition, what = sys.argv[1:]
run = create_run(experiment_id="E001", hypothesis_id="H001",
                 statepoint={"condition": condition, "seed": 1})
print(run.id, flush=True)
with run_lifecycle(run):
    if what == "fail":
        raise RuntimeError("out of memory")
    time.sleep(60 if what == "wait" else 0.1)
"""

FINDING = """\
---
id: F001
title: Full context helps
supporting_runs:
  - {{type: job, id: {complete}}}
  - {{type: job, id: {failed}, note: the run that ran out of memory}}
  - {{type: job, id: {stopped}}}
  - {{type: job, id: {running}}}
  - type: batch
    experiment_id: E001
    selector: {{condition: pilot}}
---

# F001 — Full context helps
"""


class Machine:
    """One of the two machines: a clone, and a shell in it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        scripts = Path(sys.executable).parent
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": f"{name}@example.org",
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": f"{name}@example.org",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "COLUMNS": "200",
        }

    def run(self, command: str, *, expect: int = 0, show: bool = True) -> str:
        """Run ``command`` and show it with what it prints; end the demo if it ends otherwise."""
        done = subprocess.run(
            shlex.split(command),
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if show:
            say(f"{self.name}$ {command}")
            if done.stdout.strip():
                say(textwrap.indent(done.stdout.rstrip(), "    "))
        if done.returncode != expect:
            sys.exit(f"{done.stdout}\n{command}: exit status {done.returncode}, not {expect}")
        return done.stdout

    def start(self, command: str) -> tuple[subprocess.Popen[str], str]:
        """Start a run that goes on, and its job id."""
        say(f"{self.name}$ {command} &")
        process = subprocess.Popen(
            shlex.split(command),
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        return process, process.stdout.readline().strip()


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def step(text: str) -> None:
    """A heading."""
    say(f"\n== {text}\n")


def main() -> None:
    """Tell the story."""
    with tempfile.TemporaryDirectory() as folder:
        cluster, laptop = set_up(Path(folder))
        ids, still_running = run_on_cluster(cluster)
        cite_on_laptop(laptop, ids)
        finish(cluster, laptop, still_running)
        break_a_citation(laptop, ids["complete"])
    step("This is all: commit the ledger, let pytest gate, and every machine says the same.")


def set_up(folder: Path) -> tuple[Machine, Machine]:
    """A remote, a cluster whose repository agentic-experiments made, and a laptop."""
    step("A repository as the real agentic-experiments 0.6.1 leaves it, taken over on the cluster")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder / "remote.git"], check=True)
    for name in ("cluster", "laptop"):
        (folder / name).mkdir()
    cluster = Machine("cluster", folder / "cluster" / "paper")
    laptop = Machine("laptop", folder / "laptop" / "paper")
    for machine in (cluster, laptop):
        remote = str(folder / "remote.git")
        subprocess.run(
            ["git", "clone", "-q", remote, machine.folder], check=True, stderr=subprocess.DEVNULL
        )
    cluster.run("git checkout -q -B main", show=False)
    run_reference(reference_python(), cluster.folder, OLD_WORK)
    (cluster.folder / "train.py").write_text(TRAIN, encoding="utf-8")
    with (cluster.folder / ".gitignore").open("a", encoding="utf-8") as stream:
        stream.write("\n.runs/\n")
    cluster.run("aexp install")
    cluster.run("git add -A", show=False)
    cluster.run("git commit -qm 'Take the repository over'")
    cluster.run("git push -q -u origin main")
    return cluster, laptop


def run_on_cluster(cluster: Machine) -> tuple[dict[str, str], subprocess.Popen[str]]:
    """One run completes, one fails, one is stopped as Slurm stops it, one goes on."""
    step("Runs end on the cluster: each enters the ledger by itself")
    ids = {"complete": cluster.run("python train.py full finish").split()[0]}
    ids["failed"] = cluster.run("python train.py large fail", expect=1, show=False).split()[0]
    say("cluster$ python train.py large fail")
    stopped, ids["stopped"] = cluster.start("python train.py long wait")
    running, ids["running"] = cluster.start("python train.py slow wait")
    time.sleep(1)
    say("cluster$ scancel …   # SIGTERM")
    stopped.send_signal(signal.SIGTERM)
    stopped.wait()
    cluster.run("aexp ledger list")
    cluster.run("git add .aexp/ledger")
    cluster.run("git commit -qm 'Add runs to the ledger'")
    cluster.run("git push -q")
    return ids, running


def cite_on_laptop(laptop: Machine, ids: dict[str, str]) -> None:
    """The laptop has no run store, and knows all but the run that goes on."""
    step("The laptop pulls and cites all four, and the batch of the old pilot run")
    laptop.run("git pull -q origin main")
    laptop.run("git checkout -q main", show=False)
    findings = laptop.folder / "kb/research/findings"
    findings.mkdir(parents=True, exist_ok=True)
    (findings / "F001-full-context-helps.md").write_text(FINDING.format(**ids), encoding="utf-8")
    laptop.run("aexp validate", expect=1)
    say("\n   The cluster has not pushed that run yet. Until then, on the laptop:\n")
    laptop.run("python -m pytest -q --aexp-strict-runs=warn kb")


def finish(cluster: Machine, laptop: Machine, running: subprocess.Popen[str]) -> None:
    """The last run ends and is pushed; now everything holds."""
    step("The last run ends, the cluster pushes, the laptop pulls")
    running.send_signal(signal.SIGTERM)
    running.wait()
    cluster.run("git add .aexp/ledger")
    cluster.run("git commit -qm 'Add the last run'")
    cluster.run("git push -q")
    laptop.run("git pull -q origin main")
    laptop.run("aexp validate")


def break_a_citation(laptop: Machine, job_id: str) -> None:
    """Somebody "repairs" a citation that was right."""
    step("Somebody mistypes one digit of a citation")
    finding = laptop.folder / "kb/research/findings/F001-full-context-helps.md"
    wrong = ("0" if job_id[0] != "0" else "1") + job_id[1:]
    finding.write_text(finding.read_text(encoding="utf-8").replace(job_id, wrong), encoding="utf-8")
    laptop.run("python -m pytest -q kb", expect=1)


if __name__ == "__main__":
    main()
