"""However much a repository holds, a check takes seconds, bounded memory and few lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import md5
from pathlib import Path

import pytest
from repositories import add_entry, git, new_repository, write

pytestmark = pytest.mark.slow

ENTRIES, CITATIONS, OF_A_FINDING = 30_000, 17_000, 1_000
SECONDS, MEBIBYTES = 5, 200
LINES = 20
"""Enough for what is told of one kind of problem: the first few, a count, and what was checked."""
AEXP = ["-m", "pytest_aexp", "validate"]
FACES = {
    "text": AEXP,
    "json": [*AEXP, "--format", "json"],
    "github": [*AEXP, "--format", "github"],
    "sarif": [*AEXP, "--format", "sarif"],
    "index": [*AEXP, "--at", "index"],
    "pytest": ["-m", "pytest", "-p", "no:hypothesispytest", "-p", "no:xdist", "--tb=short"],
    "aexp-findings": ["-m", "pytest_aexp.hooks.findings"],
    "aexp-ledger": ["-m", "pytest_aexp.hooks.ledger"],
}
MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, *sys.argv[2:]], stdout=open(sys.argv[1], "wb"))
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)
"""


def run(repo: Path, out: Path, face: str) -> tuple[int, float, int]:
    """The exit status of a face, and what it took: seconds of processors, and mebibytes.

    What else the machine does is no concern of a test, so that the time on the wall is not asked.
    """
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, out, *FACES[face]],
        cwd=repo,
        env={**os.environ, "COLUMNS": "80"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return int(measured[0]), float(measured[1]), int(measured[2])


def entry_of(point: dict[str, object]) -> dict[str, object]:
    return {
        "job_id": md5(json.dumps(point, sort_keys=True).encode()).hexdigest(),
        "promoted_at": "2026-01-02T03:04:05Z",
        "registered_machine": "cluster",
        "schema_version": 1,
        "statepoint": point,
        "status": "complete",
    }


def write_ledger(repo: Path) -> None:
    folder = repo / ".aexp/ledger"
    folder.mkdir(parents=True)
    for number in range(ENTRIES):
        entry = entry_of({"experiment_id": f"E{number % 20:03}", "seed": number})
        (folder / f"{entry['job_id']}.json").write_text(json.dumps(entry))


def job(number: int) -> str:
    return f"{{type: job, id: {md5(str(number).encode()).hexdigest()}}}"


def batch(number: int) -> str:
    selector = f"{{seed: {10**6 + number}}}"
    return f"{{type: batch, experiment_id: E{number % 20:03}, selector: {selector}}}"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with all the entries, committed and packed."""
    repo = new_repository(tmp_path_factory.mktemp("large") / "repo")
    write_ledger(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "ledger")
    git(repo, "repack", "-adq")
    return repo


@pytest.fixture(scope="module")
def large(request: pytest.FixtureRequest, ledger: Path) -> Path:
    shutil.rmtree(ledger / "kb", ignore_errors=True)
    # Shorter findings for the longer citations: the front matter has its limit.
    size = OF_A_FINDING if request.param is job else 800
    for start in range(0, CITATIONS, size):
        lines = [f"  - {request.param(n)}" for n in range(start, min(start + size, CITATIONS))]
        text = "\n".join(["---", "supporting_runs:", *lines, "---", ""])
        write(ledger, f"kb/research/findings/F{start:05}-x.md", text)
    git(ledger, "add", "--all", "kb")
    return ledger


# What a format makes of problems is the same for both.
EVERY = [(job, face) for face in FACES] + [
    (batch, face) for face in ("text", "index", "pytest", "aexp-findings")
]


@pytest.mark.parametrize(("large", "face"), EVERY, indirect=["large"])
def test_a_mebibyte_of_citations_that_fit_nothing(large: Path, tmp_path: Path, face: str) -> None:
    status, seconds, mebibytes = run(large, tmp_path / "out", face)
    # The findings are no concern of the hook of the ledger.
    assert status == (0 if face == "aexp-ledger" else 1)
    # pytest, with its own items and reports, takes nearly all of it on an idle machine; where
    # processors are shared the same work takes them longer.
    assert seconds < (1.5 * SECONDS if face == "pytest" else SECONDS), f"{seconds} s"
    assert mebibytes < MEBIBYTES, f"{mebibytes} MiB"
    if face not in ("json", "sarif", "pytest"):
        lines = (tmp_path / "out").read_text().splitlines()
        assert len(lines) < LINES


def processor_seconds(repo: Path, words: str) -> float:
    command = [sys.executable, "-c", MEASURE, os.devnull, "-m", "pytest_aexp", *words.split()]
    done = subprocess.run(command, cwd=repo, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[1])


def test_a_list_costs_little_more_than_a_check(tmp_path: Path) -> None:
    """In turn, and the best of each: what else the machine does only ever adds to it."""
    repo = new_repository(tmp_path / "repo")
    for seed in range(10_000):
        point = {"experiment_id": f"E{seed % 30:03}", "seed": seed, "model": {"C": seed % 7}}
        add_entry(repo, point, metrics={"accuracy": seed / 7})
    pairs = [
        [processor_seconds(repo, f"ledger {verb}") for verb in ("check", "list")] for _ in "12345"
    ]
    check, listing = map(min, zip(*pairs, strict=True))
    assert listing <= 1.3 * check, f"{listing} s, {check} s"


def like_leaks(number: int) -> str:
    """A packed line of what is searched for leaks to its end, and holds none."""
    entry = entry_of({"experiment_id": "E001", "n": number, "x": "a/b:c@d=e~f\\g%2f" * 100})
    return json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n"


@pytest.mark.parametrize("face", ["text", "index", "aexp-ledger"])
def test_two_segments_that_look_as_if_they_leaked(tmp_path: Path, face: str) -> None:
    repo = new_repository(tmp_path / "repo")
    lines = "".join(sorted(map(like_leaks, range(4000)), key=lambda line: line[11:43]))
    for machine in ("a", "b"):
        write(repo, f".aexp/ledger/packs/{machine}/2026-05-001.jsonl", lines)
    git(repo, "add", ".")
    status, seconds, mebibytes = run(repo, tmp_path / "out", face)
    assert status == 0, (tmp_path / "out").read_text()
    assert seconds < SECONDS, f"{seconds} s"
    assert mebibytes < MEBIBYTES, f"{mebibytes} MiB"
