"""A million packed runs: build such a repository, and measure what people do in it.

    python benchmarks/packed.py [FOLDER] [--packed 1000000] [--findings 900]

The packed runs lie in two machines' segments of several months, as so many packs would have left
them; the runs that findings cite are loose, as a pack leaves them. One more finding, F9001, cites
packed runs. The same seed builds the same repository. Without FOLDER it is built in a temporary
one, and removed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import generate

LINES = 4096
PACKS = 24
"""How often was packed: by two machines, every month of a year."""

CITED = 20_000
DUCKDB = f"""
import duckdb, re
from pathlib import Path
page = Path({str(Path(__file__).parent.parent / "docs/query.md")!r}).read_text()
connection = duckdb.connect()
connection.execute(re.search("```sql\\n(.*?)^```", page, re.S | re.M)[1])
question = "SELECT count(*) FROM runs WHERE statepoint->>'$.experiment_id' = 'E001'"
connection.sql(question + " AND status = 'failed'").fetchall()
"""
GIT = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Measured:
    """Seconds on the clock and of processors, and the megabytes of the largest process."""

    seconds: float
    processor: float
    memory: float


def entry_line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def entries(count: int, cited: int) -> Iterator[dict[str, Any]]:
    """The packed runs' entries, then the cited ones'."""
    for number, point in enumerate(generate.statepoints(count + cited, seed=7)):
        yield generate.entry(point, number)


def write_segments(ledger: Path, documents: Iterator[dict[str, Any]], count: int) -> None:
    size = -(-count // PACKS)
    for pack in range(PACKS):
        lines = sorted(
            (entry["job_id"], entry_line(entry))
            for _, entry in zip(range(min(size, count - pack * size)), documents, strict=False)
        )
        machine, month = ("cluster", "workstation")[pack % 2], f"2026-{pack // 2 + 1:02d}"
        folder = ledger / "packs" / machine
        folder.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(lines), LINES):
            name = f"{month}-{start // LINES + 1:03d}.jsonl"
            data = b"".join(line for _, line in lines[start : start + LINES])
            (folder / name).write_bytes(data)


def build(root: Path, packed: int, findings: int) -> None:
    """Write the repository at ``root``."""
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    # Else git cleans up in the background while something is measured.
    subprocess.run(["git", "config", "gc.auto", "0"], cwd=root, check=True)
    ledger = root / ".aexp" / "ledger"
    documents = entries(packed, CITED)
    write_segments(ledger, documents, packed)
    cited = []
    for entry in documents:
        text = json.dumps(entry, indent=2, sort_keys=True) + "\n"
        (ledger / f"{entry['job_id']}.json").write_text(text, encoding="utf-8")
        cited.append(entry["statepoint"])
    write_findings(root, cited, findings)
    some = list(generate.statepoints(min(packed, 8), seed=7))
    (root / "kb/research/findings/F9001-packed.md").write_text(generate.finding(9001, some[:4]))


def write_findings(root: Path, points: list[dict[str, Any]], findings: int) -> None:
    folder = root / "kb/research/findings"
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(7)
    for number in range(1, findings + 1):
        text = generate.finding(number, [chance.choice(points) for _ in range(4)])
        (folder / f"F{number:03d}-what-it-showed.md").write_text(text, encoding="utf-8")


def run(command: list[str], folder: Path, *, status: int = 0) -> Measured:
    """Run a command whose exit status is known."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **GIT}, stdout=output, stderr=output
        )
        _, code, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(code)
        output.seek(0)
        if process.returncode != status:
            raise SystemExit(f"{' '.join(command)}: {output.read()[-2000:].decode()}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(measure: Callable[[], Measured], times: int = 3) -> Measured:
    return sorted((measure() for _ in range(times)), key=lambda each: each.seconds)[times // 2]


def size_of(folder: Path) -> float:
    """Megabytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def rows(root: Path, packed: int) -> Iterator[tuple[str, str]]:
    """What is measured, in the order in which it happens."""
    aexp = [sys.executable, "-m", "pytest_aexp"]
    hook = [sys.executable, "-m", "pytest_aexp.hooks.findings"]
    packs = root / ".aexp/ledger/packs"
    yield "segments", f"{len(list(packs.rglob('*.jsonl')))}, {size_of(packs):,.0f} MB"
    yield "git add of all, first time", cells(run(["git", "add", "-A"], root))
    yield "git commit, first time", cells(run(["git", "commit", "-q", "-m", "all"], root))
    yield "`.git` as written", f"{size_of(root / '.git'):,.0f} MB"
    yield "git gc", cells(run(["git", "gc", "-q"], root))
    yield "`.git` after gc", f"{size_of(root / '.git'):,.0f} MB"
    clone = root.parent / "clone"
    cloning = ["git", "clone", "-q", f"file://{root}", str(clone)]
    yield "git clone (file://)", cells(run(cloning, root))
    shutil.rmtree(clone)
    yield "git status", cells(median(lambda: run(["git", "status", "-s"], root)))
    yield "validate, all, first time", cells(run([*aexp, "validate"], root))
    yield "validate, all, again", cells(median(lambda: run([*aexp, "validate"], root)))
    yield (
        "validate F9001: 3 packed runs, 1 packed batch",
        cells(median(lambda: run([*aexp, "validate", "F9001"], root))),
    )
    yield "validate F001: loose runs", cells(median(lambda: run([*aexp, "validate", "F001"], root)))
    first = next(generate.statepoints(1, seed=7))
    show = [*aexp, "ledger", "show", generate.job_id_of(first)]
    yield "ledger show ID", cells(median(lambda: run(show, root)))
    experiment = [*aexp, "ledger", "list", "--experiment", "E001"]
    yield "ledger list --experiment E001", cells(median(lambda: run(experiment, root)))
    some = [*aexp, "ledger", "list", "E001", "seed=3", "--top", "5"]
    yield "ledger list E001 seed=3 --top 5", cells(median(lambda: run(some, root)))
    if find_spec("duckdb") is not None:
        with (root / "cited.jsonl").open("wb") as file:
            cited = [*aexp, "cited-by", "--all", "--format", "jsonl"]
            subprocess.run(cited, cwd=root, stdout=file, check=True)
        asking = [sys.executable, "-c", DUCKDB]
        yield "DuckDB: failed runs of E001 (docs/query.md)", cells(run(asking, root.parent))
    yield "ledger check, again", cells(run([*aexp, "ledger", "check"], root))
    for name, what in (("F001-what-it-showed", "loose"), ("F9001-packed", "packed")):
        finding = root / f"kb/research/findings/{name}.md"
        finding.write_text(finding.read_text() + "More.\n")
        run(["git", "add", str(finding)], root)
        yield (
            f"hook aexp-findings, one staged finding, {what} runs",
            cells(median(lambda: run(hook, root))),
        )
        yield "git commit of that", cells(run(["git", "commit", "-q", "-m", "one"], root))
    points = generate.statepoints(packed, seed=7)
    write_findings(root, list(islice(points, 0, None, max(1, packed // 5000))), 900)
    yield "validate, all, every cited run packed, again", cells(run([*aexp, "validate"], root))


def cells(measured: Measured) -> str:
    return f"{measured.seconds:,.2f} s | {measured.processor:,.2f} s | {measured.memory:,.0f} MB"


def main() -> None:
    """Build, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--packed", type=int, default=1_000_000)
    parser.add_argument("--findings", type=int, default=900)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = (arguments.folder or Path(temporary) / "repo").resolve()
        if not root.exists():
            build(root, arguments.packed, arguments.findings)
        git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
        print(
            f"{arguments.packed:,} packed runs, {CITED:,} loose ones, {arguments.findings} findings"
            f"\n{os.cpu_count()} processors, Python {platform.python_version()}, "
            f"{git.stdout.strip()}\n"
        )
        print("| what | median | processor | memory |\n|---|---|---|---|")
        for what, result in rows(root, arguments.packed):
            print(f"| {what} | {result} |{'' if '|' in result else ' | |'}", flush=True)


if __name__ == "__main__":
    main()
