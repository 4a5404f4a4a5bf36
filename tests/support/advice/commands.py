"""Advice that commands and the runs themselves print, apart from the problems with a code."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from repositories import (
    add_entry,
    add_segment,
    batch,
    entry_of,
    git,
    job,
    job_id_of,
)

from advice.entries import merged_and_added
from advice.evidence import alone
from advice.following import JOB_ID, POINT, Case, type_in
from advice.places import marker_in_git, sparse
from pytest_aexp.cli import main
from pytest_aexp.runs import mark_status, open_run, run_lifecycle

_ADVISED = re.compile(r"`((?:aexp|git|rm|unset|GIT_DIR=)[^`]+)`|next: ((?:aexp|git|cd|pytest) .*)")
_THEN = re.compile(r", (?:then )?commit.*$")
SEED_9 = job_id_of({**POINT, "seed": 9})

Make = Callable[[Case], object]


@dataclass(frozen=True)
class Typed:
    """A state, what is typed in it, and what that prints of what to type next.

    ``says`` must not be printed once that was typed and the command, or ``then``, is typed again.
    ``pick`` are those of the commands that are typed; with ``elsewhere``, on the machine with the
    runs. ``before`` is typed with it, in one shell.
    """

    make: Make
    command: str | Callable[[Case], object]
    says: str
    pick: tuple[int, ...] = (0,)
    fill: Mapping[str, str] = field(default_factory=dict)
    then: str = ""
    elsewhere: bool = False
    before: str = ""


def printed(case: Case, command: str | Callable[[Case], object], before: str = "") -> str:
    """What a command prints, in whichever way, or the code of a program of the user's."""
    if isinstance(command, str) and (before or not command.startswith("aexp ")):
        return type_in(case.repo, f"{{ {before or ':'}; {command}; }} 2>&1 || :")
    with (
        contextlib.chdir(case.repo),
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(out),
        contextlib.suppress(SystemExit),
    ):
        if isinstance(command, str):
            main(shlex.split(command)[1:])
        else:
            command(case)
    return out.getvalue()


def advised(text: str) -> list[str]:
    """The commands that ``text`` advises to type."""
    return [_THEN.sub("", quoted or bare) for quoted, bare in _ADVISED.findall(text)]


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


def folder_of_an_entry(case: Case) -> None:
    case.run(9)
    (case.repo / f".aexp/ledger/{SEED_9}.json").mkdir()


def outranked(case: Case) -> None:
    """Another machine's complete attempt, where this one's failed."""
    case.run(3, "failed", ended_at="2026-05-29T11:00:00Z")
    add_entry(case.repo, POINT, registered_machine="other", ended_at="2026-05-28T11:00:00Z")


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


def installed(case: Case) -> None:
    type_in(case.repo, "aexp install --machine-label cluster")
    case.commit()


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


COMMANDS = {
    "a mistyped verb": Typed(nothing, "aexp validat", "did you mean", then="aexp validate"),
    "a mistyped verb of a group": Typed(
        nothing, "aexp ledger lst", "did you mean", then="aexp ledger list"
    ),
    "a verb that is none": Typed(
        nothing, "aexp ledger bogus", "lists the commands", then="aexp ledger list"
    ),
    "a finding that is none": Typed(
        nothing,
        f"aexp cite F003 {JOB_ID}",
        "is not a finding",
        fill={"TITLE": "'It holds'"},
    ),
    "a new finding": Typed(
        nothing,
        "aexp finding new 'It holds'",
        "next: ",
        fill={"RUN": JOB_ID},
        then="aexp validate",
    ),
    "a pin without an end": Typed(
        ended_of_nothing, "aexp cite F001 --pin", "cannot be pinned", elsewhere=True
    ),
    "a pin of runs of this machine": Typed(only_here, "aexp cite F001 --pin", "cannot be pinned"),
    "citations to mend first": Typed(misspelt, f"aexp cite F001 {JOB_ID}", "fix its existing"),
    "citations that were mended": Typed(misspelt, "aexp fix F001", "1 finding changed"),
    "entries to commit": Typed(
        lambda case: case.run(9), "aexp ledger backfill", "next: ", then="aexp validate"
    ),
    "an entry of another branch": Typed(
        on_another_branch, "aexp ledger backfill", "another branch"
    ),
    "runs that are gone": Typed(
        gone, "aexp ledger backfill", "2 entries of this machine", fill={"…": "it was another run"}
    ),
    "a list without some": Typed(
        damaged_and_uncited, "aexp ledger list", "cannot be used", then="aexp ledger check"
    ),
    "cited and packed": Typed(cited_and_packed, "aexp ledger pack", "older readers"),
    "a folder in the way": Typed(folder_in_the_way, f"aexp ledger unpack {SEED_9}", "not unpacked"),
    "an entry to look at": Typed(
        damaged, f"aexp ledger show {JOB_ID}", "cannot be used", then="aexp status"
    ),
    "a run of this machine": Typed(
        lambda case: case.run(9), f"aexp ledger show {SEED_9}", "only in this machine"
    ),
    "a run that is not here": Typed(
        nothing, "aexp ledger show 0123456", "there is no run", then=f"aexp ledger show {JOB_ID}"
    ),
    "a run to be pulled": Typed(
        pushed_elsewhere, f"aexp ledger show {SEED_9}", "there is no run", pick=(1,)
    ),
    "an old index": Typed(
        lambda case: case.run(9),
        "aexp runs-export-index",
        "DEPRECATED",
        pick=(1,),
        then="aexp validate",
    ),
    "lost runs": Typed(
        lambda case: case.run(9, "running", heartbeat_at="2026-01-01T00:00:00Z"),
        "aexp status",
        "lost; next",
    ),
    "no repository": Typed(
        lambda case: git(case.repo.parent, "init", "-q") and None,
        "cd / && aexp validate",
        "no repository",
        then="aexp validate",
    ),
    "what git does not mind": Typed(skipped, "aexp validate", "skip-worktree"),
    "what is not checked out": Typed(
        lambda case: sparse(case, ".aexp"), "aexp validate", "sparse checkout"
    ),
    "a bare repository within": Typed(
        bare_within,
        "cd vendored && aexp validate --at HEAD",
        "laid out as a bare",
        fill={"…": "validate --at HEAD"},
        then="aexp validate",
    ),
    "a variable for elsewhere": Typed(
        lambda case: git(case.world, "init", "-q", "elsewhere"),
        "aexp validate",
        "does not belong",
        before="export GIT_DIR=$PWD/../elsewhere/.git",
    ),
    "a store elsewhere": Typed(marker_in_git, "aexp install", "is in git and says"),
    "a condition that selects nothing": Typed(
        nothing,
        "aexp cite F001 --batch E005 'seed<3'",
        "a citation selects",
        then=f"aexp cite F001 {JOB_ID}",
    ),
    "a shallow clone": Typed(shallow, "aexp changes F001", "is shallow"),
    "an agent's instructions": Typed(
        with_agent_command, "aexp install --agent-commands", "is not what this version writes"
    ),
    "a damaged marker": Typed(
        damaged_marker, "aexp install", "if it had another label", fill={"LABEL": "cluster"}
    ),
    "a label of any machine": Typed(
        label("localhost"), "aexp install", "does not tell", fill={"LABEL": "cluster"}
    ),
    "a label that is no file's": Typed(label("a:b"), "aexp install", "cannot name a file"),
    "what to commit": Typed(
        nothing, "aexp install", "next: ", before="export GIT_EDITOR='echo install >'"
    ),
    "markers that were added": Typed(merged_and_added, "aexp ledger resolve", "were added"),
    "ours, by hand": Typed(deleted_by_both, "aexp ledger resolve", "neither version", pick=(0, 3)),
    "theirs, by hand": Typed(
        deleted_by_both, "aexp ledger resolve", "neither version", pick=(1, 3)
    ),
    "a run without an end": Typed(
        lambda case: case.run(9, "running"), f"aexp ledger promote {SEED_9}", "has not finished"
    ),
    "a status of another program": Typed(
        of_another_program, f"aexp ledger promote {SEED_9}", "not one of pytest-aexp's"
    ),
    "a status that is kept": Typed(
        of_another_program, f"aexp mark {SEED_9} failed", "not one of pytest-aexp's"
    ),
    "an entry that is kept": Typed(outranked, f"aexp ledger promote {JOB_ID}", "kept its ledger"),
    "no run store": Typed(nothing, f"aexp ledger promote {JOB_ID}", "no run store"),
    "no run store to mark in": Typed(nothing, f"aexp mark {JOB_ID} failed", "no run store"),
    "a retraction to commit": Typed(
        nothing,
        f"aexp retract {JOB_ID} --reason leak",
        "next: ",
        then="aexp ledger check",
    ),
    "a finding of a retracted run": Typed(
        alone,
        f"aexp retract {JOB_ID} --reason leak",
        "then for each finding",
        pick=(1,),
        fill={"…": "leak"},
        then="aexp validate",
    ),
    "a finding to withdraw": Typed(
        nothing, "aexp retract F001 --reason leak", "next: ", then="aexp validate"
    ),
    "a status of its own": Typed(
        nothing, end_with_a_status_of_its_own, "was kept", then=f"aexp ledger show {SEED_9}"
    ),
    "an entry that could not be written": Typed(
        lambda case: case.run(9, "running"),
        end_without_a_ledger,
        "could not be written",
        then=f"aexp ledger show {SEED_9}",
    ),
    "a stopped run": Typed(
        begun, "python ../train.py", "recorded as stopped", then="aexp ledger list status=stopped"
    ),
}
