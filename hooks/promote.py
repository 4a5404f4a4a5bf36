"""Bringing the ledger up to date with this machine's runs, before a finding that cites them goes.

A finished run that is cited gets its entry, and one that was linked or marked again gets it anew.
An entry that outranks what this machine has, such as another machine's complete attempt, is left as
it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from pytest_aexp.ground.errors import NotPromotable
from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.git.run import run_git
from pytest_aexp.ground.stderr import notice
from pytest_aexp.ground.text import counted
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT, entry_path
from pytest_aexp.model.findings.citation import BatchCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import UNPROMOTED, UNSTAGED_ENTRY, Fault
from pytest_aexp.model.runs.run_store import Run, RunStore
from pytest_aexp.work.check.resolve import Sources
from pytest_aexp.work.promote.promote import Promoter

from .add import git_add
from .commit import Commit


@dataclass(frozen=True, slots=True)
class OutdatedCitation:
    """A citation of runs whose entries on this machine are newer than those in the commit.

    ``paths`` are the entries on disk that it lacks; none where a run cannot enter the ledger.
    """

    fault: Fault
    paths: tuple[str, ...]


class LocalRuns:
    """Promotes the runs of one store that findings cite."""

    def __init__(self, commit: Commit, sources: Sources, store: RunStore) -> None:
        self._commit = commit
        self._ledger = sources.ledger
        self._store = store
        self._root = commit.repository.root
        self._worktree = WorkTree(self._root)
        self._promoted = cache(self._promote)

    @cached_property
    def _promoter(self) -> Promoter:
        return Promoter(self._commit.repository, self._store)

    def outdated(self, findings: Sequence[Finding]) -> Iterator[OutdatedCitation]:
        """Promote what ``findings`` cite; the citations whose entries in the commit are outdated.

        Raises UsageError, GitError, OSError.
        """
        for finding in findings:
            for citation in finding.citations:
                if isinstance(citation, Resolvable):
                    yield from self._of(citation, self._finished(citation))

    def _finished(self, citation: Resolvable) -> list[Run]:
        if isinstance(citation, BatchCitation):
            select, experiment = self._store.batches.select, citation.experiment_id
            runs = [run for selector in citation.selectors for run in select(experiment, selector)]
        else:
            run = self._store.get(citation.job_id)
            runs = [run] if run is not None else []
        self._ledger.load(run.job_id for run in runs)
        return [run for run in runs if run.usable and run.finished]

    def _of(self, citation: Resolvable, runs: list[Run]) -> Iterator[OutdatedCitation]:
        states = {run.job_id: self._promoted(run.job_id) for run in runs}
        refusals = [reason for reason in states.values() if isinstance(reason, str)]
        paths = tuple(
            entry_path(job_id) for job_id, is_outdated in states.items() if is_outdated is True
        )
        if paths:
            message, fix = self._message(citation, paths), f"run `{git_add(paths)}`"
            rule = UNSTAGED_ENTRY
        elif refusals:
            message, fix, rule = refusals[0], "cite another run", UNPROMOTED
        else:
            return
        yield OutdatedCitation(citation.fault(rule, message, fix), paths)

    def _message(self, citation: Resolvable, paths: tuple[str, ...]) -> str:
        if isinstance(citation, BatchCitation):
            runs = counted(len(paths), "finished run")
            return (
                f"{runs} of the batch of {citation.experiment_id} on this machine: the commit "
                "lacks what the ledger on disk says"
            )
        if self._ledger.has(citation.job_id):
            return (
                f"run {citation.job_id} was linked or marked anew: its entry on disk says so, the "
                "one in the commit does not"
            )
        return (
            f"run {citation.job_id} is finished and its ledger entry is on disk, but not in "
            "the commit"
        )

    def _promote(self, job_id: str) -> str | bool:
        """Whether the commit's entry is older than the one on disk; else why there can be none."""
        path = entry_path(job_id)
        try:
            kept = self._promoter.promote(job_id).kept
        except NotPromotable as refusal:
            return str(refusal)
        if kept:
            notice(kept)
        on_disk = self._worktree.read(path, ENTRY_LIMIT)
        committed = self._commit.view.read(path, ENTRY_LIMIT)
        return on_disk != committed and not self._are_one_to_git(path, committed)

    def _are_one_to_git(self, path: str, committed: bytes | Unreadable) -> bool:
        """Whether they differ only in what git does away with, such as line ends."""
        if isinstance(committed, Unreadable):
            return False
        location = self._commit.location
        full = f"{location.prefix}{path}"
        on_disk = run_git(["hash-object", "--", full], location.top)
        return on_disk == run_git(["hash-object", "--stdin"], location.top, stdin=committed)
