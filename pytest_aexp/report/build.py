"""Build what the page shows: findings, their citations, and the runs behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pytest_aexp.ground.errors import AexpError
from pytest_aexp.ground.text import counted, shown
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import (
    BatchCitation,
    Citation,
    JobCitation,
    MalformedCitation,
)
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.numbers.value import value_text
from pytest_aexp.model.problems import CHANGED_EVIDENCE, GROWN_BATCH, Problem
from pytest_aexp.model.query.table import Differing
from pytest_aexp.model.runs.run_store import Run
from pytest_aexp.report.ledger_facts import LedgerFacts, origin_of
from pytest_aexp.report.model import (
    VERDICTS,
    CitationPart,
    FindingPart,
    NumberPart,
    Report,
    doubts_of,
    verdict_of,
)
from pytest_aexp.report.run_facts import LABEL, RunFacts, parameters, with_parameters
from pytest_aexp.work.check.checker import Checker, Verdict
from pytest_aexp.work.check.numbers import Result, printed
from pytest_aexp.work.check.resolve import Place
from pytest_aexp.work.evidence.since import ChangesReader

MOST_BATCH_ROWS = 10_000
"""How many runs of all batches together have a row of their own."""
MOST_CHANGES = 20
"""How many of a citation's runs that have changed since its pin are listed."""
MOST_PROBLEMS = 100
"""How many of the problems that belong to no finding are shown."""

_DRIFTED = {GROWN_BATCH.code, CHANGED_EVIDENCE.code}
_HEADING = re.compile(r"^#[ \t]+(\S.*?)[ \t#]*\r?$", re.MULTILINE)
RUNS_SHOWN = 5
"""How many runs of a number are named."""


def gather(checker: Checker) -> Report:
    """Everything the page shows of all findings and the whole ledger."""
    findings = checker.findings()
    citations = [citation for finding in findings for citation in finding.citations]
    checker.load(citations)
    # By identity: a citation with a selector in it has no hash.
    verdicts = {
        id(c): checker.citation(finding, c) for finding in findings for c in finding.citations
    }
    resolutions = [verdict.resolution for verdict in verdicts.values() if verdict.resolution]
    cited = {entry.job_id for resolution in resolutions for entry in resolution.entries}
    ledger = LedgerFacts.of(checker.sources.ledger, cited)
    builder = _PageBuilder(checker, ledger, verdicts)
    parts = builder.findings(findings)
    around = (
        *checker.authority_problems(citations),
        *checker.record_problems(),
        *checker.surrounding_problems(citations),
    )
    counts = Counter(problem.severity for part in parts for problem in part.every_problem)
    counts.update(problem.severity for problem in around)
    return Report(
        origin_of(checker.repository),
        checker.policy.strict_runs,
        parts,
        counts["error"],
        counts["warning"],
        around[:MOST_PROBLEMS],
        len(around),
        ledger,
        len(citations),
        checker.repository.configuration.commit_url,
    )


class _PageBuilder:
    def __init__(self, checker: Checker, ledger: LedgerFacts, verdicts: dict[int, Verdict]) -> None:
        self._checker = checker
        self._ledger = ledger
        self._verdicts = verdicts
        self._machine = shown(checker.repository.machine_label, LABEL)
        self._rows_left = MOST_BATCH_ROWS
        self._anchors = Counter[str]()

    def findings(self, findings: Iterable[Finding]) -> tuple[FindingPart, ...]:
        parts = [self._finding(finding) for finding in findings]
        # What does not stand is on top.
        return tuple(sorted(parts, key=lambda part: list(VERDICTS).index(part.verdict)))

    def _finding(self, finding: Finding) -> FindingPart:
        numbers, wrong = numbers_of(self._checker, finding)
        premises = (self._checker.premise(finding, item) for item in finding.premises)
        of_premises = [problem for verdict in premises for problem in verdict.problems]
        front_matter = self._checker.front_matter_problems(finding)
        # "error" is before "warning", and what comes first stays first.
        problems = tuple(sorted((*front_matter, *of_premises, *wrong), key=lambda p: p.severity))
        runs = {run.job_id: run for c in finding.citations for run in self._runs(c)}
        has_single = any(isinstance(item, JobCitation) for item in finding.citations)
        names = _differing(runs.values()) if has_single else ()
        citations = tuple(self._citation(finding, item, names) for item in finding.citations)
        return FindingPart(
            self._anchor(finding),
            shown(finding.name, LABEL),
            self._title(finding),
            shown(finding.path, 300),
            verdict_of(problems, [citation.verdict for citation in citations]),
            problems,
            citations,
            doubts_of(runs.values()),
            tuple(sorted({run.shown_status for run in runs.values()})),
            tuple(sorted({run.machine for run in runs.values() if run.machine})),
            shown(finding.withdrawal.reason, 200) if finding.withdrawal else "",
            tuple(numbers),
        )

    def _anchor(self, finding: Finding) -> str:
        anchor = re.sub(r"[^A-Za-z0-9]+", "-", finding.name) or "finding"
        self._anchors[anchor] += 1
        times = self._anchors[anchor]
        return anchor if times == 1 else f"{anchor}--{times}"

    def _title(self, finding: Finding) -> str:
        front_matter = finding.front_matter
        if front_matter is None:
            return ""
        heading = _HEADING.search(front_matter.text, front_matter.end)
        title = heading[1] if heading else " ".join((front_matter.text_of("title") or "").split())
        return shown(title.removeprefix(finding.name).lstrip(" :.-\u2013\u2014"), 160)

    def _citation(self, finding: Finding, citation: Citation, names: Sequence[str]) -> CitationPart:
        verdict = self._verdicts[id(citation)]
        runs = self._runs(citation)
        rows, summary = self._shown(citation, runs, names)
        return CitationPart(
            citation.position.line,
            verdict_of(verdict.problems, ["unjudged" if verdict.unjudged else "stands"]),
            verdict.problems,
            summary,
            rows,
            len(runs) - len(rows),
            _pin(citation),
            self._changes(finding, citation, verdict),
        )

    def _changes(self, finding: Finding, citation: Citation, verdict: Verdict) -> tuple[str, ...]:
        """What became of the runs of a citation that does not fit its pin any more."""
        if {problem.code for problem in verdict.problems}.isdisjoint(_DRIFTED):
            return ()
        try:
            with ChangesReader(self._checker) as reader:
                changes = reader.of_citation(finding, citation)
        except AexpError:
            return ()  # there is no history to compare with
        lines = [
            f"{change.run['job_id'][:8]} {change.kind}: {'; '.join(change.details)}".rstrip(": ")
            for change in changes.changes[:MOST_CHANGES]
        ]
        more = len(changes.changes) - len(lines)
        rest = [f"and {more:,} more: run `aexp changes {finding.name}`"] if more else []
        return tuple(shown(line, 300) for line in (f"{changes.since.reason}:", *lines, *rest))

    def _shown(
        self, citation: Citation, runs: Sequence[RunFacts], names: Sequence[str]
    ) -> tuple[tuple[RunFacts, ...], str]:
        """The runs that have a row, and the line above them.

        ``names`` are the parameters in which the runs of the whole finding differ.
        """
        if isinstance(citation, JobCitation):
            return tuple(with_parameters(run, names, only=False) for run in runs), ""
        if not isinstance(citation, BatchCitation):
            written = citation.written if isinstance(citation, MalformedCitation) else None
            return (), f"Not a citation: {shown(written)}" if written else "Not a citation"
        # First those that a reader should know of, wherever they come in a long list.
        first = sorted(runs, key=_is_in_order)
        names = _differing(runs)
        rows = tuple(with_parameters(run, names, only=True) for run in first[: self._rows_left])
        self._rows_left -= len(rows)
        selector = parameters(citation.selector) or "every run"
        of = f": {counted(len(runs), 'run')}{_statuses(runs)}" if runs else ": no run"
        alike = dict(runs[0].values) if len(runs) > 1 else {}
        for name in (*names, *citation.selector):
            alike.pop(name, None)
        common = parameters(alike)
        all_with = f"; all with {common}" if common else ""
        return rows, f"Batch {shown(citation.experiment_id, LABEL)}, {selector}{of}{all_with}"

    def _runs(self, citation: Citation) -> list[RunFacts]:
        resolution = self._verdicts[id(citation)].resolution
        if resolution is None:
            return []
        if resolution.place in (Place.LEDGER, Place.DISK):
            return [self._ledger.cited.get(e.job_id) or _bare(e) for e in resolution.entries]
        if resolution.place is Place.STORE:
            return [self._local(run) for run in resolution.runs]
        if isinstance(citation, JobCitation):
            machines = shown(", ".join(resolution.machines), LABEL)
            status = "elsewhere" if resolution.place is Place.INDEX else "not found"
            return [RunFacts(citation.job_id, status, machines)]
        return []

    # What only this machine has is shown with little: the ledger decides what may be shared.
    def _local(self, run: Run) -> RunFacts:
        status = shown(run.status, LABEL) or "created"
        experiment = shown(", ".join(run.experiments), LABEL)
        return RunFacts(run.job_id, status, self._machine, experiment, is_local=True)


def _differing(runs: Iterable[RunFacts]) -> list[str]:
    """The names of the parameters in which the runs differ."""
    return Differing({"statepoint": dict(run.values)} for run in runs).parameters


def _statuses(runs: Sequence[RunFacts]) -> str:
    counts = sorted(Counter(run.shown_status for run in runs).items())
    if len(counts) == 1:
        return f", {'all ' if len(runs) > 1 else ''}{counts[0][0]}"
    return f" ({', '.join(f'{count:,} {status}' for status, count in counts)})"


def _is_in_order(run: RunFacts) -> bool:
    return run.shown_status == "complete" and not run.dirty and not run.retracted


def _pin(citation: Citation) -> str:
    if isinstance(citation, JobCitation) and citation.ended_at:
        return f"Pinned to the attempt that ended {shown(citation.ended_at, LABEL)}"
    pin = citation.pin if isinstance(citation, BatchCitation) else None
    if pin is None:
        return ""
    least = "at least " if pin.at_least else ""
    return f"Pinned to {least}{counted(pin.count, 'run')}"


def _bare(entry: Entry) -> RunFacts:
    status = shown(entry.status, LABEL) if entry.usable else "unusable entry"
    return RunFacts(entry.job_id, status, shown(entry.machine, LABEL))


def numbers_of(checker: Checker, finding: Finding) -> tuple[list[NumberPart], list[Problem]]:
    """The numbers of a finding, and the problems of all of them."""
    parts: list[NumberPart] = []
    problems: list[Problem] = []
    for claim in finding.claims:
        verdict = checker.claim(finding, claim)
        problems += verdict.problems
        for result, position in zip(verdict.results, claim.positions, strict=True):
            parts.append(_part(position.line, result))
    return parts, problems


def _part(line: int, result: Result) -> NumberPart:
    number = result.number
    verdict = "stands"
    if result.fault is not None:
        verdict = "error" if result.value is not None else "unjudged"
    return NumberPart(
        line,
        printed(number),
        shown(result.written.text, 200),
        "" if result.value is None else value_text(result.value),
        ", ".join(_runs(result)),
        verdict,
    )


def _runs(result: Result) -> Iterator[str]:
    entries = result.entries
    yield from (entry.job_id[:8] for entry in entries[:RUNS_SHOWN])
    if len(entries) > RUNS_SHOWN:
        yield f"and {counted(len(entries) - RUNS_SHOWN, 'more run')}"
