"""Compare whole processes on generated repositories, in turn, and print one table.

    make bench [ARGS="--rounds 5"]

Each row runs ours, then the other, so many times in turn; the ratio is the median of all rounds.
The other is the real agentic-experiments in its own environment, check-jsonschema, or the floor:
the least a Python program could do with the same files.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from generate import build  # noqa: E402
from reference import reference_python  # noqa: E402

ENTRIES, FINDINGS = 10_000, 900
OURS = (sys.executable, "-m", "pytest_aexp")
EMPTY_ITEMS = """
import pytest
class Many(pytest.File):
    def collect(self):
        for n in range(5):
            yield Nothing.from_parent(self, name=f"n{n}")
class Nothing(pytest.Item):
    def runtest(self): pass
def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".md" and file_path.name[0] == "F":
        return Many.from_parent(parent, path=file_path)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``before`` makes the folder ready for each measurement."""

    what: str
    budget: float
    ours: tuple[str, ...]
    other: tuple[str, ...]
    name: str
    folder: Path
    other_folder: Path
    before: Callable[[Path], None] = lambda _: None


def seconds(command: tuple[str, ...], folder: Path) -> float:
    """How long a process takes; what it prints is not looked at, its failing is."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_"))}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    took = time.perf_counter() - started
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: {done.stderr.decode()}{done.stdout.decode()}")
    return took


def measured(row: Row, rounds: int) -> tuple[float, float, float]:
    """Median seconds of ours and the other's, and the median of the ratios."""
    pairs = []
    for _ in range(rounds):
        row.before(row.folder)
        ours = seconds(row.ours, row.folder)
        row.before(row.other_folder)
        pairs.append((ours, seconds(row.other, row.other_folder)))
    ratios = statistics.median(ours / other for ours, other in pairs)
    return (*(statistics.median(column) for column in zip(*pairs, strict=True)), ratios)  # type: ignore[return-value]


def rows(root: Path) -> list[Row]:
    """The table, on repositories below ``root``."""
    reference = str(reference_python())
    plain, empty = root / "plain", root / "empty"
    stores = (root / "ours", root / "theirs")
    build(plain, ENTRIES, FINDINGS, store=False)
    shutil.copytree(plain / "kb", empty / "kb")
    (empty / "conftest.py").write_text(EMPTY_ITEMS, encoding="utf-8")
    for store in stores:
        build(store, ENTRIES, 1, store=True)
    validate = (*OURS, "validate")
    their_validate = (reference, "-m", "aexp", "validate", "--runs-only")
    floor = (sys.executable, str(HERE / "floor.py"))
    pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "kb")
    without = (*pytest[:-1], "-p", "no:aexp", "kb")
    schema = str(HERE.parent / "schemas" / "ledger-entry.schema.json")
    files = [f".aexp/ledger/{path.name}" for path in (plain / ".aexp/ledger").iterdir()]
    checker = (sys.executable, "-m", "check_jsonschema", "--schemafile", schema, *files)
    backfill = (*OURS, "ledger", "backfill")
    their_backfill = (reference, "-m", "aexp", "ledger", "backfill")
    return [
        Row("aexp validate", 0.6, validate, their_validate, "agentic-experiments", plain, plain),
        Row("aexp validate", 1.5, validate, floor, "the floor", plain, plain),
        Row("pytest, 900 findings", 1.6, pytest, without, "4,500 empty items", plain, empty),
        Row("aexp ledger check", 0.2, (*OURS, "ledger", "check"), checker, "check-jsonschema",
            plain, plain),
        Row("backfill, 10,000 jobs", 0.14, backfill, their_backfill, "agentic-experiments",
            *stores, empty_ledger),
    ]  # fmt: skip


def empty_ledger(folder: Path) -> None:
    """Let the next backfill have everything to do."""
    shutil.rmtree(folder / ".aexp" / "ledger", ignore_errors=True)


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {rounds} rounds\n")
    print("| work | ours, s | the other, s | ratio | budget | the other |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            ours, other, ratio = measured(row, rounds)
            cells = (row.what, f"{ours:.2f}", f"{other:.2f}", f"{ratio:.2f}", f"{row.budget}")
            print(f"| {' | '.join(cells)} | {row.name} |", flush=True)
        again(Path(folder), rounds)


def again(root: Path, rounds: int) -> None:
    """A backfill that compares every entry and finds nothing to do, beside their first one."""
    ours, theirs = root / "ours", root / "theirs"
    pairs = []
    for _ in range(rounds):
        first = seconds((*OURS, "ledger", "backfill"), ours)
        empty_ledger(theirs)
        other = (str(reference_python()), "-m", "aexp", "ledger", "backfill")
        pairs.append((first, seconds(other, theirs)))
    ratio = statistics.median(a / b for a, b in pairs)
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    print(
        f"| backfill, nothing to do | {medians[0]:.2f} | {medians[1]:.2f} | {ratio:.2f} | 0.1 | "
        "agentic-experiments' first |"
    )


if __name__ == "__main__":
    main()
