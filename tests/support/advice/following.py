"""A state, the problems that are told of it, and a shell in which what they advise is typed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_aexp.hooks import findings, ledger
from repositories import (
    add_entry,
    add_finding,
    add_jobs,
    git,
    job,
    job_id_of,
    new_repository,
    write,
)

from pytest_aexp.cli import main

FINDING = "kb/research/findings/F001 a $(touch pwned) 'x'.md"
POINT = {"experiment_id": "E005", "condition": "full", "seed": 3}
JOB_ID = job_id_of(POINT)
IGNORED = (
    "# agentic-experiments:begin\n.aexp/*\n!.aexp/runs-index/\n!.aexp/ledger/\n"
    "# agentic-experiments:end\n/.runs/\n"
)
_COMMAND = re.compile(r"`((?:aexp|git|rm|mv|mkdir) [^`]+)`")
_OR = re.compile(r"[;,] (?:or|else|if|to) | or, better, ")
_TOLD = re.compile(r"^(?:\S.*?): (?:error|warning): (.*) \[(\S+)\]\n    next: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Reported:
    """A problem as somebody reads it."""

    code: str
    message: str
    fix: str

    @property
    def alternatives(self) -> list[list[str]]:
        """The commands of each thing that may be done."""
        return [_COMMAND.findall(part) for part in _OR.split(self.fix)]


@dataclass(frozen=True)
class Case:
    """Where a state is made: a repository with a run that two findings cite, all committed.

    Beside it are the origin that it was pushed to, and the machine that has the runs.
    """

    world: Path

    @property
    def repo(self) -> Path:
        return self.world / "repo"

    @property
    def entry(self) -> Path:
        """The entry of the cited run."""
        return self.repo / f".aexp/ledger/{JOB_ID}.json"

    def cite(self, *citations: str, key: str = "supporting_runs", extra: str = "") -> None:
        """Write the finding anew."""
        text = f"---\n{extra}{key}: [{', '.join(citations)}]\n---\n"
        write(self.repo, FINDING, text)

    def write(self, path: str, content: str | bytes) -> Path:
        return write(self.repo, path, content)

    def run(self, seed: int, status: str = "complete", **document: object) -> str:
        """A run in the store of this machine, which promoted the entries that there are."""
        self.write(".aexp/installed.json", '{"machine_label": "cluster"}')
        doc = {"status": status, **document}
        return add_jobs(self.repo, [{"statepoint": {**POINT, "seed": seed}, "doc": doc}])[0]

    def run_there(self, seed: int, **document: object) -> str:
        """A run on the machine that has the runs."""
        write(self.cluster, ".aexp/installed.json", '{"machine_label": "cluster"}')
        doc = {"status": "complete", **document}
        described = {"statepoint": {**POINT, "seed": seed}, "doc": doc}
        return add_jobs(self.cluster, [described])[0]

    @property
    def cluster(self) -> Path:
        path = self.world / "cluster"
        if not path.exists():
            git(self.world, "clone", "-q", "origin.git", "cluster")
            git(path, "remote", "set-url", "origin", "../origin.git")
        return path

    def commit(self, message: str = "state") -> None:
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-qm", message)

    def push(self) -> None:
        git(self.repo, "push", "-q")


Make = Callable[[Case], object]
Hand = Callable[[Case, Reported], object]
Face = Callable[[Path], list[Reported]]


@dataclass(frozen=True)
class Row:
    """A state, the code that it is told of under, and how its advice is followed.

    ``on`` are the faces that tell of it; ``choice`` is which of the alternatives is taken, by
    default the first with a command. ``by_hand`` is done before anything is typed; it is all there
    is to do where the advice has no command (``is_written``). With ``elsewhere`` the command is
    typed on the machine that has the runs, and what comes of it is pushed and pulled. ``after`` are
    the codes that are told of honestly then. ``needs`` is a program that has to be there, and
    ``fill`` has what the user has to say.
    """

    code: str
    make: Make
    on: tuple[str, ...] = ("validate",)
    choice: int | None = None
    by_hand: Hand | None = None
    is_written: bool = False
    elsewhere: bool = False
    after: frozenset[str] = frozenset()
    needs: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)

    def commands(self, reported: Reported) -> list[str]:
        """What is typed."""
        if self.is_written:
            return []
        every = reported.alternatives
        chosen = next(filter(None, every), []) if self.choice is None else every[self.choice]
        for placeholder, text in self.fill.items():
            chosen = [command.replace(placeholder, text) for command in chosen]
        return chosen

    def follow(self, case: Case, reported: Reported) -> None:
        """Do what is advised."""
        if self.by_hand is not None:
            self.by_hand(case, reported)
        commands = self.commands(reported)
        assert commands or self.is_written, reported
        here = [command for command in commands if command == "git pull"]
        for command in commands:
            if command not in here:
                type_in(case.cluster if self.elsewhere else case.repo, command)
        if self.elsewhere:
            git(case.cluster, "add", "-A")
            git(case.cluster, "commit", "-qm", "runs")
            git(case.cluster, "push", "-q")
            here = here or ["git pull"]
        for command in here:
            type_in(case.repo, command)


def written(code: str, make: Make, by_hand: Hand, **more: object) -> Row:
    """A row whose advice is not typed but written."""
    return Row(code, make, by_hand=by_hand, is_written=True, **more)  # type: ignore[arg-type]


def make_world(world: Path) -> None:
    """The repository, committed and pushed: the findings, and then the ledger."""
    repo = new_repository(world / "repo")
    git(world, "init", "-q", "--bare", "-b", "main", "origin.git")
    write(repo, FINDING, f"---\nsupporting_runs: [{job(JOB_ID)}]\n---\n")
    add_finding(repo, "F002-x", job(JOB_ID))
    write(repo, ".gitignore", "/.runs/\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "findings")
    add_entry(repo, POINT)
    write(repo, ".gitignore", IGNORED)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "ledger")
    git(repo, "remote", "add", "origin", "../origin.git")
    git(repo, "push", "-q", "-u", "origin", "main")


def copied(world: Path, place: Path) -> Case:
    """A copy of it to make a state in."""
    shutil.copytree(world, place, symlinks=True)
    return Case(place)


def type_in(folder: Path, command: str) -> str:
    """Type a command in a shell, as in a terminal of a user who installed the product."""
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _printed(repo: Path, work: Callable[[], int]) -> tuple[int, str, str]:
    with (
        contextlib.chdir(repo),
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        return work(), out.getvalue(), err.getvalue()


def _command(*words: str) -> Face:
    def reported(repo: Path) -> list[Reported]:
        status, out, err = _printed(repo, lambda: main([*words, "--format", "json"]))
        if status == 2:
            return [Reported("", err, err)]
        return [Reported(p["code"], p["message"], p["fix"]) for p in json.loads(out)["problems"]]

    return reported


def _hook(
    entry_point: Callable[[list[str]], int], *, adds: str = "-A"
) -> Callable[..., list[Reported]]:
    def reported(repo: Path) -> list[Reported]:
        git(repo, "add", adds)
        status, out, err = _printed(repo, lambda: entry_point([]))
        problems = [Reported(code, message, fix) for message, code, fix in _TOLD.findall(out)]
        assert status == 0 or problems, out + err
        return problems

    return reported


FACES: dict[str, Face] = {
    "validate": _command("validate"),
    "validate HEAD": _command("validate", "--at", "HEAD"),
    "policy": _command("validate", "--policy-from", "HEAD"),
    "check": _command("ledger", "check"),
    "findings": _hook(findings.main),
    "ledger": _hook(ledger.main),
    "findings of kb": _hook(findings.main, adds="kb"),
}
COMMAND_LINE = ("validate", "check")
HOOKS = ("findings", "ledger")
