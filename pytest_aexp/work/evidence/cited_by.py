"""Which findings cite a run, alone or in a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pytest_aexp.model.findings.finding import Finding, name_of
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.resolve import cited_runs
from pytest_aexp.work.evidence.evidence import selection


@dataclass(frozen=True, slots=True)
class CitedBy:
    """A run, and one citation of it."""

    job_id: str
    finding: str
    path: str
    citation: str
    cited: str


def cited_by(
    checker: Checker, findings: Iterable[Finding], job_ids: Collection[str] | None = None
) -> Iterator[CitedBy]:
    """Each run (default: any) with each citation of it, by finding."""
    for finding in findings:
        checker.load(finding.citations)
        for citation in finding.citations:
            for job_id in cited_runs(citation, checker.sources):
                if job_ids is None or job_id in job_ids:
                    name = name_of(finding.path)
                    label, cited = citation.label, selection(citation)
                    yield CitedBy(job_id, name, finding.path, label, cited)
