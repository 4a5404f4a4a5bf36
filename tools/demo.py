"""Two machines and one paper, step by step: from a first run to a published finding.

Runs end on a "cluster", a "laptop" writes a finding about them, a citation is broken and mended, a
hook and a report look at it. Every command is real, and so is all that is printed; the folders are
temporary.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

TRAIN = """\
import sys
import time

from pytest_aexp.runs import create_run, run_lifecycle

condition, seed, *rest = sys.argv[1:]
statepoint = {"condition": condition, "seed": int(seed)}
run = create_run(experiment_id="E001", statepoint=statepoint)
print("run", run.id, flush=True)
with run_lifecycle(run):
    if "fail" in rest:
        raise MemoryError("out of memory")
    time.sleep(60 if "slow" in rest else 0.1)
"""
HOOK = "#!/bin/sh\nexec aexp-findings\n"
WIDTH = min(shutil.get_terminal_size((80, 24)).columns, 100)


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
            "COLUMNS": str(WIDTH - 4),
        }

    def type(self, command: str) -> None:
        """Show a command, on several lines where it is longer than the window."""
        lines = textwrap.wrap(
            f"{self.name}$ {command}",
            WIDTH - 2,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        say(" \\\n".join(lines))

    def run(self, command: str, *, expect: int = 0, show: bool = True) -> str:
        """Run ``command`` and show it with what it prints; end the demo if it ends otherwise."""
        if show:
            self.type(command)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if show and done.stdout.strip():
            say(fitted(done.stdout))
        if done.returncode != expect:
            sys.exit(f"{done.stdout}\n{command}: exit status {done.returncode}, not {expect}")
        return done.stdout

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a run that goes on, and wait until it is registered."""
        self.type(f"{command} &")
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        say(fitted(process.stdout.readline()))
        time.sleep(0.5)
        return process


def fitted(text: str) -> str:
    """Output as a window of this width shows it, indented."""
    wrapper = textwrap.TextWrapper(WIDTH - 4, break_on_hyphens=False, replace_whitespace=False)
    parts = []
    for line in text.rstrip().splitlines():
        wrapper.subsequent_indent = " " * (len(line) - len(line.lstrip()))
        parts += wrapper.wrap(line) or [""]
    return "\n".join(f"    {part}" for part in parts)


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def step(text: str) -> None:
    """A heading."""
    say(f"\n== {textwrap.fill(text, WIDTH - 3, subsequent_indent='   ')}\n")


def main() -> None:
    """Tell the story."""
    say("Two machines, in two temporary folders: about half a minute.")
    with tempfile.TemporaryDirectory() as folder:
        cluster, laptop = set_up(Path(folder))
        best, slow = run_on_cluster(cluster)
        write_on_laptop(laptop, best)
        finish(cluster, laptop, slow)
        break_and_mend(laptop)
        commit_with_hook(laptop, best)
        step("And a page to read and to share")
        laptop.run("aexp report --html report.html")
    step("That is all: commit the ledger, let pytest or the hook check, and every machine agrees.")


def set_up(folder: Path) -> tuple[Machine, Machine]:
    """A remote, and a clone on each machine."""
    step("A repository on the cluster: install, and commit what is for everybody")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder / "remote.git"], check=True)
    machines = [Machine(name, folder / name / "paper") for name in ("cluster", "laptop")]
    for machine in machines:
        subprocess.run(
            ["git", "clone", "-q", folder / "remote.git", machine.folder],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    cluster, laptop = machines
    (cluster.folder / "train.py").write_text(TRAIN, encoding="utf-8")
    cluster.run("git checkout -q -B main", show=False)
    cluster.run("aexp install --machine-label cluster")
    cluster.run("git add train.py .gitignore .gitattributes && git commit -qm 'Begin'")
    cluster.run("git push -q -u origin main")
    return cluster, laptop


def run_on_cluster(cluster: Machine) -> tuple[str, subprocess.Popen[str]]:
    """Three runs complete, one fails, one goes on; the id of the first, and the last."""
    step("A script that registers its run")
    cluster.run("cat train.py")
    step("Runs end, and enter the ledger by themselves, however they end")
    best = cluster.run("python train.py full 1").split()[-1]
    for seed in (2, 3):
        cluster.run(f"python train.py full {seed}")
    cluster.run("python train.py large 1 fail 2>&1 | tail -1")
    slow = cluster.start("python train.py full 4 slow")
    cluster.run("aexp ledger list")
    cluster.run("git add .aexp/ledger && git commit -qm 'Add runs' && git push -q")
    return best, slow


def write_on_laptop(laptop: Machine, best: str) -> None:
    """A finding about runs that the laptop does not have."""
    step("The laptop has none of the runs. It pulls, and writes a finding about them")
    laptop.run("git pull -q origin main")
    laptop.run("git checkout -q main", show=False)
    laptop.run("aexp install", show=False)
    laptop.run("aexp finding new 'Full context helps'")
    laptop.run("aexp cite F001 --batch E001 condition=full")
    laptop.run(f"aexp cite F001 {best[:8]}")
    laptop.run("cat kb/research/findings/F001-full-context-helps.md")
    laptop.run("aexp validate")


def finish(cluster: Machine, laptop: Machine, slow: subprocess.Popen[str]) -> None:
    """The slow run is stopped, as Slurm would, and its entry pushed."""
    step("On the cluster the last run reaches its time limit. The batch has it as well now")
    cluster.type("scancel …  # SIGTERM")
    slow.send_signal(signal.SIGTERM)
    slow.wait()
    cluster.run("git add .aexp/ledger && git commit -qm 'Add a run' && git push -q")
    laptop.run("git pull -q origin main && aexp ledger list E001 condition=full")


def break_and_mend(laptop: Machine) -> None:
    """A slip of the finger, what the check says of it, and its repair."""
    step("Somebody mistypes one digit of a citation. pytest, as in CI:")
    finding = laptop.folder / "kb/research/findings/F001-full-context-helps.md"
    right = finding.read_text(encoding="utf-8")
    before, _, after = right.partition("id: F001")
    head, job, tail = after.partition("{type: job, id: ")
    wrong = ("0" if tail[0] != "0" else "1") + tail[1:]
    finding.write_text(f"{before}id: F001{head}{job}{wrong}", encoding="utf-8")
    laptop.run("python -m pytest -q kb", expect=1)
    step("It names the run that was meant: write that, and all is well again")
    laptop.type(f"$EDITOR {finding.relative_to(laptop.folder)}  # {wrong[:8]} -> {tail[:8]}")
    finding.write_text(right, encoding="utf-8")
    laptop.run("aexp validate")


def commit_with_hook(laptop: Machine, best: str) -> None:
    """The hook judges what the commit would hold."""
    step("Before a commit, the hook checks what it will hold: here a cited entry is deleted")
    hook = laptop.folder / ".git/hooks/pre-commit"
    hook.write_text(HOOK, encoding="utf-8")
    hook.chmod(0o755)
    laptop.run("git add kb", show=False)
    laptop.run(f"git rm -q .aexp/ledger/{best}.json")
    laptop.run("git commit -qm 'Add a finding'", expect=1)
    laptop.run(f"git restore --staged --worktree .aexp/ledger/{best}.json")
    laptop.run("git commit -qm 'Add a finding' && git log --oneline -1")


if __name__ == "__main__":
    main()
