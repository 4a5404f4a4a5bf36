"""The real agentic-experiments, in an environment of its own: both scripts are called ``aexp``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tree import ROOT

VERSION = "0.6.1"
_ENVIRONMENT = ROOT / ".venv-reference"
_PATIENCE = 300.0


def reference_python() -> Path:
    """A Python that has agentic-experiments; AEXP_REFERENCE_PYTHON names one, else it is made."""
    named = os.environ.get("AEXP_REFERENCE_PYTHON")
    if named:
        return Path(named)
    python = _ENVIRONMENT / "bin" / "python"
    ready = _ENVIRONMENT / f"made-{VERSION}"
    if not ready.exists():
        _make(python, ready)
    return python


def _make(python: Path, ready: Path) -> None:
    lock = _ENVIRONMENT.with_suffix(".lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return _wait_for(ready, lock)
    try:
        venv = ("-m", "venv", "--clear", "--without-pip", _ENVIRONMENT)
        subprocess.run([sys.executable, *venv], check=True)
        pip = ("-m", "pip", "--python", python, "install", "-qq", "--no-compile")
        subprocess.run([sys.executable, *pip, f"agentic-experiments=={VERSION}"], check=True)
        ready.touch()
    finally:
        lock.unlink()
    return None


def _wait_for(ready: Path, lock: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while not ready.exists():
        if not lock.exists() and not ready.exists():
            raise AssertionError("the environment of agentic-experiments could not be made")
        if time.monotonic() > until:
            raise AssertionError(f"nobody finished {_ENVIRONMENT}; remove {lock}")
        time.sleep(0.2)


def run_reference(python: Path, repo: Path, code: str) -> str:
    """What the reference prints when it runs ``code`` in ``repo``."""
    done = subprocess.run(
        [python, "-c", code], cwd=repo, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def reference_validates(python: Path, repo: Path) -> subprocess.CompletedProcess[str]:
    """What the reference's own check of runs and citations says."""
    return subprocess.run(
        [python, "-m", "aexp", "validate", "--runs-only"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )
