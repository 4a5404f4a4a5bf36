"""Every run behind a finding, by citation, with its notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.problems import Problem
from pytest_aexp.model.query.documents import Document, Documents
from pytest_aexp.model.query.grammar import written
from pytest_aexp.model.query.match import MISSING, value_of
from pytest_aexp.model.query.table import summary
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.evidence.history import History
from pytest_aexp.work.check.resolve import Place, resolve


@dataclass(frozen=True, slots=True)
class CitedRuns:
    """A citation, the runs in the ledger that it cites, and what is wrong with it."""

    citation: Citation
    runs: tuple[Document, ...]
    problems: tuple[Problem, ...]

    @property
    def text(self) -> str:
        """What is cited, and what it is: ``E001 model=svm: 16 runs: 11 complete, 5 abandoned``."""
        return f"{selection(self.citation)}: {summary(self.runs)}"


class EvidenceReader:
    """Reads the runs behind findings."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker
        self._documents = Documents(checker.sources.ledger)
        self._history = History(checker.repository.root)

    def cited(self, finding: Finding) -> list[CitedRuns]:
        """Its citations, in their order."""
        self.checker.load(finding.citations)
        return [
            CitedRuns(c, self.runs(c), self.checker.citation(finding, c).problems)
            for c in finding.citations
        ]

    def runs(self, citation: Citation) -> tuple[Document, ...]:
        """The runs in the ledger that a citation cites, as far as their entries can be used."""
        if not isinstance(citation, Resolvable):
            return ()
        resolution = resolve(citation, self.checker.sources)
        entries = resolution.entries if resolution.place is Place.LEDGER else ()
        documents = (self._documents.of_run(entry.job_id) for entry in entries)
        return tuple(filter(None, documents))

    def notes(self, run: Document) -> Iterator[str]:
        """What a reader must know of a run beside its values."""
        retraction = self._documents.retractions.get(run["job_id"])
        if retraction is not None:
            yield f"retracted: {'; '.join(retraction.reasons)}"
        commit = value_of(run, "code_commit")
        if value_of(run, "code_dirty") is True:
            yield "uncommitted code"
        if commit is MISSING or commit is None:
            yield "code not known"
        elif self._history.has(str(commit)) is False:
            yield "commit not in this repository"


def selection(citation: Citation) -> str:
    """What a citation cites, in words that can be typed."""
    if isinstance(citation, JobCitation):
        return f"run {citation.job_id}"
    if not isinstance(citation, BatchCitation):
        return "malformed"
    words = [citation.experiment_id]
    words += (written(name, "=", value) for name, value in citation.selector.items())
    if citation.statuses:
        statuses = ",".join(citation.statuses)
        words.append(f"status=[{statuses}]" if "," in statuses else f"status={statuses}")
    return " ".join([*words, *(f"id!={job_id}" for job_id in citation.excluded)])
