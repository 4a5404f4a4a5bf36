"""The evidence rules: what of a cited run makes it doubtful support."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from pytest_aexp.ground.text import counted, quoted, shown
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import (
    DIRTY_CODE,
    FAILED_RUN,
    FOREIGN_EXPERIMENT,
    REPEATED_RUN,
    STOPPED_RUN,
    SUSPICIOUS_KEY,
    UNJUDGED_COMMIT,
    UNKNOWN_COMMIT,
    Fault,
    Policy,
    Rule,
)
from pytest_aexp.work.check.evidence.history import History

_CODE_KEYS = ("code_commit", "code_dirty")
_CODE = re.compile(
    r'"code_(?:commit|dirty)": (?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^",\[\]{}]*+)(?:, )?', re.DOTALL
)


class Evidence(NamedTuple):
    """The runs that a citation rests on, and what else the rules need."""

    finding: Finding
    citation: Resolvable
    entries: Sequence[Entry]
    ledger: Ledger
    history: History

    def field(self, entry: Entry, name: str) -> Any:
        """A field of the entry that is not kept; of an older one what its statepoint says."""
        document = self.ledger.document(entry.job_id) or {}
        statepoint = document.get("statepoint", {})
        return document[name] if name in document else statepoint.get(name)

    def commit(self, entry: Entry) -> str:
        """The commit of the run's code; empty if it is not known."""
        commit = self.field(entry, "code_commit")
        return commit if isinstance(commit, str) else ""


class EvidenceRule(NamedTuple):
    """A rule, the runs that break it, and what to say of them and to do about them."""

    rule: Rule
    breaking: Callable[[Evidence], Iterable[Entry]]
    predicate: str
    fix: str

    @property
    def name(self) -> str:
        """What `accept` calls it."""
        return self.rule.code.partition(".")[2]


def _with_status(*statuses: str) -> Callable[[Evidence], Iterable[Entry]]:
    return lambda evidence: [entry for entry in evidence.entries if entry.status in statuses]


def _repeated(evidence: Evidence) -> list[Entry]:
    """All but the first of the runs whose statepoints differ in the code alone."""
    if not isinstance(evidence.citation, BatchCitation):
        return []
    entries = evidence.entries
    # Mostly nothing is repeated, and then no statepoint need be parsed.
    if len({_without_code(entry.statepoint or "") for entry in entries}) == len(entries):
        return []
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[_without_code(entry.statepoint or "")].append(entry)
    # Runs whose statepoints are wholly the same differ in what was redacted.
    return [
        entry
        for group in groups.values()
        if len(group) > 1 and len({entry.statepoint for entry in group}) > 1
        for entry in _alike(group)
    ]


# One run is cited by many batches.
@lru_cache(16_384)
def _without_code(statepoint: str) -> str:
    """Canonical JSON without what looks like the code's state: quickly, so nested as well."""
    return _CODE.sub("", statepoint).replace(", }", "}") if '"code_' in statepoint else statepoint


def _alike(group: Sequence[Entry]) -> Iterator[Entry]:
    """Those of ``group`` that another one before them is but for the code, now read exactly."""
    seen: set[str] = set()
    for entry in group:
        point = json.loads(entry.statepoint or "{}")
        bare = {key: value for key, value in point.items() if key not in _CODE_KEYS}
        text = json.dumps(bare, sort_keys=True)
        if text in seen:
            yield entry
        seen.add(text)


def _dirty(evidence: Evidence) -> list[Entry]:
    return [e for e in evidence.entries if evidence.field(e, "code_dirty") is True]


def _foreign(evidence: Evidence) -> list[Entry]:
    own = evidence.finding.experiment
    return [entry for entry in evidence.entries if own and own not in entry.experiments]


def _unknown_commit(evidence: Evidence) -> list[Entry]:
    history = evidence.history
    return [e for e in evidence.entries if history.has(evidence.commit(e)) is False]


def has_unjudged_commit(evidence: Evidence) -> bool:
    """Whether the clone does not show if everybody has a run's commit."""
    return any(evidence.history.has(evidence.commit(e)) is None for e in evidence.entries)


def unjudged_commit_fault(citation: Resolvable) -> Fault:
    """The one fault of a check that has no history to look into."""
    message = (
        "git's history is not available here (no git, or a shallow clone), so it was not checked "
        "whether others have the commits of cited runs"
    )
    fix = "get the whole history: `git fetch --unshallow`, in CI `fetch-depth: 0`"
    return citation.fault(UNJUDGED_COMMIT, message, fix)


_RULES = (
    EvidenceRule(
        FAILED_RUN,
        _with_status("failed", "abandoned"),
        "did not complete (failed or abandoned)",
        "leave it out (`except`, or `status: complete` on a batch)",
    ),
    EvidenceRule(
        REPEATED_RUN,
        _repeated,
        "ran before with other code, so that one run counts twice",
        "leave one of the two out (`except`), or select by `code_commit`",
    ),
    EvidenceRule(
        STOPPED_RUN, _with_status("stopped"), "ended early (stopped)", "leave it out (`except`)"
    ),
    EvidenceRule(
        DIRTY_CODE, _dirty, "ran on uncommitted code", "run it again from a commit, and cite that"
    ),
    EvidenceRule(
        FOREIGN_EXPERIMENT,
        _foreign,
        "ran for another experiment than the finding's",
        "correct `experiment:` or the citation",
    ),
    EvidenceRule(
        UNKNOWN_COMMIT,
        _unknown_commit,
        "ran on a commit that nobody else has",
        "push the branch or tag the commit",
    ),
)


def rules_under(policy: Policy) -> tuple[EvidenceRule, ...]:
    """The rules that are not off."""
    return tuple(rule for rule in _RULES if not policy.is_off(rule.rule))


def rule_faults(evidence: Evidence, rules: Iterable[EvidenceRule]) -> Iterator[Fault]:
    """One fault for each rule that the runs break and the citation does not accept."""
    accepted = evidence.citation.accept
    for rule in rules:
        breaking = list(rule.breaking(evidence))
        is_accepted = bool(accepted) and rule.name in accepted
        if breaking and not is_accepted:
            yield _broken(evidence, rule, breaking)
        elif is_accepted and not breaking:
            yield idle_acceptance(evidence.citation, rule.name, "that is true of no cited run")


def _broken(evidence: Evidence, rule: EvidenceRule, breaking: Sequence[Entry]) -> Fault:
    citation = evidence.citation
    if isinstance(citation, JobCitation):
        message = f"run {citation.job_id} {rule.predicate}"
    else:
        ids = "; ".join(f"{entry.job_id[:8]}, {shown(entry.status)}" for entry in breaking[:3])
        more = f" and {len(breaking) - 3:,} more" if len(breaking) > 3 else ""
        runs = f"{len(breaking):,} of the {counted(len(evidence.entries), 'run')} of the batch"
        message = f"{runs} {rule.predicate}: {ids}{more}"
    fix = f"{rule.fix}; or say that you know: `accept: [{rule.name}]`"
    job_id = breaking[0].job_id if len(breaking) == 1 else None
    return citation.fault(rule.rule, message, fix)._replace(job_id=job_id)


def idle_acceptance(citation: Resolvable, name: str, why: str) -> Fault:
    """The fault of accepting what is not the case."""
    message = f"{citation.label} accepts {quoted(name)}, but {why}"
    return citation.fault(SUSPICIOUS_KEY, message, f"take {name} out of `accept`")
