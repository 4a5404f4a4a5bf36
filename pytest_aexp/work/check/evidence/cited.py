"""The cited runs as evidence: are they retracted, the pinned ones, and what the rules ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import UNKNOWN_COMMIT, Fault, Policy
from pytest_aexp.model.retractions import Retraction
from pytest_aexp.work.check.evidence.history import History
from pytest_aexp.work.check.evidence.pins import pin_faults, pinned_entries
from pytest_aexp.work.check.evidence.retracted import retraction_faults, retractions_of
from pytest_aexp.work.check.evidence.rules import (
    Evidence,
    has_unjudged_commit,
    rule_faults,
    rules_under,
)
from pytest_aexp.work.check.resolve import Resolution


class CitedEvidence:
    """Checks what citations lead to; ``entries`` are those that a finding rests on."""

    def __init__(self, ledger: Ledger, history: History, policy: Policy) -> None:
        self._ledger = ledger
        self._history = history
        self._rules = rules_under(policy)
        self._judges_commits = not policy.is_off(UNKNOWN_COMMIT)

    def faults(
        self,
        finding: Finding,
        citation: Resolvable,
        resolution: Resolution,
        entries: Sequence[Entry],
    ) -> Iterator[Fault]:
        """What is wrong with the cited runs; without usable entries, that they are retracted."""
        accepted = citation.accept
        if citation.is_link:
            accepted = tuple(name for other in finding.citations for name in other.accept)
        retracted = self.retractions(citation, resolution, entries)
        rests = len(entries or resolution.entries) > len(retracted)
        yield from retraction_faults(citation, retracted, accepted, leaves_runs=rests)
        if entries:
            every = resolution.entries
            yield from pin_faults(citation, every, pinned_entries(citation, every))
        if entries and not citation.is_link:
            yield from rule_faults(self._evidence(finding, citation, entries), self._rules)

    def _evidence(
        self, finding: Finding, citation: Resolvable, entries: Sequence[Entry]
    ) -> Evidence:
        return Evidence(finding, citation, entries, self._ledger, self._history)

    def retractions(
        self, citation: Resolvable, resolution: Resolution, entries: Sequence[Entry]
    ) -> list[Retraction]:
        """The retractions of the runs that a finding rests on, in the ledger or not."""
        if not self._ledger.retractions.job_ids:
            return []
        if isinstance(citation, JobCitation):
            job_ids = [citation.job_id]
        else:
            job_ids = [entry.job_id for entry in entries or resolution.entries]
            job_ids += [run.job_id for run in resolution.runs]
        return retractions_of(job_ids, self._ledger.retractions)

    def has_unjudged_commit(
        self, finding: Finding, citation: Resolvable, entries: Sequence[Entry]
    ) -> bool:
        """Whether it should be judged that everybody has a run's commit, and cannot be."""
        is_asked = self._judges_commits and finding.stands and not citation.is_link
        return is_asked and has_unjudged_commit(self._evidence(finding, citation, entries))
