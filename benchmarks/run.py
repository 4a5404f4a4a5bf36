"""Compare whole processes on generated repositories, in turn, and print one table.

    make bench [ARGS="--rounds 5 --largest 100000"]

Ours is a plain install of the wheel with its extra ``runs``. Each row runs ours, then the other, so
many times in turn, and compares the seconds of processors that they take, all their processes
together; the ratio is the median of the rounds' ratios. The other is the real
agentic-experiments in its own environment, check-jsonschema, the floor (the least a Python program
could do with the same files), or ours on something smaller.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hooks
from generate import build, job_id_of, statepoints
from measuring import HEADING, HERE, ROOT, Measure, Programs, Row, installed, process, show, timed

ENTRIES, FINDINGS = 10_000, 900
BESIDE_A_STORE = 1_000
THEIRS = "agentic-experiments"
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


def clear_cache(repo: Path) -> None:
    """Remove the repository's cache."""
    shutil.rmtree(repo / ".git" / "aexp", ignore_errors=True)


def no_ledger(repo: Path) -> None:
    """Let a backfill have everything to do.

    The files are put aside, not removed: for half a minute ext4 is slow to make files in the place
    of those that were removed.
    """
    ledger = repo / ".aexp" / "ledger"
    if ledger.is_dir():
        ledger.rename(tempfile.mkdtemp(dir=repo.parent) + "/ledger")


def plugin_import(python: str, folder: Path) -> Measure:
    """Milliseconds that importing the plugin adds to pytest."""
    command = (python, "-X", "importtime", "-c", "import pytest, pytest_aexp.plugin")

    def run() -> float:
        output = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        (line,) = [
            line for line in output.stderr.splitlines() if line.endswith(" pytest_aexp.plugin")
        ]
        return int(line.split("|")[1]) / 1000

    return run


def reading(programs: Programs, root: Path) -> Iterator[Row]:
    """pytest, validate and check on a ledger without a store."""
    plain, empty = root / "plain", root / "empty"
    build(plain, ENTRIES, FINDINGS, store=False)
    shutil.copytree(plain / "kb", empty / "kb")
    (empty / "conftest.py").write_text(EMPTY_ITEMS, encoding="utf-8")
    yield Row("importing the plugin", 5, plugin_import(programs.python, empty), "1 ms",
              lambda: 1.0, unit="ms")  # fmt: skip
    pytest = (programs.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore")
    yield Row("pytest, 900 findings", 1.6, timed((*pytest, "kb"), plain), "4,500 empty items",
              timed((*pytest, "-p", "no:aexp", "kb"), empty))  # fmt: skip
    validate = (programs.aexp, "validate")
    theirs = timed((*programs.reference, "validate", "--runs-only"), plain)
    floor = timed((programs.python, str(HERE / "floor.py")), plain)
    first = timed(validate, plain, clear_cache)
    yield Row("`aexp validate`", 0.95, first, THEIRS, theirs)
    yield Row("the same", 2, first, "the floor", floor)
    schema = str(ROOT / "schemas" / "ledger-entry.schema.json")
    files = [f".aexp/ledger/{path.name}" for path in (plain / ".aexp/ledger").iterdir()]
    checker = timed((*programs.check_jsonschema, "--schemafile", schema, *files), plain)
    check = timed((programs.aexp, "ledger", "check"), plain)
    yield Row("`aexp ledger check`", 0.2, check, "check-jsonschema", checker, rounds=3)
    listing = timed((programs.aexp, "ledger", "list"), plain)
    yield Row("`aexp ledger list`", 1.3, listing, "`aexp ledger check`", check)


def writing(programs: Programs, root: Path) -> Iterator[Row]:
    """Backfills, and validate beside a store."""
    ours, theirs = root / "ours", root / "theirs"
    for repo in (ours, theirs):
        build(repo, ENTRIES, FINDINGS, store=True)
    reference = (*programs.reference, "ledger", "backfill")
    # By the clock: most of it is the kernel that makes files.
    first = timed(reference, theirs, no_ledger, clock=True)
    backfill = (programs.aexp, "ledger", "backfill")
    yield Row("`aexp ledger backfill`, 10,000 jobs, by the clock", 0.14,
              timed(backfill, ours, no_ledger, clock=True), THEIRS, first)  # fmt: skip
    yield Row("again, nothing to do, by the clock", 0.1, timed(backfill, ours, clock=True),
              "its first one", first)  # fmt: skip
    beside = root / "beside"
    build(beside, BESIDE_A_STORE, FINDINGS // 10, store=True)
    slow = timed((*programs.reference, "validate", "--runs-only"), beside)
    yield Row("`aexp validate` beside a store of 1,000 jobs", 0.05,
              timed((programs.aexp, "validate"), beside, clear_cache), THEIRS, slow,
              rounds=1)  # fmt: skip


def larger(programs: Programs, root: Path, largest: int) -> Iterator[Row]:
    """The same with ten times as much."""
    large, plain = root / "large", root / "plain"
    build(large, largest, largest * FINDINGS // ENTRIES, store=False)
    validate = (programs.aexp, "validate")
    first = timed(validate, large, clear_cache)
    yield Row(f"`aexp validate`, {largest:,} entries", 1.1 * largest / ENTRIES, first,
              "with 10,000", timed(validate, plain, clear_cache))  # fmt: skip

    def memory() -> float:
        clear_cache(large)
        return process(validate, large).memory

    yield Row("its largest process", 250, memory, "1 MB", lambda: 1.0, rounds=1, unit="MB")
    few = root / "few"
    build(few, 10, 1, store=True)
    (point,) = statepoints(1, 7)
    shutil.copytree(few / ".runs", large / ".runs")
    promote = (programs.aexp, "ledger", "promote", job_id_of(point))

    def unpromoted(repo: Path) -> None:
        (repo / ".aexp/ledger" / f"{job_id_of(point)}.json").unlink(missing_ok=True)

    yield Row(f"`aexp ledger promote`, {largest:,} entries", 1.2, timed(promote, large, unpromoted),
              "with 10", timed(promote, few, unpromoted), rounds=21)  # fmt: skip


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--largest", type=int, default=100_000)
    arguments = parser.parse_args()
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, ", end="")
    print(
        f"Python {platform.python_version()}, {git.strip()}, {arguments.rounds} rounds\n\n{HEADING}"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        programs = installed(root / "plain-install")
        for rows in (
            reading(programs, root),
            writing(programs, root),
            larger(programs, root, arguments.largest),
            hooks.rows(programs, root, arguments.largest),
        ):
            for row in rows:
                show(row, arguments.rounds)


if __name__ == "__main__":
    main()
