"""What a resolution means for the citation: the fault, in words, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_aexp.ground.settings.machine_label import is_safe_label
from pytest_aexp.ground.text import counted, cut, listed, one_of, quoted, shown, shown_json
from pytest_aexp.model.entry import LEDGER_DIR, Entry, count_entries, entry_path
from pytest_aexp.model.findings.citation import (
    BatchCitation,
    Citation,
    JobCitation,
    MalformedCitation,
    Resolvable,
)
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import (
    ABSENT,
    ABSENT_BATCH,
    BROKEN,
    CONTRADICTION,
    EMPTY_BATCH,
    MALFORMED,
    UNFINISHED,
    UNPROMOTED,
    UNSTAGED_ENTRY,
    UNVERIFIED_IDENTITY,
    Fault,
)
from pytest_aexp.model.runs.run_attempt import age
from pytest_aexp.model.runs.run_store import Run
from pytest_aexp.model.runs.short_id import ids_beginning
from pytest_aexp.work.check.evidence.pins import BACKFILL_THERE
from pytest_aexp.work.check.hints import meant_values, nearest_id, selector_hint
from pytest_aexp.work.check.ledger import KEEP_LOCAL
from pytest_aexp.work.check.resolve import Place, Resolution, Sources, resolve


def written_faults(citation: Citation, sources: Sources) -> Iterator[Fault]:
    """What is wrong with the way a citation is written, with the id that was probably meant."""
    for fault in citation.faults:
        if isinstance(citation, MalformedCitation) and citation.written:
            near = nearest_id(citation.written, sources)
            begun = [] if near else ids_beginning(citation.written, sources.job_ids)
            if begun:
                citations = one_of([f"{{type: job, id: {job_id}}}" for job_id in begun[:3]])
                does = ", or run `aexp fix`" if len(begun) == 1 else ", whichever run is meant"
                yield fault._replace(fix=f"write {citations}{does}")
                continue
            if near is not None:
                which = "" if near.is_exact else f", the run whose id {near.difference}"
                # `aexp fix` changes only what is certain, and adds no type.
                is_fixed = near.is_certain and not citation.lacks_type
                does = ", or run `aexp fix`" if is_fixed else ""
                yield fault._replace(fix=f"write {{type: job, id: {near.job_id}}}{which}{does}")
                continue
        yield fault


def fault_of(citation: Resolvable, resolution: Resolution, sources: Sources) -> Fault | None:
    """What is wrong with a well-written citation that leads there; None if nothing is."""
    if resolution.selectors and isinstance(citation, BatchCitation):
        return _ambiguous(citation, resolution)
    if resolution.place is Place.LEDGER:
        return _in_ledger(citation, resolution)
    at = {
        Place.DISK: _on_disk,
        Place.STORE: _in_store,
        Place.INDEX: _in_index,
    }
    if resolution.place in at:
        return at[resolution.place](citation, resolution)
    if isinstance(citation, JobCitation):
        return _not_found(citation, resolution, sources)
    return _empty(citation, sources)


def _ambiguous(citation: BatchCitation, resolution: Resolution) -> Fault:
    ways = [f"{{{shown_json(selector)[1:-1]}}}" for selector in resolution.selectors]
    keys = listed([quoted(key, 30) for key in citation.readings], 3)
    message = (
        f"{_cited(citation)} may be read in {len(ways)} ways, and there are runs of each: readers "
        f"of YAML 1.1 and 1.2 take {keys} for different values"
    )
    fix = f"write what is meant: `selector: {ways[0]}` or `selector: {ways[1]}`"
    return citation.fault(MALFORMED, message, fix)


def _in_ledger(citation: Resolvable, resolution: Resolution) -> Fault | None:
    causes = [e.cause for e in resolution.entries if e.faults and e.cause is not None]
    if not causes:
        return None
    fault, more = causes[0], len(causes) - 1
    # The message of a contradiction has both places.
    at = fault.position
    place = "" if fault.rule is CONTRADICTION else f" ({fault.path}:{at.line}:{at.column})"
    others = f", and {count_entries(more)} more of the batch cannot be used either" if more else ""
    message = f"{fault.message}{place}, so {_cited(citation)} is not proven{others}"
    return fault._replace(
        path=citation.path, position=citation.position, message=message, cited=True
    )


def unverified_fault(citation: Resolvable, entries: Sequence[Entry]) -> Fault:
    """The fault of citing runs whose identity redaction took away."""
    runs = f"run {entries[0].job_id}"
    if len(entries) > 1:
        runs = f"{counted(len(entries), 'run')}, such as {entries[0].job_id},"
    message = (
        f"the identity of {runs} cannot be checked: the ledger says that the statepoint was "
        "redacted"
    )
    return citation.fault(UNVERIFIED_IDENTITY, message, KEEP_LOCAL)._replace(
        job_id=entries[0].job_id
    )


def _on_disk(citation: Resolvable, resolution: Resolution) -> Fault:
    paths = list(dict.fromkeys(entry.path for entry in resolution.entries))
    many = len(resolution.entries) > 1
    message = (
        f"{_cited(citation)} is in the ledger on disk, but its "
        f"{'entries are' if many else 'entry is'} not in the commit"
    )
    return citation.fault(UNSTAGED_ENTRY, message, f"run `git add {' '.join(paths[:20])}`")


def _in_store(citation: Resolvable, resolution: Resolution) -> Fault:
    if any(run.finished for run in resolution.runs):
        return _unpromoted(citation, [run for run in resolution.runs if run.finished])
    run = resolution.runs[0]
    state, fix = _unfinished(run)
    if isinstance(citation, JobCitation):
        message = f"{_cited(citation)} has not finished: {state}"
    else:
        count = counted(len(resolution.runs), "run")
        message = f"{_cited(citation)} has {count} here, none finished: {run.job_id[:8]}: {state}"
    return citation.fault(UNFINISHED, message, fix)


def _unfinished(run: Run) -> tuple[str, str]:
    """The state of a run that has not ended, as far as it is known, and what to type."""
    mark = f"`aexp mark {run.job_id}"
    if run.faults:
        return f"its state is unknown, since {run.faults[0].message}", run.faults[0].fix
    if run.foreign_status:
        status = quoted(run.foreign_status)
        return (
            f"its state is unknown, since its status {status} is not one of pytest-aexp's",
            f"if it has ended, run {mark} complete --replace` (or failed, …)",
        )
    if run.lost_since is not None:
        last = f"{run.lost_since:%Y-%m-%d %H:%M} UTC"
        return (
            f"last heard of {age(run.lost_since)} ago, probably killed (last heartbeat: {last})",
            f"run {mark} failed`",
        )
    return (
        f"its state is {run.status or 'not started'}",
        f"wait for it to end; if it has, run {mark} complete` (or failed, …)",
    )


def _unpromoted(citation: Resolvable, finished: list[Run]) -> Fault:
    verb, them = ("are", "them") if len(finished) > 1 else ("is", "it")
    if isinstance(citation, JobCitation):
        what, state = _cited(citation), f" ({finished[0].status})"
    else:
        what, state = f"{_cited(citation)} has {counted(len(finished), 'run')} that", ""
    message = f"{what} {verb} finished{state}, but only on this machine: no other can see {them}"
    fix = f"run `aexp ledger backfill`, then `git add {LEDGER_DIR}`"
    if len(finished) == 1:
        job_id = finished[0].job_id
        fix = f"run `aexp ledger promote {job_id}`, then `git add {entry_path(job_id)}`"
    return citation.fault(UNPROMOTED, message, fix)


def _in_index(citation: Resolvable, resolution: Resolution) -> Fault:
    machines = listed([_machine(machine) for machine in resolution.machines])
    # What stands in a command to type must not come from somebody else's file.
    there = machines if all(map(is_safe_label, resolution.machines)) else "that machine"
    first = resolution.machines[0] if len(resolution.machines) == 1 else None
    if isinstance(citation, JobCitation):
        message = f"{_cited(citation)} is not here: the index of {machines} has it"
        fix = (
            f"leave the citation as it is; run `aexp ledger promote {citation.job_id}` on "
            f"{there}, commit and push"
        )
        return citation.fault(ABSENT, message, fix)._replace(machine=first)
    runs = counted(resolution.matches, "run")
    unchecked = sorted(set(citation.selector) - {"condition"})
    message = f"{_cited(citation)} is not here: the index of {machines} has {runs} that may fit"
    if unchecked:
        keys = listed([quoted(key, 30) for key in unchecked], 3)
        message += f" (an index does not say {keys}, so that was not checked)"
    fix = f"leave the citation as it is; run `aexp ledger backfill` on {there}, commit and push"
    return citation.fault(ABSENT_BATCH, message, fix)._replace(machine=first)


def _machine(label: str) -> str:
    """A machine as a message names it: what is not a label may be anything, a command too."""
    return label if is_safe_label(label) else quoted(label.replace("`", "'"), 30)


def _not_found(citation: JobCitation, resolution: Resolution, sources: Sources) -> Fault:
    message = f"{_cited(citation)} was not found: {_searched(sources)}"
    if resolution.runs:
        message += (
            f"; the store's folder for it cannot be used: {resolution.runs[0].faults[0].message}"
        )
    meant = sources.tracker_ids.get(citation.job_id)
    if meant is not None:
        noun = "run" if len(meant) == 1 else "runs"
        message += f"; it is another tracker's id of {noun} {listed(meant, 3)}"
        return citation.fault(BROKEN, message, f"write {' or '.join(meant[:3])}")
    near = nearest_id(citation.job_id, sources)
    if near is not None:
        message += f"; the nearest id is {near.job_id} ({near.difference})"
        fix = f"if that run is meant, write {near.job_id}"
    else:
        fix = "check the id"
    fix += (
        f"; if the run is on another machine, run `aexp ledger promote {citation.job_id}` there, "
        "commit and push, then `git pull` here"
    )
    return citation.fault(BROKEN, message, fix)


def _searched(sources: Sources) -> str:
    ledger: Ledger = sources.ledger
    places = [f"not in the ledger ({count_entries(len(ledger.job_ids))})"]
    if sources.store is not None:
        count = counted(len(sources.store.job_ids), "run")
        count = "which cannot be listed" if sources.store.unlisted else count
        places.append(f"not in this machine's run store ({count})")
    if sources.indexes.files:
        places.append("not in a machine index")
    return ", ".join(places)


def _empty(citation: Resolvable, sources: Sources) -> Fault:
    assert isinstance(citation, BatchCitation)
    left_out = _left_out(citation, sources)
    hint = left_out or selector_hint(citation, sources)
    correct = "correct the citation"
    if not left_out and meant_values(citation, sources):
        correct = f"run `aexp fix`, or {correct}"
    fix = f"{correct}; {BACKFILL_THERE}"
    return citation.fault(EMPTY_BATCH, f"{_cited(citation)} has no runs: {hint}", fix)


def _left_out(citation: BatchCitation, sources: Sources) -> str:
    """That runs fit but for `status` and `except`; empty if they do not."""
    if not (citation.statuses or citation.excluded):
        return ""
    entries = resolve(replace(citation, statuses=(), excluded=()), sources).entries
    if not entries:
        return ""
    statuses = Counter(entry.status for entry in entries)
    how = ", ".join(f"{count:,} {shown(status, 20)}" for status, count in statuses.most_common())
    return f"`status` and `except` leave none of the {counted(len(entries), 'run')} ({how})"


def _cited(citation: Resolvable) -> str:
    if isinstance(citation, JobCitation):
        return f"run {citation.job_id}"
    experiment = cut(citation.experiment_id, 20)
    if not citation.selector:
        return f"the batch of {experiment}"
    return f"the batch {shown_json(citation.selector)} of {experiment}"
