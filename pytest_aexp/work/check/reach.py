"""What a retraction reaches: the findings that cite the runs, and those that build on these."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import AT_RISK
from pytest_aexp.work.check.checker import Checker


@dataclass(frozen=True)
class RetractedCitation:
    """A citation of runs that are retracted."""

    finding: Finding
    citation: Citation
    runs: frozenset[str]
    count: int

    def __str__(self) -> str:
        if isinstance(self.citation, BatchCitation):
            return f"{self.finding.name} cites it in a batch of {self.count}"
        return f"{self.finding.name} {'links to' if self.citation.is_link else 'cites'} it"


def citations_of(checker: Checker, runs: Collection[str]) -> Iterator[RetractedCitation]:
    """The citations of some runs, by findings that are not withdrawn."""
    for path in checker.finding_paths:
        finding = checker.finding(path)
        for citation in finding.citations if finding.stands else ():
            if not isinstance(citation, Resolvable):
                continue
            cited = _cited_runs(checker, finding, citation)
            if cited & set(runs):
                yield RetractedCitation(finding, citation, cited & frozenset(runs), len(cited))


def _cited_runs(checker: Checker, finding: Finding, citation: Resolvable) -> frozenset[str]:
    if isinstance(citation, JobCitation):
        return frozenset([citation.job_id])
    verdict = checker.citation(finding, citation)
    assert verdict.resolution is not None
    entries = verdict.entries or verdict.resolution.entries
    job_ids = [entry.job_id for entry in entries]
    return frozenset([*job_ids, *(run.job_id for run in verdict.resolution.runs)])


def at_risk(checker: Checker) -> Iterator[str]:
    """The findings that build on what is in doubt, and on which one each."""
    for path in checker.finding_paths:
        finding = checker.finding(path)
        for premise in finding.premises:
            codes = {problem.code for problem in checker.premise(finding, premise).problems}
            if AT_RISK.code in codes:
                yield f"{finding.name} builds on {premise.name}"
