"""The work of the hooks: judge what is about to be committed or pushed, and tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_aexp.ground.git.view import INDEX, GitView
from pytest_aexp.ground.repository import parse_strict_runs
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import LEDGER_DIR, entry_path
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import (
    UNPROMOTED,
    UNSTAGED_ENTRY,
    Fault,
    Outcome,
    Policy,
    Problem,
)
from pytest_aexp.model.stray_files import stray_at
from pytest_aexp.work.check.checker import Checker, judge_findings
from pytest_aexp.work.check.ledger import stray_fault

from .affected import affected_findings, affects_collection
from .commit import Commit, open_commit
from .early_exit import StagedDiff
from .records import deleted_records
from .segments import changed_segments, segment_faults

if TYPE_CHECKING:
    from pytest_aexp.model.batch_cache import RememberedRuns

    from .promote import Behind


def check_findings(staged: StagedDiff, strict_runs: str | None, *, adds: bool) -> int:
    """Promote, judge and tell; 1 if there is an error. Raises AexpError, OSError."""
    with open_commit(staged) as commit:
        configured = commit.repository.configuration
        strictness = parse_strict_runs(strict_runs) if strict_runs else configured.strict_runs
        policy = Policy(strictness, configured.severity)
        outcome, added = _judged(commit, policy, adds=adds)
    if added:
        print(f"added to the commit: {' '.join(added)}")
    return _told(outcome)


def _told(outcome: Outcome) -> int:
    if outcome.problems:
        # Here, since mostly there is nothing to tell.
        from pytest_aexp.rendering import render_text

        print(render_text(outcome), end="")
    return 0 if outcome.ok else 1


def _judged(commit: Commit, policy: Policy, *, adds: bool) -> tuple[Outcome, list[str]]:
    """The outcome, and the entries that were added to the commit for it."""
    checker = _checker(commit, commit.view, policy)
    findings = affected_findings(commit, checker)
    behind = _behind(commit, checker, findings)
    added = _added(commit, checker, findings, behind) if adds else []
    if not added:
        outcome = judge_findings(checker, findings)
    else:
        behind = [each for each in behind if not set(each.paths) <= set(added)]
        with GitView.at(commit.repository.root, INDEX) as view:
            checker = _checker(commit, view, policy, added)
            outcome = judge_findings(checker, findings)
    lacking = tuple(policy.judge(each.fault for each in behind))
    kept = [c.path for c in commit.changes or () if c.status != "D"]
    uncollected = checker.uncollected(None if commit.changes is None else kept)
    outcome = replace(outcome, problems=(*outcome.problems, *uncollected))
    problems = (*lacking, *outcome.problems)
    if problems:
        problems = tuple(_completed(commit, lacking, outcome.problems))
    if affects_collection(commit):
        problems = (*checker.collection(), *problems)
    return replace(outcome, problems=problems), added


def _checker(commit: Commit, view: GitView, policy: Policy, added: Sequence[str] = ()) -> Checker:
    """The checker of ``view``; ``added`` are entries that the commit did not have."""
    repository, worktree = commit.repository, WorkTree(commit.repository.root)
    checker = Checker(repository, view, policy, worktree, had_ledger=commit.had_ledger)
    ledger = checker.sources.ledger

    def recall() -> RememberedRuns | None:
        if commit.replaces_ledger:
            return None
        # Here, since few findings cite batches.
        from pytest_aexp.model.batch_cache import remembered_runs

        changed = {} if commit.pushed else commit.entries()
        more = [path.rpartition("/")[2].removesuffix(".json") for path in added]
        revision = commit.pushed or "HEAD"
        return remembered_runs(commit.location, revision, {*changed, *more}, ledger.all_of)

    ledger.remember(recall)
    return checker


def _behind(commit: Commit, checker: Checker, findings: Sequence[Finding]) -> list[Behind]:
    store = checker.sources.store
    if store is None or not commit.brings_something:
        return []
    # Here, since most machines that commit findings have no runs.
    from .promote import Promotions

    return list(Promotions(commit, checker.sources, store).behind(findings))


def _added(
    commit: Commit,
    checker: Checker,
    findings: Sequence[Finding],
    behind: Sequence[Behind],
) -> list[str]:
    from .add import add, on_disk_only

    lacking = {path for each in behind for path in each.paths}
    return add(commit, sorted(lacking.union(on_disk_only(findings, checker.sources))))


def _completed(
    commit: Commit, lacking: Sequence[Problem], judged: Sequence[Problem]
) -> Iterator[Problem]:
    """Both, each citation told of once, with all that must be typed."""
    from .add import advised

    places = {(each.path, each.line, each.column) for each in lacking}
    same = (UNSTAGED_ENTRY.code, UNPROMOTED.code)
    for problem in (*lacking, *judged):
        place = (problem.path, problem.line, problem.column)
        if problem in lacking or place not in places or problem.code not in same:
            yield advised(commit, problem)


def check_ledger(staged: StagedDiff) -> int:
    """Judge the entries and tell; 1 if there is an error. Raises AexpError, OSError."""
    with open_commit(staged) as commit:
        policy = Policy(severity=commit.repository.configuration.severity, door=True)
        ledger = Ledger(commit.view)
        problems = tuple(policy.judge(_ledger_faults(commit, ledger)))
    return _told(Outcome(problems, ledger.judged))


def _ledger_faults(commit: Commit, ledger: Ledger) -> Iterator[Fault]:
    if commit.changes is None:
        found = ledger.survey()
        packed = [entry for entry in found.notable if entry.path != entry_path(entry.job_id)]
        yield from (fault for entry in packed for fault in entry.faults)
        yield from found.faults
        entries, strays = ledger.at_hand(ledger.loose), list(ledger.strays)
    else:
        yield from segment_faults(commit, ledger)
        changed = commit.entries()
        # Who deletes a file may lay bare two packed entries that differ.
        whole = ledger.all_conflicts() if changed_segments(commit) else None
        yield from ledger.conflicts(ledger.at_hand(changed)) if whole is None else whole
        entries = ledger.at_hand(name for name, each in changed.items() if each.status != "D")
        there = {entry.job_id for entry in entries}
        # What is no file, such as a submodule, is no entry either, whatever its name.
        kept = [change for change in commit.changes if change.status != "D"]
        entered = {changed[job_id].path for job_id in there}
        strays = list(_strays([c.path for c in kept if c.path not in entered]))
    for entry in entries:
        yield from entry.faults
    yield from map(stray_fault, strays)
    yield from ledger.retractions.faults
    yield from deleted_records(commit)


def _strays(paths: Sequence[str]) -> Iterator[str]:
    """What of ``paths`` lies in the ledger and looks like an entry, or like what became of one."""
    folder = f"{LEDGER_DIR}/"
    below = (path.removeprefix(folder) for path in paths if path.startswith(folder))
    yield from dict.fromkeys(filter(None, map(stray_at, below)))
