"""``aexp run`` as it is typed, around real programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import run_aexp
from runscripts import document_of, entry_in

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.runs import find_runs, init_run_store

RUN = ("run", "-E", "E003", "--sp", "C=1", "--sp", "name=x y", "--")


@pytest.fixture
def store(repo: Path) -> Path:
    init_run_store(repo)
    return repo


def only_run() -> str:
    (job,) = find_runs()
    return str(job.id)


@pytest.mark.parametrize(("code", "status"), [(0, "complete"), (3, "failed")])
def test_the_exit_status_of_the_program_is_recorded_and_handed_on(
    store: Path, capsys: pytest.CaptureFixture[str], code: int, status: str
) -> None:
    assert run_aexp(capsys, *RUN, sys.executable, "-c", f"exit({code})")[0] == code
    entry = entry_in(store, only_run())
    assert entry["status"] == status
    assert {"started_at", "ended_at", "wallclock_s", "attempt"} <= set(entry)
    assert (entry["statepoint"]["C"], entry["statepoint"]["name"]) == (1, "x y")


def test_the_program_finds_its_run(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = "import os; open(os.environ['AEXP_RUN_DIR'] + '/' + os.environ['AEXP_RUN_ID'], 'w')"
    run_aexp(capsys, *RUN, sys.executable, "-c", program)
    job_id = only_run()
    assert (store / ".runs/workspace" / job_id / job_id).exists()


def test_a_program_that_is_not_there_registers_nothing(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run_aexp(capsys, *RUN, "no-such-program")
    assert (status, err) == (2, 'aexp: "no-such-program" was not found, or is not a program\n')
    assert find_runs() == []


@pytest.mark.parametrize("text", ["C", "=1"])
def test_a_parameter_without_a_name_or_value_is_refused(
    store: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert run_aexp(capsys, "run", "-E", "E003", "--sp", text, "--", sys.executable)[0] == 2


def test_what_the_program_measured_enters_the_document(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write = 'open(\'m.json\', \'w\').write(\'{"accuracy": 0.9, "status": "x", "aexp": 1}\')'
    arguments = ("run", "-E", "E003", "--metrics", "m.json", "--", sys.executable, "-c")
    assert run_aexp(capsys, *arguments, write)[0] == 0
    document = document_of(store, only_run())
    assert (document["accuracy"], document["status"]) == (0.9, "complete")
    assert document["aexp"]["experiment_id"] == "E003"


def test_metrics_of_an_earlier_attempt_are_not_taken(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store / "m.json").write_text('{"accuracy": 0.9}')
    arguments = ("run", "-E", "E003", "--metrics", "m.json", "--", sys.executable, "-c", "")
    status, _, err = run_aexp(capsys, *arguments)
    assert (status, '"m.json" was not written\n' in err) == (0, True)
    assert "accuracy" not in document_of(store, only_run())


@pytest.mark.parametrize("text", ["[1]", "{", "\xff"])
def test_metrics_that_cannot_be_read_are_said_and_harm_nothing(
    store: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    program = f"open('m.json', 'wb').write({text!r}.encode('latin-1'))"
    arguments = ("run", "-E", "E003", "--metrics", "m.json", "--", sys.executable, "-c")
    status, _, err = run_aexp(capsys, *arguments, program)
    assert (status, err.count("the metrics of run")) == (0, 1)
    assert document_of(store, only_run())["status"] == "complete"


def ended_by(store: Path, program: str, signum: int) -> tuple[int, str]:
    """The exit status of the command, and that of the run, after a signal to the command alone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_aexp", *RUN, sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not (store / "ready").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signum)
    status = process.wait(60)
    return status, str(entry_in(store, only_run())["status"])


@pytest.mark.skipif(os.name != "posix", reason="real signals are POSIX's")
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_run_is_stopped(store: Path, signum: int) -> None:
    program = "import time; open('ready', 'w'); [time.sleep(0.1) for _ in range(600)]"
    status = 1 if signum == signal.SIGINT else 128 + signum
    assert ended_by(store, program, signum) in ((status, "stopped"), (130, "stopped"))


@pytest.mark.skipif(os.name != "posix", reason="real signals are POSIX's")
def test_a_program_that_saves_and_leaves_in_good_order_is_stopped_all_the_same(
    store: Path,
) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGUSR1, lambda *_: exit(0)); "
        "open('ready', 'w'); [time.sleep(0.1) for _ in range(600)]"
    )
    assert ended_by(store, program, signal.SIGUSR1) == (0, "stopped")


def test_a_lifecycle_inside_the_program_is_part_of_the_attempt(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = (
        "import os; from pytest_aexp.runs import open_run, run_lifecycle\n"
        "with run_lifecycle(open_run(os.environ['AEXP_RUN_ID'])): {body}"
    )
    assert run_aexp(capsys, *RUN, sys.executable, "-c", program.format(body="pass"))[0] == 0
    entry = entry_in(store, only_run())
    assert (entry["status"], entry["attempt"]) == ("complete", 1)
    swallowed = program.format(body="1 / 0").replace("with", "try:\n  with", 1)
    swallowed += "\nexcept ZeroDivisionError: pass"
    (store / ".aexp/ledger" / f"{only_run()}.json").unlink()
    assert run_aexp(capsys, *RUN, sys.executable, "-c", swallowed)[0] == 0
    assert entry_in(store, only_run())["status"] == "failed"
    assert Ledger(WorkTree(store)).job_ids == {only_run()}
