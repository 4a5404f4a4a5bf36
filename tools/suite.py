"""Run the test suite on the tree, then against the built wheel on every CPython there is.

Arguments name runs (``tree``, ``wheel-3.12``, ``lowest``, ``pure``); without any, all are made.
The first run that fails ends it. Every run shows pytest's own output, and a table of pytest's
closing lines ends the whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from artifacts import ROOT, artifacts, copy_tree, tree_files
from environments import TREE, Kind, make_for_wheel, python_of
from interpreters import Interpreter, discover

PYTEST = ("-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal")
NOT_AGAIN = ("-m", "not slow and not tree")
LOWEST_RUNS_UP_TO = (3, 13)
"""Newer Pythons than this came after the oldest versions that are admitted."""


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over the suite: on the tree in ``.venv`` or on the wheel in its own environment."""

    name: str
    kind: Kind | None = None
    interpreter: Interpreter | None = None

    @property
    def about(self) -> str:
        """What a reader should know of it, in one line."""
        kinds: dict[Kind | None, str] = {
            None: "the tree, every test",
            "wheel": "the wheel",
            "lowest": "the wheel with the oldest dependencies admitted",
            "pure": "the wheel without compiled speed-ups",
        }
        where = f", {self.interpreter}" if self.interpreter else ""
        return f"{self.name}: {kinds[self.kind]}{where}"


class Failed(Exception):
    """A run, or the making of its environment, did not succeed."""


def planned(found: Sequence[Interpreter]) -> list[Run]:
    """The runs on a machine with these interpreters, oldest first."""
    oldest, newest = found[0], found[-1]
    runs = [Run("tree"), *(Run(f"wheel-{each.minor}", "wheel", each) for each in found)]
    if oldest.version[:2] <= LOWEST_RUNS_UP_TO:
        runs.append(Run("lowest", "lowest", oldest))
    return [*runs, Run("pure", "pure", newest)]


def prepare(run: Run) -> Path:
    """The Python of the run's environment, which is made if need be."""
    if run.kind is None or run.interpreter is None:
        return python_of(TREE)
    environment = ROOT / f".venv-{run.name.removeprefix('wheel-')}"
    try:
        wheel = artifacts().wheel
        make_for_wheel(environment, Path(run.interpreter.path), wheel, run.kind)
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout or ''}{error.stderr or ''}\n{environment.name} could not be made"
        raise Failed(f"{said}; this failed: {' '.join(map(str, error.cmd))}") from error
    return python_of(environment)


def run_pytest(run: Run, python: Path, folder: Path) -> str:
    """Run the suite in ``folder``, pass on what pytest prints, and return its closing line."""
    command = [python, *PYTEST, *(NOT_AGAIN if run.kind else ())]
    with subprocess.Popen(
        [*command, "--color=yes"] if sys.stdout.isatty() else command,
        cwd=folder,
        env=_environ(run),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        output = b""
        while chunk := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            output = (output + chunk)[-4096:]
    if process.returncode:
        raise Failed(f"pytest ended with status {process.returncode}")
    return output.decode(errors="replace").strip().rpartition("\n")[2]


def _environ(run: Run) -> dict[str, str]:
    # PYTHON…: no path may lead back to the tree, and compiled files must be kept, or each of the
    # many processes that the tests start compiles everything again. GIT_…: set inside git hooks.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_"))}
    return kept | {"AEXP_SUITE": run.name}


def execute(runs: Sequence[Run]) -> None:
    """Carry out the runs, one after the other."""
    closing: list[str] = []
    with tempfile.TemporaryDirectory() as copy:
        # Without pytest_aexp: what the tests import there can only be what is installed.
        copy_tree(Path(copy), tree_files(but=["pytest_aexp"]))
        for run in runs:
            _say(f"\n== {run.about}")
            started = time.monotonic()
            try:
                python = prepare(run)
                said = run_pytest(run, python, Path(copy) if run.kind else ROOT)
            except Failed as failure:
                sys.exit(
                    f"\nFAILED in {run.about}: {failure}\nAgain, alone: make test RUNS={run.name}"
                )
            closing += [f"{run.about} ({time.monotonic() - started:.0f} s in all)", said]
    _say("\n== all runs passed")
    _say("\n".join(closing))


def main(names: Sequence[str]) -> None:
    """Carry out the named runs, or all there are on this machine."""
    runs = planned(discover())
    known = [run.name for run in runs]
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"no such run: {' '.join(unknown)}; there are: {' '.join(known)}")
    execute([run for run in runs if not names or run.name in names])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
