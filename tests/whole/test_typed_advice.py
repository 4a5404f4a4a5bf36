"""What ``next:`` says works when it is typed, in a shell, in the state that it is said in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_jobs, git, job, write

FINDING = "kb/research/findings/F001 a $(touch pwned) 'x'.md"
POINT = {"experiment_id": "E005", "condition": "full", "seed": 3}
COMMAND = re.compile(r"`((?:aexp|git) [^`]+)`")
# As the hook that pre-commit runs.
HOOK = "from pytest_aexp.hooks.findings import main; raise SystemExit(main())"

State = Callable[[Path, str], None]


def entry(repo: Path, job_id: str) -> Path:
    return repo / f".aexp/ledger/{job_id}.json"


def edited(old: str, new: str) -> State:
    def change(repo: Path, job_id: str) -> None:
        path = entry(repo, job_id)
        path.write_text(path.read_text().replace(old, new))

    return change


def cited(citation: str, key: str = "supporting_runs") -> State:
    def change(repo: Path, job_id: str) -> None:
        dashed = "-".join((job_id[:8], job_id[8:12], job_id[12:16], job_id[16:20], job_id[20:]))
        text = citation.format(id=job_id, short=job_id[:8], upper=job_id.upper(), dashed=dashed)
        write(repo, FINDING, f"---\n{key}: [{text}]\n---\n")

    return change


def deleted(repo: Path, job_id: str) -> None:
    entry(repo, job_id).unlink()


def deleted_with_the_folder(repo: Path, job_id: str) -> None:
    entry(repo, job_id).unlink()
    entry(repo, job_id).parent.rmdir()


def in_conflict(repo: Path, job_id: str) -> None:
    text = entry(repo, job_id).read_text()
    entry(repo, job_id).write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")


def only_in_the_store(repo: Path, job_id: str) -> None:
    new = {**POINT, "seed": 4}
    (other,) = add_jobs(repo, [{"statepoint": new, "doc": {"status": "complete"}}])
    write(repo, FINDING, f"---\nsupporting_runs: [{job(other)}]\n---\n")


def damaged_here(repo: Path, job_id: str) -> None:
    """Never committed whole; this machine has the run."""
    new = {**POINT, "seed": 5}
    (other,) = add_jobs(repo, [{"statepoint": new, "doc": {"status": "complete"}}])
    write(repo, f".aexp/ledger/{other}.json", "{")
    write(repo, FINDING, f"---\nsupporting_runs: [{job(other)}]\n---\n")


def not_in_the_commit(repo: Path, job_id: str) -> None:
    other = add_entry(repo, {**POINT, "seed": 6})
    write(repo, FINDING, f"---\nsupporting_runs: [{job(other)}]\n---\n")


STATES: dict[str, tuple[State, str]] = {
    "an entry that was deleted": (deleted, "finding.broken_run_citation"),
    "the whole ledger": (deleted_with_the_folder, "ledger.invalid_entry"),
    "an edited statepoint": (edited('"seed": 3', '"seed": 7'), "ledger.identity_mismatch"),
    "an entry cut short": (edited('"status"', ""), "ledger.invalid_entry"),
    "an empty entry": (
        lambda repo, j: entry(repo, j).write_text("") and None,
        "ledger.invalid_entry",
    ),
    "a state that is none": (edited('"complete"', '"done"'), "ledger.invalid_entry"),
    "conflict markers": (in_conflict, "ledger.invalid_entry"),
    "a run of this machine": (only_in_the_store, "finding.unpromoted_run_citation"),
    "a damaged entry of a run that is here": (damaged_here, "ledger.invalid_entry"),
    "an id cut short": (cited("{{type: job, id: {short}}}"), "finding.broken_run_citation"),
    "an id in capitals": (cited("{{type: job, id: {upper}}}"), "finding.broken_run_citation"),
    "an id with dashes": (cited("{{type: job, id: {dashed}}}"), "finding.broken_run_citation"),
    "a bare id": (cited("{id}"), "finding.broken_run_citation"),
    "jobs": (cited("{{type: jobs, id: {id}}}"), "finding.broken_run_citation"),
    "E5": (cited("{{type: batch, experiment_id: E5}}"), "finding.broken_run_citation"),
    "e005": (cited("{{type: batch, experiment_id: e005}}"), "finding.broken_run_citation"),
    "selctor": (
        cited("{{type: batch, experiment_id: E005, selctor: {{seed: 3}}}}"),
        "finding.broken_run_citation",
    ),
    "a misspelt key": (
        cited("{{type: job, id: {id}}}", "supporting_run"),
        "finding.suspicious_key",
    ),
}
STAGED = {
    "an entry that is not in the commit": (not_in_the_commit, "finding.unstaged_ledger_entry"),
    "an entry that was deleted": (deleted, "finding.broken_run_citation"),
    "an id with dashes": STATES["an id with dashes"],
    "a misspelt key": STATES["a misspelt key"],
}


@pytest.fixture
def committed(repo: Path) -> tuple[Path, str]:
    job_id = add_entry(repo, POINT)
    write(repo, FINDING, f"---\nsupporting_runs: [{job(job_id)}]\n---\n")
    add_finding(repo, "F002-x", job(job_id))
    write(repo, ".gitignore", ".aexp/*\n!.aexp/ledger/\n/.runs/\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "evidence")
    return repo, job_id


def problems(repo: Path) -> list[dict[str, str]]:
    done = aexp(repo, "validate", "--format", "json")
    found: list[dict[str, str]] = json.loads(done.stdout)["problems"]
    return found


def aexp(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_aexp", *words],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )


def type_in(repo: Path, command: str) -> None:
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=repo,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_the_state_before_has_no_problem(committed: tuple[Path, str]) -> None:
    assert problems(committed[0]) == []


@pytest.mark.parametrize("state", STATES)
def test_what_validate_says_is_next_ends_the_problem(
    committed: tuple[Path, str], state: str
) -> None:
    (repo, job_id), (change, code) = committed, STATES[state]
    change(repo, job_id)
    problem = next(p for p in problems(repo) if p["code"] == code)
    commands = COMMAND.findall(problem["fix"])
    assert commands, problem
    for command in commands:
        type_in(repo, command)
    assert problems(repo) == []
    assert not (repo / "pwned").exists()


def hook(repo: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HOOK], cwd=repo, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("state", STAGED)
def test_what_the_hook_says_is_next_lets_the_commit_pass(
    committed: tuple[Path, str], state: str
) -> None:
    (repo, job_id), (change, code) = committed, STAGED[state]
    change(repo, job_id)
    if code == "finding.unstaged_ledger_entry":
        git(repo, "add", "kb")
    else:
        git(repo, "add", "-A")
    done = hook(repo)
    assert done.returncode == 1, done.stdout + done.stderr
    assert code in done.stdout
    for line in re.findall(r"next: (.*)", done.stdout):
        for command in COMMAND.findall(line):
            type_in(repo, command)
    git(repo, "add", "-A")
    assert hook(repo).returncode == 0
