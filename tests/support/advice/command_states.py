"""States in which commands and runs print advice, apart from the problems with a code."""

from __future__ import annotations

from collections.abc import Callable

from repositories import add_entry, add_segment, batch, entry_of, git, job, job_id_of, write

from advice.following import JOB_ID, POINT, Case, type_in
from pytest_aexp.runs import mark_status, open_run, run_lifecycle

SEED_9 = job_id_of({**POINT, "seed": 9})
Make = Callable[[Case], object]


def nothing(case: Case) -> None:
    """The state before."""


def ended_of_nothing(case: Case) -> None:
    """An entry without the time at which its run ended, which the machine with it knows."""
    case.run_there(3, ended_at="2026-05-28T11:00:00Z")


def only_here(case: Case) -> None:
    case.run(9)
    case.cite(batch("E005"))


def misspelt(case: Case) -> None:
    case.cite(job(JOB_ID).replace("job,", "jobs,"))


def damaged(case: Case) -> None:
    case.entry.write_text("{")


def damaged_and_uncited(case: Case) -> None:
    case.write(f".aexp/ledger/{SEED_9}.json", "{")


def on_another_branch(case: Case) -> None:
    job_id = case.run(9)
    git(case.repo, "checkout", "-qb", "other")
    add_entry(case.repo, {**POINT, "seed": 9})
    case.commit()
    git(case.repo, "checkout", "-q", "main")
    assert not (case.repo / f".aexp/ledger/{job_id}.json").exists()


def cited_and_packed(case: Case) -> None:
    add_segment(case.repo, [entry_of({**POINT, "seed": 9})])
    case.cite(job(SEED_9))


def folder_in_the_way(case: Case) -> None:
    add_segment(case.repo, [entry_of({**POINT, "seed": 9})])
    case.write(f".aexp/ledger/{SEED_9}.json/x", "x")


def outranked(case: Case) -> None:
    """Another machine's complete attempt, where this one's failed."""
    case.run(3, "failed", ended_at="2026-05-29T11:00:00Z")
    add_entry(case.repo, POINT, registered_machine="other", ended_at="2026-05-28T11:00:00Z")


def imported_elsewhere(case: Case) -> None:
    """A file of runs that says less of one than another machine's entry."""
    add_entry(case.repo, POINT, registered_machine="other", ended_at="2026-05-28T11:00:00Z")
    write(case.repo, "all.csv", "condition,seed,status\nfull,3,failed\n")


def gone(case: Case) -> None:
    """An entry of this machine whose run is in its store no more."""
    case.run(9)
    add_entry(case.repo, {**POINT, "seed": 8}, registered_machine="cluster")


def bare_within(case: Case) -> None:
    git(case.world, "clone", "-q", "--bare", "repo", "repo/vendored")


def skipped(case: Case) -> None:
    git(case.repo, "update-index", "--skip-worktree", f".aexp/ledger/{JOB_ID}.json")
    case.entry.unlink()


def pushed_elsewhere(case: Case) -> None:
    case.run_there(9)
    type_in(case.cluster, f"aexp ledger promote {SEED_9}")
    git(case.cluster, "add", "-A")
    git(case.cluster, "commit", "-qm", "run")
    git(case.cluster, "push", "-q")


def shallow(case: Case) -> None:
    (case.repo).rename(case.world / "whole")
    origin = (case.world / "origin.git").as_uri()
    git(case.world, "clone", "-q", "--depth", "1", origin, "repo")


def with_agent_command(case: Case) -> None:
    type_in(case.repo, "aexp install --agent-commands")
    (case.repo / ".claude/commands/aexp-validate.md").write_text("mine")


def damaged_marker(case: Case) -> None:
    case.write(".aexp/installed.json", "{")


def label(text: str) -> Make:
    return lambda case: case.write(".aexp/installed.json", f'{{"machine_label": "{text}"}}')


def deleted_by_both(case: Case) -> None:
    """Neither version of an entry in conflict can be used."""
    git(case.repo, "checkout", "-qb", "other")
    case.entry.write_text("{}")
    case.commit()
    git(case.repo, "checkout", "-q", "main")
    case.entry.write_text("[]")
    case.commit()
    git(case.repo, "merge", "other", check=False)


def of_another_program(case: Case) -> None:
    case.run(9, "done")


def end_with_a_status_of_its_own(case: Case) -> None:
    run = open_run(case.run(9, "created"))
    with run_lifecycle(run):
        run.doc["status"] = "done"


def end_without_a_ledger(case: Case) -> None:
    """The entry cannot be written while a folder lies in its place."""
    place = case.repo / f".aexp/ledger/{SEED_9}.json"
    place.mkdir()
    mark_status(open_run(SEED_9), "complete")
    place.rmdir()


def begun(case: Case) -> None:
    """A program that is told to end while its run is running."""
    text = (
        "import os, signal\nfrom pytest_aexp.runs import open_run, run_lifecycle\n"
        "signal.signal(signal.SIGTERM, lambda *_: None)\n"
        f"with run_lifecycle(open_run({case.run(9, 'created')!r})):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    case.write("../train.py", text)
