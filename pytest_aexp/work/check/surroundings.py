"""Faults that no citation reports: of entries, run store, machine indexes and install marker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.findings.citation import Citation
from pytest_aexp.model.packs.segment_check import Survey
from pytest_aexp.model.problems import Fault
from pytest_aexp.model.runs.run_store import marker_faults
from pytest_aexp.work.check.ledger import identity_faults, stray_fault
from pytest_aexp.work.check.resolve import Sources, cited_runs
from pytest_aexp.work.install.driver import driver_faults
from pytest_aexp.work.scope.tracked_runs import tracked_faults


def surrounding_faults(
    repository: Repository,
    view: View,
    sources: Sources,
    survey: Survey,
    citations: Sequence[Citation],
) -> Iterator[Fault]:
    """The faults of a repository that are not reported with one of ``citations``."""
    yield from marker_faults(repository)
    if isinstance(view, WorkTree):
        yield from tracked_faults(repository)
        yield from driver_faults(repository.root)
    yield from _entry_faults(sources, survey, citations)
    if sources.store is not None:
        yield from sources.store.faults
        for run in sources.store:
            yield from run.faults
    yield from sources.indexes.faults


def unverified_faults(
    sources: Sources, survey: Survey, citations: Sequence[Citation]
) -> Iterator[Fault]:
    """The faults of entries that nothing cites and of which redaction took the identity away."""
    entries = [entry for entry in survey.notable if not entry.checkable]
    cited = set(_every_run(sources, citations)) if entries else set()
    return identity_faults(entry for entry in entries if entry.job_id not in cited)


def _entry_faults(
    sources: Sources, survey: Survey, citations: Sequence[Citation]
) -> Iterator[Fault]:
    ledger = sources.ledger
    unusable = {entry.job_id for entry in survey.notable if not entry.usable}
    unusable.update(fault.job_id for fault in survey.faults if fault.job_id)
    cited = unusable.intersection(_every_run(sources, citations)) if unusable else set()
    # A citation reports the entry that counts for its run, and one that contradicts it; a run may
    # have others.
    reported = {entry.cause for entry in map(ledger.get, cited) if entry is not None}
    for entry in survey.notable:
        yield from (fault for fault in entry.faults if fault not in reported)
    yield from (fault for fault in survey.faults if fault.job_id not in cited)
    yield from map(stray_fault, ledger.strays)


def _every_run(sources: Sources, citations: Sequence[Citation]) -> Iterator[str]:
    return (job_id for citation in citations for job_id in cited_runs(citation, sources))
