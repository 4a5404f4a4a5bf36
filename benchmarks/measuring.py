"""Whole processes, measured in pairs and in turn, and the table of the results."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tools")]

Measure = Callable[[], float]
"""Prepares and runs a process, and returns the seconds that it took or another figure."""

HEADING = (
    "| work | ours | the other | ratio | budget | the other is |\n|---|---:|---:|---:|---:|---|"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds on the clock and of processors, megabytes of the largest."""

    clock: float
    processor: float
    memory: float


@dataclass(frozen=True, slots=True)
class Programs:
    """The commands of a plain install of the wheel, and the others'."""

    python: str
    aexp: str
    hook: str
    reference: tuple[str, ...]
    check_jsonschema: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ours against the other's, ``rounds`` of them at most."""

    work: str
    budget: float
    ours: Measure
    name: str
    other: Measure
    rounds: int = 99
    unit: str = "s"


def installed(folder: Path) -> Programs:
    """Install the wheel as users do, with the extra ``runs`` and nothing else."""
    from reference import reference_python

    from artifacts import artifacts

    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    bin_ = folder / "bin"
    wheel = f"{artifacts().wheel}[runs]"
    # A new pip, as pre-commit brings one: the programs that an old one writes load `re` first.
    for wanted in ("pip>=25.1", wheel):
        pip = (bin_ / "python", "-m", "pip", "install", "-qq", "--upgrade", wanted)
        subprocess.run(pip, check=True)
    return Programs(
        str(bin_ / "python"),
        str(bin_ / "aexp"),
        str(bin_ / "aexp-findings"),
        (str(reference_python()), "-m", "aexp"),
        (sys.executable, "-m", "check_jsonschema"),
    )


def process(command: Sequence[str], folder: Path) -> Cost:
    """Run a command, which may report problems and may not fail."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_"))}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        running = subprocess.Popen(command, cwd=folder, env=kept, stdout=output, stderr=output)
        _, status, usage = os.wait4(running.pid, 0)
        clock = time.perf_counter() - started
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode not in (0, 1):
            output.seek(0)
            sys.exit(f"{' '.join(command)}: {output.read()[-2000:].decode()}")
    return Cost(clock, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def timed(
    command: Sequence[str],
    folder: Path,
    before: Callable[[Path], None] | None = None,
    *,
    clock: bool = False,
) -> Measure:
    """The processor's seconds of a command in a folder, or the clock's, after ``before``."""

    def run() -> float:
        if before is not None:
            before(folder)
        cost = process(command, folder)
        return cost.clock if clock else cost.processor

    return run


def show(row: Row, rounds: int) -> None:
    """Measure a row and print it: the medians, and the median of the ratios."""
    rounds = min(rounds, row.rounds)
    if rounds > 1:
        row.ours(), row.other()
    pairs = [(row.ours(), row.other()) for _ in range(rounds)]
    ours, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    met = "" if ratio <= row.budget else " **missed**"
    figures = f"{_figure(ours)} {row.unit} | {_figure(other)} {row.unit} | {_figure(ratio)}"
    print(f"| {row.work} | {figures} | {row.budget:.3g}{met} | {row.name} |", flush=True)


def _figure(number: float) -> str:
    return f"{number:.0f}" if number >= 20 else f"{number:.3g}"
