"""What the hooks do: check what is about to be committed or pushed, and print the problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.git.variables import notice_other_index
from pytest_aexp.ground.git.view import INDEX, GitView, Unstaged
from pytest_aexp.ground.repository import find_repo_root
from pytest_aexp.ground.settings.configuration import StrictRuns
from pytest_aexp.ground.text import shown
from pytest_aexp.model.entry import LEDGER_DIR, job_id_in
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.ledger_survey import survey, survey_runs
from pytest_aexp.model.problems import (
    UNPROMOTED,
    UNSTAGED_ENTRY,
    Fault,
    Outcome,
    Policy,
    Problem,
)
from pytest_aexp.model.runs.run_store import RunStore
from pytest_aexp.model.stray_files import stray_at
from pytest_aexp.work.check.checker import Checker, judge_findings
from pytest_aexp.work.check.ledger import identity_faults, stray_fault, unread_in
from pytest_aexp.work.check.resolve import Sources
from pytest_aexp.work.check.restore import Restoration
from pytest_aexp.work.scope.policy_change import (
    configuration_at,
    under_policy_at,
    weakened,
)
from pytest_aexp.work.scope.projects import combined, judged_root, merged, projects_below
from pytest_aexp.work.scope.tracked_runs import staged_faults

from .add import add, advised, on_disk_only
from .affected import affected_findings, affects_collection, changed_evidence
from .commit import Commit, open_commit, pushes
from .early_exit import StagedDiff, may_be_pushing
from .immutable import (
    altered_segments,
    changed_segments,
    deleted_records,
    rewritten_segments,
    segment_faults,
    unclear_runs,
)
from .unchanged_findings import replaced_faults, softened, touched_findings

if TYPE_CHECKING:
    from pytest_aexp.model.batch_cache import CommittedRuns

    from .promote import OutdatedCitation


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    strict_runs: StrictRuns | None = None
    stage: bool = False
    policy_from: str | None = None
    files: Sequence[str] = ()


def check_findings(staged: StagedDiff, options: Options) -> int:
    """Promote, judge and report; 1 if there is an error. Raises AexpError, OSError."""

    def judge(commit: Commit) -> Outcome:
        own, view = commit.repository, commit.view
        repository, laxer = under_policy_at(options.policy_from, own, view)
        if options.policy_from is None and (before := commit.configuration_before()) is not None:
            laxer = weakened(before, own.configuration, view)
        commit = replace(commit, repository=repository)
        policy = Policy.of(
            commit.repository.configuration,
            options.strict_runs,
            commanded=options.strict_runs is not None,
        )
        outcome, added = _judged(commit, policy, adds=options.stage)
        if added:
            below = commit.location.prefix
            print(f"added to the commit: {' '.join(f'{below}{path}' for path in added)}")
        staged_runs = staged_faults(commit.repository, commit.kept)
        others = policy.judge([*staged_runs, *altered_segments(commit)])
        return outcome._replace(problems=(*laxer, *others, *outcome.problems))

    return _reported(_of_each(staged, judge))


def _of_each(staged: StagedDiff, judge: Callable[[Commit], Outcome]) -> Outcome:
    """The outcome of everything that is committed or pushed, in every repository of the tree."""
    root = judged_root(find_repo_root())
    outcomes = []
    # Without a push the index is judged; a push may be of nothing, such as a branch that goes.
    pushed = pushes()
    if pushed is None:
        notice_other_index(root)
    for push in [None] if pushed is None else pushed:
        with GitView.at(root, push.commit if push is not None else INDEX) as view:
            deleted, changed = (staged.deleted, staged.changed) if push is None else (None, None)
            folders = projects_below(root, view, deleted, changed)
        of_push = {}
        for folder in folders:
            with open_commit(root / folder, staged, push) as commit:
                of_push[folder] = judge(commit)
        outcomes.append(merged(of_push))
    return combined(outcomes)


def _reported(outcome: Outcome) -> int:
    if outcome.problems or outcome.unjudged or outcome.unverified:
        # Here, since mostly there is nothing to print.
        from pytest_aexp.rendering import render_text

        print(render_text(outcome), end="")
    return 0 if outcome.ok else 1


def _judged(commit: Commit, policy: Policy, *, adds: bool) -> tuple[Outcome, list[str]]:
    """The outcome, and the entries that were added to the commit for it."""
    checker = _checker(commit, commit.view, policy)
    findings = affected_findings(commit, checker)
    outdated = _outdated(commit, checker, findings)
    added = _added(commit, checker, findings, outdated) if adds else []
    if not added:
        outcome = judge_findings(checker, findings)
    else:
        outdated = [run for run in outdated if not set(run.paths) <= set(added)]
        with GitView.at(commit.repository.root, INDEX) as view:
            checker = _checker(commit, view, policy, added)
            outcome = judge_findings(checker, findings)
    lacking = policy.judge(run.fault for run in outdated)
    uncollected = checker.uncollected_problems(None if commit.changes is None else commit.kept)
    outcome = outcome._replace(problems=(*outcome.problems, *uncollected))
    if commit.changes is not None:
        outcome = outcome._replace(problems=_of_others(commit, checker, findings, outcome))
    problems = (*lacking, *outcome.problems)
    if problems:
        problems = tuple(_completed(commit, lacking, outcome.problems))
    if affects_collection(commit):
        problems = (*checker.collection_problems(), *problems)
    return outcome._replace(problems=problems), added


def _of_others(
    commit: Commit, checker: Checker, findings: Sequence[Finding], outcome: Outcome
) -> tuple[Problem, ...]:
    """The problems, with those that the commit brings about in findings it does not touch."""
    problems = tuple(softened(commit, outcome.problems))
    if not (commit.entries() or changed_segments(commit)):
        return problems
    replaced = changed_evidence(commit, checker).replaced
    faults = replaced_faults(checker, findings, touched_findings(commit), replaced)
    return (*problems, *checker.policy.judge(faults))


def _checker(commit: Commit, view: GitView, policy: Policy, added: Sequence[str] = ()) -> Checker:
    """The checker of ``view``; ``added`` are entries that the commit did not have."""
    repository, unstaged = commit.repository, Unstaged(commit.repository.root, view)

    def committed(ledger: Ledger) -> CommittedRuns | None:
        if commit.replaces_ledger:
            return None
        # Here, since few findings cite batches.
        from pytest_aexp.model.batch_cache import committed_runs

        changed = {} if commit.pushed else commit.entries()
        more = [job_id_in(path) for path in added]
        revision = commit.pushed or "HEAD"
        return committed_runs(commit.location, revision, {*changed, *more}, ledger.entries)

    ledger, had_ledger = Ledger(view, committed), commit.had_ledger
    sources = Sources.of(repository, view, unstaged, ledger=ledger, had_ledger=had_ledger)
    return Checker(repository, view, policy, sources=sources)


def _outdated(
    commit: Commit, checker: Checker, findings: Sequence[Finding]
) -> list[OutdatedCitation]:
    store = checker.sources.store
    if store is None or not commit.brings_something:
        return []
    # Here, since most machines that commit findings have no runs.
    from .promote import LocalRuns

    return list(LocalRuns(commit, checker.sources, store).outdated(findings))


def _added(
    commit: Commit,
    checker: Checker,
    findings: Sequence[Finding],
    outdated: Sequence[OutdatedCitation],
) -> list[str]:
    lacking = {path for run in outdated for path in run.paths}
    return add(commit, sorted(lacking.union(on_disk_only(findings, checker.sources))))


def _completed(
    commit: Commit, lacking: Sequence[Problem], judged: Sequence[Problem]
) -> Iterator[Problem]:
    """Both, each citation reported once, with all that must be typed."""
    places = {(p.path, p.line, p.column) for p in lacking}
    same = (UNSTAGED_ENTRY.code, UNPROMOTED.code)
    for problem in (*lacking, *judged):
        place = (problem.path, problem.line, problem.column)
        if problem in lacking or place not in places or problem.code not in same:
            yield advised(commit, problem)


def refuse_files(files: Sequence[str]) -> None:
    """Raise UsageError if file names were given; git's own two arguments to pre-push are none."""
    if files and not (len(files) == 2 and may_be_pushing()):
        raise UsageError(
            f"takes no file names ({shown(files[0], 100)}): it checks what is staged. Leave "
            "`{staged_files}` out, or set `pass_filenames: false` in pre-commit"
        )


def check_ledger(staged: StagedDiff, options: Options) -> int:
    """Judge the entries and report; 1 if there is an error. Raises AexpError, OSError."""

    def judge(commit: Commit) -> Outcome:
        configured = commit.repository.configuration
        if options.policy_from is not None:
            configured = configuration_at(commit.repository.root, options.policy_from)
        policy = Policy(severity=configured.severity, for_entries=True)
        ledger = Ledger(commit.view)
        faults = (*staged_faults(commit.repository, commit.kept), *_ledger_faults(commit, ledger))
        store = RunStore.of(commit.repository) if faults else None
        advise = Restoration(commit.repository, commit.view, store).advise
        # These say by themselves how to take the change back.
        unalterable = (*rewritten_segments(commit), *deleted_records(commit))
        problems = policy.judge([*map(advise, faults), *unalterable])
        return Outcome(problems, ledger.judged)

    return _reported(_of_each(staged, judge))


def _ledger_faults(commit: Commit, ledger: Ledger) -> Iterator[Fault]:
    if commit.changes is None:
        judged, strays = survey(ledger), list(unread_in(ledger))
    else:
        yield from segment_faults(commit, ledger)
        changed = commit.entries()
        kept = [job_id for job_id, change in changed.items() if change.status != "D"]
        judged = survey_runs(ledger, kept)
        reported = {fault for entry in judged.notable for fault in entry.faults}
        yield from (fault for fault in unclear_runs(commit, ledger) if fault not in reported)
        # What is not a file, such as a submodule, is not an entry either, whatever its name.
        entered = {changed[job_id].path for job_id in kept if ledger.is_loose(job_id)}
        paths = [change.path for change in commit.changes if change.status != "D"]
        strays = list(_strays([path for path in paths if path not in entered]))
    for entry in judged.notable:
        yield from entry.faults
    yield from judged.faults
    yield from identity_faults(judged.notable)
    yield from map(stray_fault, strays)
    yield from ledger.retractions.faults


def _strays(paths: Sequence[str]) -> Iterator[str]:
    """What of ``paths`` lies in the ledger and looks like an entry, or like what became of one."""
    folder = f"{LEDGER_DIR}/"
    alike = [path for path in paths if path.lower().startswith(folder)]
    yield from (path for path in alike if not path.startswith(folder) and path.endswith(".json"))
    below = (path.removeprefix(folder) for path in alike if path.startswith(folder))
    yield from dict.fromkeys(filter(None, map(stray_at, below)))
