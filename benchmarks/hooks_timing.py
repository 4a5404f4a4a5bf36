"""Measure the hook programs alone, in turn with what they are compared to, and print one table.

    python benchmarks/hooks_timing.py [--rounds 11] [--largest 100000]

The repositories have 900 findings and, one each, 1,000 and 10,000 entries and the largest number.
A row is ours and then the other, so many times in turn; the ratio is the median of all rounds.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from generate import build, job_id_of, statepoints  # noqa: E402
from reference import reference_python  # noqa: E402
from run import seconds  # noqa: E402

FINDINGS = 900
HOOK = (str(Path(sys.executable).with_name("aexp-findings")),)
NOTHING = "3 times git diff, and Python"
STAGED = "kb/research/findings/F9999-staged.md"

Timed = Callable[[], float]


def git(repo: Path, *arguments: str) -> None:
    told = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    environ = os.environ | dict.fromkeys(told, "x")
    # No gc in the background, which would work on while we measure.
    command = ["git", "-c", "gc.auto=0", *arguments]
    subprocess.run(command, cwd=repo, env=environ, check=True)


def repository(folder: Path, entries: int) -> Path:
    """A repository with all of it committed and packed, as a clone has it."""
    repo = folder / str(entries)
    build(repo, entries, FINDINGS, store=False)
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "all")
    git(repo, "gc", "-q")
    return repo


def stage(repo: Path, path: str, text: str) -> None:
    """Have this one file staged, and nothing else."""
    git(repo, "reset", "-q", "--hard")
    (repo / path).write_text(text, encoding="utf-8")
    git(repo, "add", path)


def jobs(entries: int) -> str:
    """A finding that cites four runs from all over the ledger."""
    ids = [job_id_of(point) for point in statepoints(entries, 7)][:: entries // 4][:4]
    cited = "".join(f"  - {{type: job, id: {job_id}}}\n" for job_id in ids)
    return f"---\nid: F9999\nsupporting_runs:\n{cited}---\n"


BATCH = (
    "---\nid: F9999\nsupporting_runs:\n"
    "  - {type: batch, experiment_id: E003, selector: {condition: full}}\n---\n"
)


def hook(repo: Path, path: str, text: str) -> Timed:
    """The time of the hook with one file staged."""

    def timed() -> float:
        stage(repo, path, text)
        return seconds(HOOK, repo)

    return timed


def nothing(repo: Path) -> Timed:
    """Three times what git takes to say what is staged, and a Python that does nothing."""
    question = ("git", "diff", "--cached", "--name-only")
    bare = (sys.executable, "-c", "pass")
    return lambda: 3 * seconds(question, repo) + seconds(bare, repo)


def measured(ours: Timed, other: Timed, rounds: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of the ratios."""
    for warm in (ours, other):
        warm()
    pairs = [(ours(), other()) for _ in range(rounds)]
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    return first, second, statistics.median(a / b for a, b in pairs)


def rows(folder: Path, largest: int) -> list[tuple[str, float, Timed, str, Timed]]:
    """What, the budget, ours, the name of the other, the other."""
    small, middle, large = (repository(folder, n) for n in (1_000, 10_000, largest))
    command = (str(reference_python()), "-m", "aexp", "validate", "--runs-only")
    four, batch = hook(middle, STAGED, jobs(10_000)), hook(large, STAGED, BATCH)
    in_small = hook(small, STAGED, jobs(1_000))
    in_large = hook(large, STAGED, jobs(largest))
    theirs = "agentic-experiments"
    return [
        ("nothing of concern", 1, hook(middle, "README", "x"), NOTHING, nothing(middle)),
        ("one finding, four runs", 0.25, four, theirs, lambda: seconds(command, middle)),
        (f"the same, {largest:,} entries", 1.3, in_large, "the same, 1,000 entries", in_small),
        (f"one batch, {largest:,} entries", 2, batch, "four runs there", in_large),
    ]


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--largest", type=int, default=100_000)
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, ", end="")
    print(f"{arguments.rounds} rounds; 10,000 entries where nothing is said of it\n")
    print("| staged | ours, ms | the other, ms | ratio | budget | the other |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for what, budget, ours, name, other in rows(Path(folder), arguments.largest):
            first, second, ratio = measured(ours, other, arguments.rounds)
            told = (
                what,
                f"{first * 1000:.0f}",
                f"{second * 1000:.0f}",
                f"{ratio:.2f}",
                f"{budget}",
            )
            print(f"| {' | '.join(told)} | {name} |", flush=True)


if __name__ == "__main__":
    main()
