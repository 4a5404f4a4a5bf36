"""Real processes that hold a run, for tests that send them real signals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_aexp.ledger import load_ledger_entry

PATIENCE = 60.0
_HEADER = """
import os, signal, sys, threading, time
# signac would import it where it is, which takes longer than all the rest.
sys.modules["numpy"] = None
from pytest_aexp.runs import create_run, mark_status, open_run, run_lifecycle

# Whatever the tests themselves run under, such as nohup.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

def ready():
    print("ready", flush=True)

def sleep():
    # A little at a time: Python does not leave a system call for what came just before it.
    for _ in range(600):
        time.sleep(0.1)

def ready_until_signalled():
    came, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    ready()
    os.read(came, 1)

"""


@dataclass(frozen=True)
class Ended:
    """How a script ended, and what it printed after ``ready``."""

    status: int
    out: str
    err: str


def run_script(cwd: Path, body: str, *signals: int, **environment: str) -> Ended:
    """Run Python code; at each line ``ready`` that it prints, send it the next signal."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HEADER + textwrap.dedent(body)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            for signum in signals:
                line = process.stdout.readline() if process.stdout else ""
                assert line == "ready\n", (line, process.communicate(timeout=PATIENCE))
                process.send_signal(signum)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return Ended(process.returncode, out, err)


def document_of(repo: Path, job_id: str, store: str = ".runs") -> dict[str, Any]:
    """A run's document, as it lies on the disk."""
    path = repo / store / "workspace" / job_id / "signac_job_document.json"
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def entry_in(repo: Path, job_id: str) -> dict[str, Any]:
    """A run's ledger entry, which must be there."""
    entry = load_ledger_entry(repo, job_id)
    assert entry is not None, f"no entry of {job_id}"
    return entry
