"""What ``aexp cite`` changes of citations: pins, names, statuses, and runs that are left out."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.text import counted, listed, parse_time
from pytest_aexp.model.entry import Entry
from pytest_aexp.model.findings.citation import (
    BatchCitation,
    Citation,
    JobCitation,
    Pin,
    Resolvable,
)
from pytest_aexp.model.findings.finding import Finding
from pytest_aexp.model.findings.pins import Fit, digest_of, pinned
from pytest_aexp.model.runs.short_id import full_job_id
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.resolve import Place, Resolution, resolve
from pytest_aexp.work.edit.citation_keys import Keys
from pytest_aexp.work.edit.citation_yaml import job_text, list_text, time_text


def set_options(
    arguments: argparse.Namespace, checker: Checker, citations: Collection[Citation]
) -> dict[int, Keys]:
    """The keys that ``--as``, ``--status`` and ``--except`` change, by citation.

    Raises UsageError if it is not clear which citation is meant.
    """
    changes: dict[int, Keys] = {}
    if arguments.name is not None:
        only = _only(citations, "--as")
        changes.setdefault(only.index, {})["as"] = arguments.name
    batches = [c for c in citations if isinstance(c, BatchCitation)]
    if arguments.status:
        only = _only(batches, "--status")
        changes.setdefault(only.index, {})["status"] = list_text(arguments.status)
    excluded = {full_job_id(written, checker.sources.job_ids) for written in arguments.excluded}
    unused = set(excluded)
    for batch in batches:
        resolution = resolve(batch, checker.sources)
        held = {entry.job_id for entry in resolution.entries}
        held = excluded & (held | {run.job_id for run in resolution.runs})
        if held:
            keys = changes.setdefault(batch.index, {})
            keys["except"] = list_text([*batch.excluded, *sorted(held)])
            keys |= _accepted_no_more(checker, batch, {e.job_id for e in resolution.entries}, held)
        unused -= held
    if unused:
        raise UsageError(f"no batch that is cited has run {listed(sorted(unused), 3)}")
    return changes


def _accepted_no_more(
    checker: Checker, batch: BatchCitation, runs: Collection[str], held: Collection[str]
) -> Keys:
    """The change of ``accept`` where it has records that retract only runs that are left out."""
    of_run = checker.sources.ledger.retractions.get

    def records(job_ids: Collection[str]) -> set[str]:
        return {r for one in filter(None, map(of_run, job_ids)) for r in one.record_ids}

    idle = records(held) - records(set(runs).difference(held))
    accept = [name for name in batch.accept if name not in idle]
    if len(accept) == len(batch.accept):
        return {}
    return {"accept": list_text(accept) if accept else None}


def _only(citations: Collection[Citation], option: str) -> Citation:
    if len(citations) != 1:
        raise UsageError(
            f"{option} is for one citation, and {len(citations)} could be meant: name the run, or "
            "the batch with --batch, that is cited already"
        )
    return next(iter(citations))


def kept_pins(checker: Checker, before: Finding, after: Finding) -> dict[int, Keys]:
    """The pins of what is left of pinned batches once the keys are changed."""
    changes: dict[int, Keys] = {}
    for old, new in zip(before.citations, after.citations, strict=False):
        if not (isinstance(old, BatchCitation) and isinstance(new, BatchCitation) and old.pin):
            continue
        fit = pinned(old.pin, resolve(old, checker.sources).entries)
        left = resolve(new, checker.sources).entries
        if fit.fit is Fit.CHANGED or pinned(new.pin, left).fit is not Fit.CHANGED:
            continue
        job_ids = {entry.job_id for entry in left}
        rest = [entry for entry in fit.entries if entry.job_id in job_ids]
        if rest:
            changes[new.index] = _pin_keys(old.pin, rest)
    return changes


def _pin_keys(pin: Pin, entries: Collection[Entry]) -> Keys:
    keys: Keys = {"count": f"{len(entries)}{'+' if pin.at_least else ''}"}
    return {**keys, "digest": job_text(digest_of(entries))} if pin.digest else keys


def pins(checker: Checker, citations: Collection[Citation]) -> dict[int, Keys]:
    """The pins of citations as the ledger has their runs now. Raises UsageError."""
    return {
        citation.index: _pin(checker, citation)
        for citation in citations
        if isinstance(citation, Resolvable)
    }


def _pin(checker: Checker, citation: Resolvable) -> Keys:
    resolution = resolve(citation, checker.sources)
    in_ledger = resolution.place is Place.LEDGER
    if not in_ledger or not all(entry.usable for entry in resolution.entries):
        raise UsageError(f"{citation.label} cannot be pinned: not all its runs are in the ledger")
    if isinstance(citation, JobCitation):
        ended_at = resolution.entries[0].ended_at
        if parse_time(ended_at) is None:
            raise UsageError(
                f"{citation.label} cannot be pinned: its entry does not say when the run ended; "
                f"run `aexp ledger promote {citation.job_id}` on the machine that has the run"
            )
        return {"ended_at": time_text(ended_at)}
    missing = list(_unpromoted(checker, citation, resolution))
    if missing:
        raise UsageError(
            f"{citation.label} cannot be pinned: {counted(len(missing), 'finished run')} of the "
            f"batch is only on this machine ({listed(missing, 3)}); run `aexp ledger backfill`"
        )
    return _pin_keys(Pin(len(resolution.entries), digest="yes"), resolution.entries)


def _unpromoted(checker: Checker, citation: BatchCitation, resolution: Resolution) -> Iterator[str]:
    store, in_ledger = checker.sources.store, {entry.job_id for entry in resolution.entries}
    if store is None:
        return
    for run in store.batches.select(citation.experiment_id, citation.selector):
        is_cited = not citation.statuses or run.status in citation.statuses
        if run.finished and is_cited and run.job_id not in {*in_ledger, *citation.excluded}:
            yield run.job_id


def no_pins(citations: Collection[Citation]) -> dict[int, Keys]:
    """The removal of every pin."""
    changes: dict[int, Keys] = {}
    for citation in citations:
        if isinstance(citation, JobCitation) and citation.ended_at:
            changes[citation.index] = {"ended_at": None}
        elif isinstance(citation, BatchCitation) and citation.pin:
            digest: Keys = {"digest": None} if citation.pin.digest else {}
            changes[citation.index] = {"count": None, **digest}
    return changes
