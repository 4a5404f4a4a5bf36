"""What a commit does to findings that it does not touch: reported, and never refused.

Else nobody would record bad news, or push runs, that fail the findings of somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from pytest_aexp.ground.git.run import run_git
from pytest_aexp.ground.settings.globs import fixed_part, matched
from pytest_aexp.ground.text import shown
from pytest_aexp.model.entry import Entry, job_id_in, metrics_of
from pytest_aexp.model.findings.citation import JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding, name_of
from pytest_aexp.model.findings.premises import BUILDS_ON
from pytest_aexp.model.problems import (
    AT_RISK,
    CHANGED_EVIDENCE,
    GROWN_BATCH,
    REPLACED_EVIDENCE,
    RETRACTED_PREMISE,
    RETRACTED_RUN,
    UNCHECKED_NUMBER,
    WRONG_NUMBER,
    Fault,
    Problem,
)
from pytest_aexp.model.retractions import is_record_path
from pytest_aexp.work.check.checker import Checker

from .commit import Commit

_OF_RETRACTIONS = {RETRACTED_RUN.code, RETRACTED_PREMISE.code, AT_RISK.code}
_OF_RUNS = {CHANGED_EVIDENCE.code, GROWN_BATCH.code, WRONG_NUMBER.code, UNCHECKED_NUMBER.code}


def retracted_runs(commit: Commit, checker: Checker) -> frozenset[str]:
    """The runs that the commit's records retract, or retracted until it lifts that."""
    ids = {job_id_in(change.path) for change in commit.changes or () if is_record_path(change.path)}
    if not ids:
        return frozenset()  # without a look for the records that there are
    retractions = checker.sources.ledger.retractions
    records = [record for record_id, record in retractions.records.items() if record_id in ids]
    records += [
        retractions.records[i] for r in records for i in r.lifts if i in retractions.records
    ]
    return frozenset(job_id for record in records for job_id in record.retracts)


def touched_findings(commit: Commit) -> set[str]:
    """The paths of the findings that the commit adds, changes or deletes."""
    globs = commit.repository.configuration.findings
    return set(matched((change.path for change in commit.changes or ()), globs))


def dependents(
    commit: Commit, checker: Checker, staged: Iterable[Finding], paths: Iterable[str]
) -> list[Finding]:
    """The findings that build on those at ``paths``, at whatever distance.

    ``staged`` are those that the commit adds or changes.
    """
    names, left = {name_of(path) for path in paths}, list(staged)
    if names:
        left += [checker.finding(path) for path in _building(commit)]
    dependent: list[Finding] = []
    while building := [f for f in left if any(p.name in names for p in f.premises)]:
        dependent += building
        names |= {finding.name for finding in building}
        left = [finding for finding in left if finding not in building]
    return dependent


def _building(commit: Commit) -> list[str]:
    """The paths of the findings that name the key, or did so before the commit.

    Git finds them without a process for each, in a commit, since the index may be large.
    """
    globs = commit.repository.configuration.findings
    prefix, base = commit.location.prefix, commit.base
    folders = sorted({f"{prefix}{fixed_part(glob)}".rstrip("/") for glob in globs})
    specs = [f":(top,literal){folder}" if folder else ":(top)" for folder in folders]
    if base is None:
        return []
    command = ["grep", "-lzI", "--fixed-strings", "-e", BUILDS_ON, base, "--", *specs]
    listed = run_git(command, commit.location.top, accept=(0, 1))
    names = listed.decode(errors="surrogateescape").split("\0")[:-1]
    paths = {name.removeprefix(f"{base}:").removeprefix(prefix) for name in names}
    return sorted(matched(paths, globs))


def softened(commit: Commit, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems, of which those that only other people's findings have are warnings at most.

    What comes of an entry that is deleted stays as it is.
    """
    touched, entries = touched_findings(commit), commit.entries().values()
    codes = set[str]()
    if any(is_record_path(change.path) for change in commit.changes or ()) or touched:
        codes |= _OF_RETRACTIONS
    if entries and not any(change.status == "D" for change in entries):
        codes |= _OF_RUNS
    for problem in problems:
        is_soft = problem.code in codes or (codes and problem.code.startswith("evidence."))
        if is_soft and problem.path not in touched and problem.severity == "error":
            yield problem._replace(severity="warning")
        else:
            yield problem


def replaced_faults(
    checker: Checker,
    findings: Iterable[Finding],
    touched: Collection[str],
    replaced: Iterable[tuple[Entry, Entry]],
) -> Iterator[Fault]:
    """One warning for each citation without a pin of whose runs the commit replaces the outcome.

    ``replaced`` are the entries that it changes, as they were and as they would be.
    """
    changed = {
        new.job_id: (old, new) for old, new in replaced if outcome_of(old) != outcome_of(new)
    }
    if not changed or not checker.policy.judges_existence:
        return
    for finding in findings:
        if finding.path in touched or finding.withdrawal is not None:
            continue
        for citation in finding.citations:
            if isinstance(citation, Resolvable) and not _is_pinned(citation):
                verdict = checker.citation(finding, citation)
                pairs = [changed[e.job_id] for e in verdict.entries if e.job_id in changed]
                if pairs:
                    yield _replaced(citation, pairs)


def _is_pinned(citation: Resolvable) -> bool:
    if isinstance(citation, JobCitation):
        return bool(citation.ended_at)
    return citation.pin is not None and bool(citation.pin.digest)


def outcome_of(entry: Entry) -> tuple[str, str, dict[str, Decimal | None]]:
    """What of an entry findings rest on, however it is written."""
    return entry.status, entry.ended_at, metrics_of(entry)


def _replaced(citation: Resolvable, pairs: list[tuple[Entry, Entry]]) -> Fault:
    old, new = pairs[0]
    more = f", and {len(pairs) - 1:,} more of the batch" if len(pairs) > 1 else ""
    message = (
        f"the commit replaces the outcome of run {new.job_id}{more}: it was {_described(old)}, and "
        f"is {_described(new)}"
    )
    name = name_of(citation.path)
    fix = f"read the finding again; `aexp cite {name} --pin` holds it to the runs that it cites"
    return Fault(REPLACED_EVIDENCE, citation.path, message, fix, citation.position, new.job_id)


def _described(entry: Entry) -> str:
    # On one line, which they are not in the entry.
    metrics = f", {shown(' '.join(entry.metrics.split()), 80)}" if entry.metrics else ""
    ended = shown(entry.ended_at, 40) or "no end recorded"
    return f"{shown(entry.status)} ({ended}{metrics})"
