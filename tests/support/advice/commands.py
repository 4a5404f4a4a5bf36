"""Advice that commands and the runs themselves print, apart from the problems with a code."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from repositories import git

from advice.command_states import (
    SEED_9,
    Make,
    bare_within,
    begun,
    cited_and_packed,
    damaged,
    damaged_and_uncited,
    damaged_marker,
    deleted_by_both,
    end_with_a_status_of_its_own,
    end_without_a_ledger,
    ended_of_nothing,
    folder_in_the_way,
    gone,
    imported_elsewhere,
    label,
    misspelt,
    nothing,
    of_another_program,
    on_another_branch,
    only_here,
    outranked,
    pushed_elsewhere,
    shallow,
    skipped,
    with_agent_command,
)
from advice.entries import merged_and_added
from advice.evidence import alone
from advice.following import JOB_ID, Case, type_in
from advice.places import marker_in_git, sparse
from pytest_aexp.cli import main

_ADVISED = re.compile(r"`((?:aexp|git|rm|unset|GIT_DIR=)[^`]+)`|next: ((?:aexp|git|cd|pytest) .*)")
_THEN = re.compile(r", (?:then )?commit.*$")


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
    "a work tree elsewhere": Typed(
        lambda case: git(case.repo, "config", "core.worktree", str(case.world)),
        "aexp validate",
        "core.worktree",
    ),
    "runs that have not ended": Typed(
        lambda case: case.run(9, "running"), "aexp ledger backfill", "unfinished", then="git status"
    ),
    "another number of the finding": Typed(
        nothing, "aexp evidence F1", "did you mean", pick=(), then="aexp evidence F001"
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
    "an entry that is kept from an import": Typed(
        imported_elsewhere,
        "aexp import csv all.csv --params condition,seed --experiment E005",
        "kept its ledger",
    ),
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
