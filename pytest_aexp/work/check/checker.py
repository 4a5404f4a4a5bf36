"""The checker behind every face: reads findings, resolves their citations, applies the policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.globs import matched
from pytest_aexp.ground.views import View, files_below
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding, load_finding, read_finding
from pytest_aexp.model.findings.front_matter import READ_LIMIT
from pytest_aexp.model.findings.not_collected import uncollected_faults
from pytest_aexp.model.findings.premises import Premise
from pytest_aexp.model.ledger_survey import survey
from pytest_aexp.model.packs.segment_check import Survey
from pytest_aexp.model.problems import (
    MALFORMED_NUMBER,
    NO_RUN_STORE,
    UNKNOWN_COMMIT,
    UNVERIFIED_IDENTITY,
    Fault,
    Outcome,
    Policy,
    Problem,
)
from pytest_aexp.model.retractions import Retraction
from pytest_aexp.work.check.evidence.cited import CitedEvidence, name_retracted_runs
from pytest_aexp.work.check.evidence.history import History
from pytest_aexp.work.check.evidence.pins import pinned_entries
from pytest_aexp.work.check.evidence.premises import Premises
from pytest_aexp.work.check.evidence.rules import unjudged_commit_fault
from pytest_aexp.work.check.messages import fault_of, unverified_fault, written_faults
from pytest_aexp.work.check.resolve import Place, Resolution, Sources, resolve
from pytest_aexp.work.check.restore import Restoration
from pytest_aexp.work.check.surroundings import surrounding_faults, unverified_faults
from pytest_aexp.work.scope.adoption import missing_ledger_fault
from pytest_aexp.work.scope.collection import collection_faults

if TYPE_CHECKING:
    from pytest_aexp.model.numbers.claim import Claim
    from pytest_aexp.work.check.numbers import Numbers, Result

NO_AUTHORITY = "nothing to check against: no ledger folder, no run store, no machine index"
NOT_JUDGED = "strict-runs is off: whether the run exists is not judged"


class Verdict(NamedTuple):
    """The problems of one citation, and where it leads.

    ``unjudged`` is the reason why it was not judged whether its runs exist, None if it was.
    ``resolution`` is None where the citation is malformed. ``entries`` are those that the finding
    rests on, the pinned ones of a batch that has grown; none where one of them cannot be used.
    ``results`` are those of the numbers of a claim. ``unverified`` counts the citations that rest
    on a run whose identity cannot be checked.
    """

    problems: tuple[Problem, ...]
    unjudged: str | None = None
    resolution: Resolution | None = None
    entries: tuple[Entry, ...] = ()
    results: tuple[Result, ...] = ()
    unverified: int = 0


class Checker:
    """Checks the findings of one repository, seen through one view, under one policy."""

    def __init__(
        self,
        repository: Repository,
        view: View,
        policy: Policy,
        on_disk: View | None = None,
        *,
        sources: Sources | None = None,
    ) -> None:
        self.repository = repository
        self.policy = policy
        self.view = view
        self.sources = sources or Sources.of(repository, view, on_disk)
        history = History(repository.root, view.revision)
        self._evidence = CitedEvidence(self.sources.ledger, history, policy)
        # Late, since most findings build on no other, and then nobody needs a list of all.
        self._premises = Premises(lambda: self.finding_paths, self.finding, self._retracted_runs)

    @cached_property
    def _restoration(self) -> Restoration:
        return Restoration(self.repository, self.view, self.sources.store)

    @cached_property
    def _files(self) -> list[str]:
        return files_below(self.view, self.repository.configuration.findings)

    @cached_property
    def finding_paths(self) -> tuple[str, ...]:
        """The paths of all findings."""
        return tuple(matched(self._files, self.repository.configuration.findings))

    @cached_property
    def _beside_findings(self) -> frozenset[str]:
        return frozenset(self._files).difference(self.finding_paths)

    def uncollected_problems(self, paths: Iterable[str] | None) -> tuple[Problem, ...]:
        """The problems of files (None for all) beside the findings that cite runs."""
        globs = self.repository.configuration.findings
        files = self._beside_findings if paths is None else paths
        return self.policy.judge(uncollected_faults(self.view, files, globs))

    def findings(self) -> list[Finding]:
        """All findings, read now."""
        # One that is too large to be read whole is read again, up to the limit.
        return [
            self.finding(path) if isinstance(data, Unreadable) else read_finding(path, data)
            for path, data in self.view.read_many(self.finding_paths, READ_LIMIT)
        ]

    def finding(self, path: str) -> Finding:
        """The finding at ``path``, read now."""
        return load_finding(self.view, path)

    def load(self, citations: Sequence[Citation]) -> None:
        """Read what the ledger has of the runs of all these citations at once."""
        self.sources.load(
            [c.job_id for c in citations if isinstance(c, JobCitation)],
            (c.experiment_id for c in citations if isinstance(c, BatchCitation)),
        )

    def front_matter_problems(self, finding: Finding) -> tuple[Problem, ...]:
        """The problems of a finding's front matter, its citations aside."""
        return self.policy.judge(finding.faults)

    def citation(self, finding: Finding, citation: Citation) -> Verdict:
        """The verdict on one citation of a finding."""
        faults = list(written_faults(citation, self.sources))
        if not isinstance(citation, Resolvable):
            return Verdict(self.policy.judge(faults))
        resolution = resolve(citation, self.sources)
        entries: tuple[Entry, ...] = ()
        if self.sources.has_authority:
            fault = fault_of(citation, resolution, self.sources)
            if fault is not None:
                advised = self._restoration.advise(fault, resolution.file_of(fault.job_id))
                is_advised = advised is not fault
                faults.append(advised if is_advised else self._advised(fault, [citation]))
            # What only this machine has is no evidence for others, so no rule is applied to it.
            elif resolution.place is Place.LEDGER:
                entries = pinned_entries(citation, resolution.entries).entries
        unverified = [entry for entry in entries if not entry.checkable]
        if unverified:
            faults.append(unverified_fault(citation, unverified))
        if finding.stands:
            of_runs = self._evidence.faults(finding, citation, resolution, entries)
            faults += [self._advised(fault, [citation]) for fault in of_runs]
        problems = self.policy.judge(faults)
        unjudged = None if problems or self.policy.judges_existence else NOT_JUDGED
        unjudged = unjudged if self.sources.has_authority else NO_AUTHORITY
        return Verdict(problems, unjudged, resolution, entries, unverified=int(bool(unverified)))

    def _advised(self, fault: Fault, citations: Sequence[Citation]) -> Fault:
        return self._restoration.advise_citing(fault, citations, self.sources.ledger)

    def _retracted_runs(self, finding: Finding) -> str:
        """The retracted runs that a finding cites, in words; empty if it cites none."""
        if not self.sources.ledger.retractions.job_ids:
            return ""
        retractions: list[Retraction] = []
        for citation in finding.citations:
            if isinstance(citation, Resolvable):
                verdict = self.citation(finding, citation)
                assert verdict.resolution is not None
                retractions += self._evidence.retractions(
                    citation, verdict.resolution, verdict.entries
                )
        return name_retracted_runs(retractions)

    def premise(self, finding: Finding, premise: Premise) -> Verdict:
        """The verdict on one finding that another builds on."""
        fault = self._premises.fault(premise) if finding.stands else None
        return Verdict(self.policy.judge([fault] if fault else []))

    def history_problems(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """Said once, at the first citation concerned: the history is not there to look into."""
        if self.policy.is_off(UNKNOWN_COMMIT):
            return ()
        for finding in findings:
            for citation in finding.citations:
                if isinstance(citation, Resolvable):
                    entries = self.citation(finding, citation).entries
                    if self._evidence.has_unjudged_commit(finding, citation, entries):
                        return self.policy.judge([unjudged_commit_fault(citation)])
        return ()

    def claim(self, finding: Finding, claim: Claim) -> Verdict:
        """The verdict on the numbers of one comment in a finding's text."""
        results, fault = self._numbers.check(finding, claim)
        # Nobody relies on a withdrawn finding's numbers, but an unreadable one is still a slip.
        is_judged = finding.stands or (fault and fault.rule is MALFORMED_NUMBER)
        if fault is None or not is_judged:
            return Verdict((), results=results)
        problems = self.policy.judge([self._advised(fault, finding.citations)])
        return Verdict(problems, None if problems else fault.message, results=results)

    @cached_property
    def _numbers(self) -> Numbers:
        # Here, since few findings have numbers, and their patterns take a while to compile.
        from pytest_aexp.work.check.numbers import Cited, Numbers

        def cited(finding: Finding, citation: Citation) -> Cited:
            verdict, head = self.citation(finding, citation), (citation.label, citation.name)
            if verdict.resolution is None:
                return Cited(*head, is_malformed=True)
            fault = verdict.problems[0].fault if verdict.problems else None
            is_batch = isinstance(citation, BatchCitation)
            return Cited(*head, verdict.entries, is_batch=is_batch, fault=fault)

        return Numbers(self.sources.ledger, cited)

    def authority_problems(self, citations: Iterable[Citation]) -> tuple[Problem, ...]:
        """The problem of having no ledger to check against, at the first citation that is due."""
        due = next((c for c in citations if isinstance(c, Resolvable)), None)
        if due is None:
            return ()
        if self.sources.has_authority:
            root, is_new = self.repository.root, self.sources.has_local_runs
            missing = missing_ledger_fault(root, self.view, due, is_new=is_new)
            faults = [missing] if missing is not None and self.sources.is_adopted() else []
            return self.policy.judge(faults)
        fault = Fault(
            NO_RUN_STORE,
            due.path,
            f"{NO_AUTHORITY}; whether the cited runs exist is not judged",
            "run `git pull`; if no machine has a ledger yet, run `aexp install` and "
            "`aexp ledger backfill` on each machine with runs, commit and push",
            due.position,
        )
        return self.policy.judge([fault])

    def collection_problems(self) -> tuple[Problem, ...]:
        """The problem of findings that are not read, or of there being none."""
        faults = collection_faults(self.repository, self.view, self.finding_paths)
        return self.policy.judge(faults)

    def record_problems(self) -> tuple[Problem, ...]:
        """The problems of retraction records, which are reported whatever is judged."""
        faults = self.sources.ledger.retractions.faults
        return self.policy.judge(map(self._restoration.advise, faults))

    @cached_property
    def survey(self) -> Survey:
        """What is to be reported of all entries."""
        return survey(self.sources.ledger, self.repository.root)

    def surrounding_problems(self, citations: Sequence[Citation]) -> tuple[Problem, ...]:
        """The problems that no citation reports: of entries, run store, indexes and marker."""
        globs = self.repository.configuration.findings
        beside = uncollected_faults(self.view, self._beside_findings, globs)
        others = surrounding_faults(
            self.repository, self.view, self.sources, self.survey, citations
        )
        faults = list(map(self._restoration.advise, (*beside, *others)))
        if not self.policy.is_off(UNVERIFIED_IDENTITY):
            faults += unverified_faults(self.sources, self.survey, citations)
        return self.policy.judge(faults)


def judge_repository(checker: Checker, paths: Sequence[str] | None = None) -> Outcome:
    """The outcome for the findings at ``paths``, or for all findings and everything around them."""
    if paths is not None:
        return judge_findings(checker, [checker.finding(path) for path in paths])
    findings = checker.findings()
    outcome = judge_findings(checker, findings)
    around = checker.surrounding_problems([c for finding in findings for c in finding.citations])
    problems = (*checker.collection_problems(), *outcome.problems, *around)
    return outcome._replace(problems=problems, entries=checker.survey.judged)


def judge_findings(checker: Checker, findings: Sequence[Finding]) -> Outcome:
    """The outcome for these findings alone."""
    citations = [citation for finding in findings for citation in finding.citations]
    checker.load(citations)
    problems: list[Problem] = []
    unjudged = unverified = 0
    for finding in findings:
        problems += checker.front_matter_problems(finding)
        for citation in finding.citations:
            verdict = checker.citation(finding, citation)
            problems += verdict.problems
            unjudged += verdict.unjudged is not None
            unverified += verdict.unverified
        for claim in finding.claims:
            problems += checker.claim(finding, claim).problems
        for premise in finding.premises:
            problems += checker.premise(finding, premise).problems
    problems += checker.authority_problems(citations)
    problems += checker.history_problems(findings)
    problems += checker.record_problems()
    judged = checker.sources.ledger.judged
    return Outcome(tuple(problems), judged, len(findings), len(citations), unjudged, unverified)
