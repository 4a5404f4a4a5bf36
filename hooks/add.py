"""Ledger entries that a commit lacks: adding them to it, or saying how to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from pytest_aexp.ground.git.ignore_rules import ignoring_rules
from pytest_aexp.ground.git.run import run_git
from pytest_aexp.ground.text import shown
from pytest_aexp.model.entry import LEDGER_DIR, entry_path
from pytest_aexp.model.findings.citation import JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import UNSTAGED_ENTRY, Problem
from pytest_aexp.work.check.resolve import Place, Sources, resolve

from .commit import Commit

_NAMED = 20
_ANY_ENTRY = "0" * 32


def git_add(paths: Sequence[str]) -> str:
    """The command that stages ``paths``, or the ledger where they are very many."""
    return f"git add {' '.join(paths) if len(paths) <= _NAMED else LEDGER_DIR}"


def on_disk_only(findings: Sequence[Finding], sources: Sources) -> Iterator[str]:
    """The paths of entries that findings cite and that only the working tree has."""
    for citation in (citation for finding in findings for citation in finding.citations):
        if isinstance(citation, Resolvable):
            resolution = resolve(citation, sources)
            if resolution.place is Place.DISK and isinstance(citation, JobCitation):
                yield entry_path(citation.job_id)
            elif resolution.place is Place.DISK:
                yield from (entry.path for entry in resolution.entries)


def add(commit: Commit, paths: Sequence[str]) -> list[str]:
    """Stage the entries at ``paths`` as far as that is possible; those that were. Raises GitError.

    On a push there is no commit to add to, and ``git commit PATH`` would leave the index without
    what it commits. What git ignores is not forced into it.
    """
    if commit.pushed or _commits_named_files_only():
        return []
    ignored = ignoring_rules(commit.repository.root, paths)
    added = [path for path in paths if path not in ignored or commit.view.has_file(path)]
    location = commit.location
    if added:
        # Not `git add`: what git has, and ignores, that adds and then says that it cannot.
        names = "".join(f"{location.prefix}{path}\0" for path in added)
        command = ("update-index", "--add", "-z", "--stdin")
        run_git(command, location.top, stdin=os.fsencode(names))
    return added


def advised(commit: Commit, problem: Problem) -> Problem:
    """``problem``, with all that must be typed where an entry is not in the commit."""
    if problem.code != UNSTAGED_ENTRY.code:
        return problem
    fix = problem.fix
    path = entry_path(problem.fault.job_id or _ANY_ENTRY)
    rule = ignoring_rules(commit.repository.root, [path]).get(path)
    forced = fix.replace("git add ", "git add -f ")
    if rule is not None and commit.view.has_file(path):
        fix = forced
    elif rule is not None:
        # Only the block's own rule loses its effect when the block is written anew.
        is_own = rule.pattern.removeprefix("/") == ".aexp/*"
        install = f"run `aexp install`, then {fix.removeprefix('run ')}"
        then = install if is_own else f"{forced}; `aexp install` says how to end that"
        fix = f"git ignores it ({shown(rule.source)}:{rule.line}: {shown(rule.pattern)}): {then}"
    if commit.pushed:
        fix += ", commit, and push again"
    elif _commits_named_files_only():
        fix += " and name it in `git commit` too, which takes only the files it is given"
    return problem.but(fix=fix)


def _commits_named_files_only() -> bool:
    """Whether ``git commit PATH`` asks: what else is staged stays out of the commit."""
    # So git's builtin/commit.c calls it; that of `git commit -a` is index.lock.
    return os.path.basename(os.environ.get("GIT_INDEX_FILE", "")).startswith("next-index-")
