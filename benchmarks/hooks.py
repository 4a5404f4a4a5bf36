"""The hook program alone, with one file staged and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from generate import build, job_id_of, statepoints
from measuring import Measure, Programs, Row, process, timed

FINDINGS = 900
STAGED = "kb/research/findings/F9999-staged.md"
BATCH = (
    "---\nid: F9999\nsupporting_runs:\n"
    "  - {type: batch, experiment_id: E003, selector: {condition: full}}\n---\n"
)


def git(repo: Path, *arguments: str) -> None:
    """Run git as nobody in particular, without anything that works on in the background."""
    names = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    environ = os.environ | dict.fromkeys(names, "x")
    subprocess.run(["git", "-c", "gc.auto=0", *arguments], cwd=repo, env=environ, check=True)


def repository(root: Path, entries: int) -> Path:
    """A repository with all of it committed and packed, as a clone has it."""
    repo = root / f"committed-{entries}"
    build(repo, entries, FINDINGS, store=False)
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "all")
    git(repo, "gc", "-q")
    return repo


def jobs(entries: int) -> str:
    """A finding that cites four runs from all over the ledger."""
    ids = [job_id_of(point) for point in statepoints(entries, 7)][:: entries // 4][:4]
    cited = "".join(f"  - {{type: job, id: {job_id}}}\n" for job_id in ids)
    return f"---\nid: F9999\nsupporting_runs:\n{cited}---\n"


def hook(programs: Programs, repo: Path, path: str, text: str) -> Measure:
    """The milliseconds of the hook with this one file staged."""

    def run() -> float:
        git(repo, "reset", "-q", "--hard")
        (repo / path).write_text(text, encoding="utf-8")
        git(repo, "add", path)
        return process((programs.hook,), repo).processor * 1000

    return run


def nothing(programs: Programs, repo: Path) -> Measure:
    """Three times what git takes to say what is staged, and a Python that does nothing."""
    question = ("git", "diff", "--cached", "--name-only")
    bare = (programs.python, "-c", "pass")
    return lambda: 3000 * process(question, repo).processor + 1000 * process(bare, repo).processor


def rows(programs: Programs, root: Path, largest: int) -> Iterator[Row]:
    """The hook with nothing of concern, four runs and a batch staged."""
    small, middle, large = (repository(root, n) for n in (1_000, 10_000, largest))
    command = timed((*programs.reference, "validate", "--runs-only"), middle)
    idle = hook(programs, middle, "README", "x")
    yield Row("`aexp-findings`, nothing of concern staged", 1, idle,
              "3 times git diff, and Python", nothing(programs, middle), unit="ms")  # fmt: skip
    yield Row("`aexp-findings`, one finding, four runs", 0.25,
              hook(programs, middle, STAGED, jobs(10_000)), "agentic-experiments",
              lambda: command() * 1000, unit="ms")  # fmt: skip
    in_large = hook(programs, large, STAGED, jobs(largest))
    yield Row(f"the same, {largest:,} entries", 1.3, in_large, "the same, 1,000 entries",
              hook(programs, small, STAGED, jobs(1_000)), unit="ms")  # fmt: skip
    yield Row(f"one batch, {largest:,} entries", 2, hook(programs, large, STAGED, BATCH),
              "four runs there", in_large, unit="ms")  # fmt: skip
