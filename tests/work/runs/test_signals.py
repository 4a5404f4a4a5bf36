"""Real signals, sent to real processes that hold a run."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from runscripts import Ended, document_of, entry_in, run_script

from pytest_aexp.runs import create_run, init_run_store, run_lifecycle
from pytest_aexp.work.runs.signals import ENDING, Watch, held

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
LIMITS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU, signal.SIGALRM)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="real signals are POSIX's")


@pytest.fixture
def job(repo: Path) -> Any:
    init_run_store(repo)
    return create_run(experiment_id="E001", statepoint={"seed": 1})


def run_body(repo: Path, job: Any, body: str, *signals: int) -> Ended:
    """Run code with ``job`` open in a process of its own."""
    return run_script(repo, f"job = open_run('{job.id}')\n{body}", *signals)


SLEEP = """
with run_lifecycle(job):
    try:
        ready(); sleep()
    finally:
        print("cleaned up")
"""


@pytest.mark.parametrize("signum", [*SIGNALS, *LIMITS, signal.SIGINT])
def test_a_signal_stops_the_run_and_ends_the_process_as_ever(
    repo: Path, job: Any, signum: int
) -> None:
    ended = run_body(repo, job, SLEEP, signum)
    assert ended.status == -signum
    assert ended.out == "cleaned up\n"
    entry = entry_in(repo, job.id)
    assert entry["status"] == "stopped"
    assert {"started_at", "ended_at", "wallclock_s"} <= set(entry)
    assert document_of(repo, job.id)["status"] == "stopped"


@pytest.mark.parametrize("signum", SIGNALS)
def test_an_ignored_signal_stays_ignored(repo: Path, job: Any, signum: int) -> None:
    body = f"""
signal.signal({int(signum)}, signal.SIG_IGN)
with run_lifecycle(job):
    ready(); sys.stdin.read(); time.sleep(0.3)
"""
    assert run_body(repo, job, body, signum).status == 0
    assert entry_in(repo, job.id)["status"] == "complete"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("body", "exit_status", "status"),
    [
        # Its own handler leaves: cut short, whatever exit status it chose.
        ("def handler(*_): sys.exit(0)", 0, "stopped"),
        ("def handler(*_): sys.exit(3)", 3, "stopped"),
        ("def handler(*_): raise RuntimeError", 1, "stopped"),
        # Its own handler makes a note, and the block ends in its own time: before its last step.
        ("def handler(*_): asked.append(1)", 0, "stopped"),
    ],
)
def test_a_handler_of_the_users_is_called_as_ever(
    repo: Path, job: Any, signum: signal.Signals, body: str, exit_status: int, status: str
) -> None:
    program = f"""
asked = []
{body}
signal.signal(signal.{signum.name}, handler)
with run_lifecycle(job):
    ready()
    until = time.monotonic() + 30
    while not asked and time.monotonic() < until: time.sleep(0.01)
assert signal.getsignal(signal.{signum.name}) is handler
"""
    assert run_body(repo, job, program, signum).status == exit_status
    assert entry_in(repo, job.id)["status"] == status


def test_a_failure_long_after_a_signal_that_was_handled_is_a_failure(repo: Path, job: Any) -> None:
    program = """
asked = []
signal.signal(signal.SIGHUP, lambda *_: asked.append(1))
with run_lifecycle(job):
    ready()
    while not asked: time.sleep(0.01)
    1 / 0
"""
    assert run_body(repo, job, program, signal.SIGHUP).status == 1
    assert entry_in(repo, job.id)["status"] == "failed"


def test_a_run_that_went_on_to_its_end_after_a_signal_says_so_itself(repo: Path, job: Any) -> None:
    program = """
asked = []
signal.signal(signal.SIGUSR1, lambda *_: asked.append(1))
with run_lifecycle(job):
    ready()
    while not asked: time.sleep(0.01)
    mark_status(job, "complete")
"""
    ended = run_body(repo, job, program, signal.SIGUSR1)
    assert (ended.status, ended.err) == (0, "")
    assert entry_in(repo, job.id)["status"] == "complete"


@pytest.mark.parametrize("handler", ["asked.append(1)", "sys.exit(0)"])
def test_where_the_block_returns_after_a_signal_one_line_says_how_to_call_it_complete(
    repo: Path, job: Any, handler: str
) -> None:
    program = f"""
asked = []
signal.signal(signal.SIGUSR1, lambda *_: {handler})
with run_lifecycle(job):
    ready()
    while not asked: time.sleep(0.01)
"""
    ended = run_body(repo, job, program, signal.SIGUSR1)
    assert (ended.status, entry_in(repo, job.id)["status"]) == (0, "stopped")
    assert ended.err == (
        f"aexp: run {job.id} is recorded as stopped, since SIGUSR1 came; if it was complete all "
        'the same, call mark_status(run, "complete") after its last step, inside the block, or '
        f"run `aexp mark {job.id} complete` now\n"
    )


def test_a_handler_that_says_so_itself_needs_no_explanation(repo: Path, job: Any) -> None:
    program = """
signal.signal(signal.SIGUSR1, lambda *_: (mark_status(job, "stopped"), sys.exit(0)))
with run_lifecycle(job):
    ready(); sleep()
"""
    ended = run_body(repo, job, program, signal.SIGUSR1)
    assert (ended.status, ended.err) == (0, "")
    assert entry_in(repo, job.id)["status"] == "stopped"


def test_a_handler_installed_in_the_block_stays(repo: Path, job: Any) -> None:
    program = """
with run_lifecycle(job):
    signal.signal(signal.SIGTERM, lambda *_: print("mine"))
ready()
sys.stdin.read(); time.sleep(0.3)
"""
    ended = run_body(repo, job, program, signal.SIGTERM)
    assert (ended.status, ended.out) == (0, "mine\n")
    assert entry_in(repo, job.id)["status"] == "complete"


@pytest.mark.parametrize(
    "swallowing",
    [
        "except BaseException: print('swallowed')",
        "except BaseException: raise RuntimeError('another') from None",
        "except BaseException: sys.exit(0)",
    ],
)
def test_a_block_that_swallows_everything_does_not_survive_the_signal(
    repo: Path, job: Any, swallowing: str
) -> None:
    program = f"""
with run_lifecycle(job):
    try: ready(); sleep()
    {swallowing}
print("still here")
"""
    ended = run_body(repo, job, program, signal.SIGTERM)
    assert ended.status == -signal.SIGTERM
    assert "still here" not in ended.out
    assert entry_in(repo, job.id)["status"] == "stopped"


def test_each_of_two_runs_in_one_another_is_stopped(repo: Path, job: Any) -> None:
    program = """
inner = create_run(experiment_id="E002", include_commit=False)
with run_lifecycle(job), run_lifecycle(inner):
    print(inner.id) or ready(); sleep()
"""
    program = program.replace("print(inner.id) or ready()", "ready()")
    other = create_run(experiment_id="E002", include_commit=False)
    assert run_body(repo, job, program, signal.SIGTERM).status == -signal.SIGTERM
    assert entry_in(repo, job.id)["status"] == "stopped"
    assert entry_in(repo, other.id)["status"] == "stopped"


def test_a_sweep_does_not_go_on_after_the_signal(repo: Path, job: Any) -> None:
    program = """
for seed in range(3):
    try:
        with run_lifecycle(create_run(experiment_id="E003", statepoint={"seed": seed})):
            ready(); sleep()
    except Exception:
        print("next")
"""
    ended = run_body(repo, job, program, signal.SIGTERM)
    assert (ended.status, ended.out) == (-signal.SIGTERM, "")


def test_an_event_loop_is_stopped(repo: Path, job: Any) -> None:
    program = """
import asyncio
async def train():
    with run_lifecycle(job):
        ready(); await asyncio.sleep(60)
asyncio.run(train())
"""
    assert run_body(repo, job, program, signal.SIGTERM).status == -signal.SIGTERM
    assert entry_in(repo, job.id)["status"] == "stopped"


SLOW_PROMOTION = """
from pytest_aexp.work.promote.promote import Promoter
promote = Promoter.promote
def slowly(*args, **kwargs):
    ready_until_signalled()
    return promote(*args, **kwargs)
Promoter.promote = slowly
with run_lifecycle(job): {body}
"""


@pytest.mark.parametrize("signum", [*SIGNALS, signal.SIGINT])
@pytest.mark.parametrize(("body", "status"), [("pass", "complete"), ("1 / 0", "failed")])
def test_a_signal_waits_until_the_run_is_recorded(
    repo: Path, job: Any, signum: int, body: str, status: str
) -> None:
    ended = run_body(repo, job, SLOW_PROMOTION.format(body=body), signum)
    assert ended.status == -signum
    assert entry_in(repo, job.id)["status"] == status
    assert document_of(repo, job.id)["status"] == status


SLOW_START = """
from pytest_aexp.work.runs.attempt import Attempt
start = Attempt.start
def slowly(self, document):
    ready_until_signalled()
    start(self, document)
Attempt.start = slowly
with run_lifecycle(job): print("in the block")
"""


@pytest.mark.parametrize("signum", [*SIGNALS, signal.SIGINT])
def test_a_signal_at_the_very_start_leaves_no_run_running(
    repo: Path, job: Any, signum: int
) -> None:
    ended = run_body(repo, job, SLOW_START, signum)
    assert (ended.status, ended.out) == (-signum, "")
    assert entry_in(repo, job.id)["status"] == "stopped"


def test_a_second_signal_changes_nothing(repo: Path, job: Any) -> None:
    program = SLOW_PROMOTION.format(body="ready(); sleep()")
    ended = run_body(repo, job, program, signal.SIGTERM, signal.SIGTERM)
    assert ended.status == -signal.SIGTERM
    assert entry_in(repo, job.id)["status"] == "stopped"


@pytest.mark.parametrize("signum", [*SIGNALS, signal.SIGINT])
def test_a_signal_after_the_block_and_before_it_could_wait_is_recorded(
    repo: Path, job: Any, signum: int
) -> None:
    program = f"""
from pytest_aexp.work.runs import lifecycle
held, calls = lifecycle.held, []
def late():
    calls.append(1)
    if len(calls) == 2: signal.raise_signal({int(signum)})
    return held()
lifecycle.held = late
with run_lifecycle(job): pass
"""
    assert run_body(repo, job, program).status == -signum
    assert entry_in(repo, job.id)["status"] == "stopped"


def test_runs_that_end_in_the_order_they_began_leave_no_handler_behind(
    repo: Path, job: Any
) -> None:
    other = create_run(experiment_id="E002", include_commit=False)
    program = f"""
first, second = run_lifecycle(job), run_lifecycle(open_run("{other.id}"))
first.__enter__(); second.__enter__()
first.__exit__(None, None, None); second.__exit__(None, None, None)
ready(); sleep()
"""
    assert run_body(repo, job, program, signal.SIGTERM).status == -signal.SIGTERM
    assert entry_in(repo, job.id)["status"] == "complete"
    assert entry_in(repo, other.id)["status"] == "complete"


def test_a_child_that_is_forked_during_the_run_is_not_the_run(repo: Path, job: Any) -> None:
    program = """
with run_lifecycle(job):
    if os.fork() == 0:
        sys.exit(5)   # leaves the block, in the child
    _, how = os.wait()
    assert os.waitstatus_to_exitcode(how) == 5
    print(job.doc["status"])
"""
    ended = run_body(repo, job, program)
    assert (ended.status, ended.out) == (0, "running\n"), ended.err
    assert entry_in(repo, job.id)["status"] == "complete"


def test_a_worker_process_is_ended_by_the_signal_as_ever(repo: Path, job: Any) -> None:
    program = """
import multiprocessing
with run_lifecycle(job):
    worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    worker.start(); time.sleep(0.2); worker.terminate(); worker.join()
    print(worker.exitcode, job.doc["status"])
"""
    ended = run_body(repo, job, program)
    assert (ended.status, ended.out) == (0, f"{-signal.SIGTERM} running\n"), ended.err
    assert entry_in(repo, job.id)["status"] == "complete"


def test_after_the_block_the_signals_are_as_they_were(job: Any) -> None:
    before = [signal.getsignal(each) for each in (*SIGNALS, signal.SIGINT)]
    with run_lifecycle(job):
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is before[-1]
    assert [signal.getsignal(each) for each in (*SIGNALS, signal.SIGINT)] == before


def test_only_the_main_thread_touches_signals() -> None:
    seen: list[Any] = []

    def elsewhere() -> None:
        watch = Watch(elsewhere.__code__)
        watch.start()
        with held():
            seen.append(signal.getsignal(signal.SIGTERM))
        watch.stop()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
    assert ENDING == SIGNALS + LIMITS


def test_what_came_while_signals_were_held_comes_afterwards() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), held():  # noqa: PT012
            signal.raise_signal(signal.SIGINT)
            reached = True
        assert reached
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_of_two_signals_that_were_held_the_one_that_ends_the_process_is_not_lost(
    repo: Path, job: Any
) -> None:
    twice = "ready_until_signalled(); ready_until_signalled()"
    program = SLOW_PROMOTION.format(body="pass").replace("ready_until_signalled()", twice)
    ended = run_body(repo, job, program, signal.SIGINT, signal.SIGTERM)
    assert ended.status == -signal.SIGTERM
    assert entry_in(repo, job.id)["status"] == "complete"


def test_no_exception_comes_up_in_the_code_that_leaves_the_run() -> None:
    def leave() -> None:
        watch.start()
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            watch.stop()

    watch = Watch(leave.__code__)
    leave()
    assert not watch.fatal
    delivered: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: delivered.append(number))
    try:
        watch.deliver()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert delivered == [signal.SIGTERM]


@pytest.mark.slow
def test_at_whatever_moment_the_signal_comes_the_run_is_recorded(repo: Path, job: Any) -> None:
    # Each child runs for about as long as its parent waits before it sends the signal, so that
    # many signals come while the child enters or leaves the block.
    program = """
import random
from pytest_aexp.runs import find_runs
random.seed(7)
lost = []
for seed in range(150):
    job = create_run(experiment_id="E004", statepoint={"seed": seed}, include_commit=False)
    inside, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(told, b"x")
        with run_lifecycle(job, heartbeat_s=0.001): time.sleep(0.003)
        os._exit(0)
    os.read(inside, 1)
    time.sleep(random.uniform(0.0, 0.02))
    os.kill(child, signal.SIGTERM)
    how = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(inside); os.close(told)
    status = open_run(job.id).doc["status"]
    expected = {0: ("complete",), -15: ("created", "stopped", "complete")}
    if status not in expected.get(how, ()): lost.append((how, status))
print(lost)
"""
    ended = run_body(repo, job, program)
    assert (ended.status, ended.out) == (0, "[]\n"), ended.err
