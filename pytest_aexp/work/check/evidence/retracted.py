"""Citations of retracted runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pytest_aexp.ground.text import counted, listed, quoted, shown
from pytest_aexp.model.findings.citation import BatchCitation, JobCitation, Resolvable
from pytest_aexp.model.findings.finding import name_of
from pytest_aexp.model.problems import ACCEPTED_RETRACTION, RETRACTED_RUN, Fault
from pytest_aexp.model.retractions import Retraction, Retractions, is_record_id
from pytest_aexp.work.check.evidence.rules import idle_acceptance

_MOST_NAMED = 20


def retractions_of(job_ids: Collection[str], retractions: Retractions) -> list[Retraction]:
    """What retracts these runs, run by run."""
    retracting = (retractions.get(job_id) for job_id in job_ids)
    return [retraction for retraction in retracting if retraction is not None]


def name_retracted_runs(retractions: Collection[Retraction]) -> str:
    """The retracted runs, as another finding's problem names them; empty if there are none."""
    runs = list(dict.fromkeys(f"{retraction.job_id[:8]}…" for retraction in retractions))
    noun = "retracted run" if len(runs) == 1 else "retracted runs"
    return f"the {noun} {listed(runs, 3)}" if runs else ""


def retraction_faults(
    citation: Resolvable,
    retracting: list[Retraction],
    accepted: Collection[str],
    *,
    leaves_runs: bool,
) -> Iterator[Fault]:
    """One fault for all that is retracted of a citation, and one for each idle acceptance.

    ``accepted`` are the records that the author knows of; ``leaves_runs`` says whether the citation
    has other runs.
    """
    records = {record_id for retraction in retracting for record_id in retraction.record_ids}
    for name in citation.accept:
        if is_record_id(name) and name not in records:
            fault = idle_acceptance(citation, name, "that record retracts none of its runs")
            yield fault._replace(retractions=(name,))
    if not retracting:
        return
    rule = ACCEPTED_RETRACTION if records <= set(accepted) else RETRACTED_RUN
    job_id = retracting[0].job_id if len(retracting) == 1 else None
    ids = tuple(sorted(records))
    yield Fault(
        rule,
        citation.path,
        _message(citation, retracting),
        _fix(citation, retracting, ids, leaves_runs=leaves_runs),
        citation.position,
        job_id,
        retractions=ids,
    )


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


def _fix(
    citation: Resolvable, retracting: list[Retraction], records: Sequence[str], *, leaves_runs: bool
) -> str:
    if isinstance(citation, BatchCitation) and leaves_runs:
        them = "it" if len(retracting) == 1 else "them"
        # All at once: a command that leaves a retracted run in the batch is refused.
        runs = [retraction.job_id[:8] for retraction in retracting]
        each = " --except ".join(runs if len(runs) <= _MOST_NAMED else ["RUN"])
        more = ", once for each run" if len(runs) > _MOST_NAMED else ""
        leave = f"leave {them} out (`aexp cite {name_of(citation.path)} --except {each}`{more})"
    elif retracting[0].replacements and isinstance(citation, JobCitation) and not citation.is_link:
        leave = "cite the run that replaces it, if the finding still holds"
    else:
        leave = "take the citation out"
    known = ", ".join(records[:_MOST_NAMED])
    accept = "" if citation.is_link else f", say that you know (`accept: [{known}]`)"
    return f"{leave}{accept}, or withdraw the finding (`retracted:` and why)"
