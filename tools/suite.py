"""Run the test suite, in passes that belong to two lanes.

``make test`` runs the quick lane: what is quick on the tree, and a trial of the built wheel.
``make test-all`` runs the full lane as well: the slow tests, and the wheel on the other CPythons of
this machine, on one with the oldest dependencies that pyproject.toml admits, on the newest without
its compiled speed-ups.

The first argument is the lane, ``quick`` or ``full`` (without the quick one); more arguments name
passes, of any lane, to run instead. The passes run at once and are shown one after the other, with
pytest's own output; the first that fails ends the run. A table of pytest's closing lines ends it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from artifacts import ROOT, artifacts, copy_tree, tree_files
from environments import TREE, Kind, make_for_wheel, python_of
from interpreters import Interpreter, discover

Lane = Literal["quick", "full"]

# A test that passed leaves nothing behind: its files may be in memory.
KEPT = "tmp_path_retention_policy=failed"
PYTEST = ("-m", "pytest", "-q", "-o", KEPT)
ON_ALL_PROCESSORS = ("-n", "auto", "--dist", "worksteal")
TRIAL = (
    "tests/project/test_packaging.py",
    "tests/whole/test_two_machines.py",
    *("-m", "not tree"),
)
"""What is installed and how it is installed, then the main job, from first run to citation."""
SLOW = "slow or hypothesis"
LOWEST_RUNS_UP_TO = (3, 13)
"""Newer Pythons than this came after the oldest versions that are admitted."""
MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there gets a name of its own
ROOM = 2 << 30


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over tests: on the tree in ``.venv``, or on the wheel in its own environment."""

    name: str
    about: str
    lane: Lane
    selected: tuple[str, ...]
    kind: Kind | None = None
    interpreter: Interpreter | None = None

    def __str__(self) -> str:
        where = f", {self.interpreter}" if self.interpreter else ""
        return f"{self.name}: {self.about}{where}"


class PassFailed(Exception):
    """A pass, or the making of its environment, did not succeed."""


def all_passes(interpreters: Sequence[Interpreter], tree: tuple[int, int]) -> list[Pass]:
    """Every pass on a machine with these interpreters, which are sorted, the oldest first.

    ``tree`` is the minor version of the tree's own environment.
    """
    # The whole is minutes long, so each CPython runs it once: one of them has the tree, the others
    # have the wheel, the newest of them without speed-ups, one with the oldest dependencies.
    *others, newest = [
        python for python in interpreters if python.version[:2] != tree
    ] or interpreters
    oldest = others[0] if others else interpreters[0]
    again = ("-m", "not slow and not tree")
    passes = [
        Pass("tree", "the tree, what is quick", "quick", (*ON_ALL_PROCESSORS, "-m", "not slow")),
        Pass("wheel", "the wheel, tried once", "quick", TRIAL, "wheel", interpreters[0]),
        # Properties, which ran with few examples, run again with many.
        Pass("slow", "the tree, what is slow", "full", (*ON_ALL_PROCESSORS, "-m", SLOW)),
    ]
    if oldest.version[:2] <= LOWEST_RUNS_UP_TO:
        about = "the wheel with the oldest dependencies admitted"
        passes.append(Pass("lowest", about, "full", again, "lowest", oldest))
        others = others[1:]
    passes += [
        Pass(f"wheel-{python.minor}", "the wheel", "full", again, "wheel", python)
        for python in others
    ]
    about = "the wheel without compiled speed-ups"
    return [*passes, Pass("pure", about, "full", again, "pure", newest)]


def prepare(this: Pass) -> Path:
    """The Python of the environment of a pass, which is made if need be."""
    if this.kind is None or this.interpreter is None:
        return python_of(TREE)
    suffix = this.interpreter.minor if this.kind == "wheel" else this.kind
    environment = ROOT / f".venv-{suffix}"
    try:
        wheel = artifacts().wheel
        make_for_wheel(environment, Path(this.interpreter.path), wheel, this.kind)
    except subprocess.CalledProcessError as error:
        output = f"{error.stdout or ''}{error.stderr or ''}\n{environment.name} could not be made"
        raise PassFailed(f"{output}; this failed: {' '.join(map(str, error.cmd))}") from error
    return python_of(environment)


def memory_disk() -> Path | None:
    """Where files cost no waiting for a disk, if this machine has such a place with enough room.

    In many containers it is of 64 MB, or nothing may be executed from it; tests run git's hooks.
    """
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return None
    is_fit = os.access(MEMORY, os.W_OK) and not room.f_flag & os.ST_NOEXEC
    return MEMORY if is_fit and room.f_bavail * room.f_frsize >= ROOM else None


def start_pytest(this: Pass, folder: Path, temporary: str) -> subprocess.Popen[bytes]:
    """Start the tests of a pass in ``folder``, once its environment is made."""
    command: list[str | Path] = [prepare(this), *PYTEST, *this.selected]
    return subprocess.Popen(
        [*command, "--color=yes"] if sys.stdout.isatty() else command,
        cwd=folder,
        env=_environ(this) | {"TMPDIR": temporary},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def follow(process: subprocess.Popen[bytes]) -> str:
    """Pass on what pytest prints until it ends, and return its closing line."""
    assert process.stdout is not None
    output = b""
    while chunk := os.read(process.stdout.fileno(), 65536):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        output = (output + chunk)[-4096:]
    if process.wait():
        raise PassFailed(f"pytest ended with status {process.returncode}")
    return output.decode(errors="replace").strip().rpartition("\n")[2]


def _environ(this: Pass) -> dict[str, str]:
    # PYTHON…: no path may lead back to the tree, and compiled files must be kept, or each of the
    # many processes that the tests start compiles everything again. GIT_…: set inside git hooks.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_"))}
    profile = {"HYPOTHESIS_PROFILE": "thorough"} if this.name == "slow" else {}
    return kept | profile | {"AEXP_SUITE": this.kind or "tree"}


def execute(passes: Sequence[Pass]) -> None:
    """Run the passes at once, and show one after the other."""
    closing: list[str] = []
    with ExitStack() as at_the_end:
        place = at_the_end.enter_context(
            tempfile.TemporaryDirectory(dir=memory_disk(), ignore_cleanup_errors=True)
        )
        Path(place).chmod(0o755)  # some tests look at their files as another user
        copy = Path(place, "copy")
        # Without pytest_aexp: what the tests import there can only be what is installed.
        copy_tree(copy, tree_files(but=["pytest_aexp"]))

        def start(this: Pass) -> subprocess.Popen[bytes]:
            process = start_pytest(this, copy if this.kind else ROOT, place)
            at_the_end.callback(process.kill)
            return process

        # Tests and pip wait for a third of their time, for programs, timers and the network: the
        # passes share the processors. Once the run ends, be it by Ctrl-C, no more are started.
        starting = ThreadPoolExecutor(1)
        at_the_end.callback(starting.shutdown, cancel_futures=True)
        started = [starting.submit(start, this) for this in passes]
        for this, process in zip(passes, started, strict=True):
            _print(f"\n== {this}")
            try:
                closing += [str(this), follow(process.result())]
            except PassFailed as failure:
                sys.exit(
                    f"\nFAILED in {this}: {failure}\nAgain, alone: make test PASSES={this.name}"
                )
    _print("\n== all passed")
    _print("\n".join(closing))


def main(lane: str, *names: str) -> None:
    """Run the lane, or the named passes."""
    passes = all_passes(discover(), sys.version_info[:2])
    unknown = sorted(set(names) - {this.name for this in passes})
    if unknown:
        names_there = " ".join(this.name for this in passes)
        sys.exit(f"no such pass: {' '.join(unknown)}; there are: {names_there}")
    execute([this for this in passes if (this.name in names if names else this.lane == lane)])


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
