"""The cited runs as evidence: are they retracted, the pinned ones, and what the rules ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pytest_aexp.ground.text import counted, listed, quoted, shown
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import BatchCitation, Citation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import Finding, name_of
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import (
    ACCEPTED_RETRACTION,
    INVALID_RETRACTION,
    RETRACTED_RUN,
    UNKNOWN_COMMIT,
    Fault,
    Policy,
)
from pytest_aexp.model.retractions import Retraction, is_record_id, record_path
from pytest_aexp.work.check.evidence.history import History
from pytest_aexp.work.check.evidence.pins import pin_faults, pinned_entries
from pytest_aexp.work.check.evidence.rules import (
    Evidence,
    has_unjudged_commit,
    idle_acceptance,
    rule_faults,
    rules_under,
)
from pytest_aexp.work.check.resolve import Resolution

_MOST_NAMED = 20
"""How many ids a command that is advised may have: it must still be fit to be typed."""


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
            # It has no keys: what the citations of its finding accept holds for it, too.
            accepted = tuple(name for other in finding.citations for name in other.accept)
        retracted = self.retractions(citation, resolution, entries)
        rests = len(entries or resolution.entries) > len(retracted)
        faults = self._ledger.retractions.faults
        damaged = {fault.path for fault in faults if fault.rule is INVALID_RETRACTION}
        yield from retraction_faults(citation, retracted, accepted, damaged, leaves_runs=rests)
        if entries:
            reading = pinned_entries(citation, resolution.entries)
            yield from pin_faults(citation, resolution.entries, reading)
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
        retracting = map(self._ledger.retractions.get, job_ids)
        return [retraction for retraction in retracting if retraction is not None]

    def has_unjudged_commit(
        self, finding: Finding, citation: Resolvable, entries: Sequence[Entry]
    ) -> bool:
        """Whether it should be judged that everybody has a run's commit, and cannot be."""
        is_asked = self._judges_commits and finding.stands and not citation.is_link
        return is_asked and has_unjudged_commit(self._evidence(finding, citation, entries))


def name_retracted_runs(retractions: Collection[Retraction]) -> str:
    """The retracted runs, as another finding's problem names them; empty if there are none."""
    runs = list(dict.fromkeys(f"{retraction.job_id[:8]}…" for retraction in retractions))
    noun = "retracted run" if len(runs) == 1 else "retracted runs"
    return f"the {noun} {listed(runs, 3)}" if runs else ""


def retraction_faults(
    citation: Resolvable,
    retracting: list[Retraction],
    accepted: Collection[str],
    damaged: Collection[str] = (),
    *,
    leaves_runs: bool,
) -> Iterator[Fault]:
    """One fault for all that is retracted of a citation, and one for each idle acceptance.

    ``accepted`` are the records that the author knows of, ``damaged`` the paths of those of which
    nobody knows what they retract; ``leaves_runs`` says whether the citation has other runs.
    """
    records = {record_id for retraction in retracting for record_id in retraction.record_ids}
    for name in citation.accept:
        if is_record_id(name) and name not in records and record_path(name) not in damaged:
            fault = idle_acceptance(citation, name, "that record retracts none of its runs")
            yield fault._replace(retractions=(name,))
    if not retracting:
        return
    rule = ACCEPTED_RETRACTION if records <= set(accepted) else RETRACTED_RUN
    job_id = retracting[0].job_id if len(retracting) == 1 else None
    ids = tuple(sorted(records))
    fix = _fix(citation, retracting, ids, leaves_runs=leaves_runs)
    fault = citation.fault(rule, _message(citation, retracting), fix)
    yield fault._replace(job_id=job_id, retractions=ids)


def _message(citation: Resolvable, retractions: list[Retraction]) -> str:
    reasons = [reason for retraction in retractions for reason in retraction.reasons]
    why = listed([quoted(reason, 120) for reason in dict.fromkeys(reasons)], 3)
    if isinstance(citation, JobCitation):
        return f"run {citation.job_id} was retracted: {why}{_replacement(retractions[0])}"
    ids = listed([retraction.job_id[:8] for retraction in retractions], 3)
    replaced = _replacement(retractions[0]) if len(retractions) == 1 else ""
    were = "was" if len(retractions) == 1 else "were"
    runs = f"{counted(len(retractions), 'run')} of the batch {were} retracted"
    return f"{runs} ({ids}): {why}{replaced}"


def _replacement(retraction: Retraction) -> str:
    if not retraction.replacements:
        return ""
    return f"; replaced by {listed([shown(job_id, 32) for job_id in retraction.replacements], 3)}"


def how_to_leave_out(citation: Citation, job_ids: Sequence[str]) -> str:
    """The command that leaves retracted runs out of a batch.

    All at once: one that leaves any of them in the batch is refused.
    """
    ids = " --except ".join([i[:8] for i in job_ids] if len(job_ids) <= _MOST_NAMED else ["RUN"])
    more = ", once for each run" if len(job_ids) > _MOST_NAMED else ""
    return f"`aexp cite {name_of(citation.path)} --except {ids}`{more}"


def _fix(
    citation: Resolvable, retracting: list[Retraction], records: Sequence[str], *, leaves_runs: bool
) -> str:
    if isinstance(citation, BatchCitation) and leaves_runs:
        them = "it" if len(retracting) == 1 else "them"
        runs = [retraction.job_id for retraction in retracting]
        leave = f"leave {them} out ({how_to_leave_out(citation, runs)})"
    elif retracting[0].replacements and isinstance(citation, JobCitation) and not citation.is_link:
        leave = "cite the run that replaces it, if the finding still holds"
    else:
        leave = "take the citation out"
    ids = ", ".join(records[:_MOST_NAMED])
    accept = "" if citation.is_link else f", say that you know (`accept: [{ids}]`)"
    return f"{leave}{accept}, or withdraw the finding (`retracted:` and why)"
