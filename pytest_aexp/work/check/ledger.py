"""The check of entries by themselves: `aexp ledger check`, and what stray files are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from shlex import quote

from pytest_aexp.model.entry import LEDGER_DIR, Entry, entry_path, job_id_in
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.ledger_survey import survey, survey_runs
from pytest_aexp.model.packs.segment import PACKS_DIR
from pytest_aexp.model.problems import (
    INVALID_ENTRY,
    INVALID_RETRACTION,
    INVALID_SEGMENT,
    UNVERIFIED_IDENTITY,
    Fault,
    Outcome,
    Policy,
)
from pytest_aexp.model.retractions import RETRACTIONS_DIR, is_record_id
from pytest_aexp.model.stray_files import is_entry_name

KEEP_LOCAL = (
    "keep paths and credentials out of the statepoints of new runs: name their keys in `local` of "
    "[tool.aexp.runs]"
)


def check_ledger(
    ledger: Ledger,
    policy: Policy,
    job_ids: Iterable[str] | None = None,
    root: Path | None = None,
    advise: Callable[[Fault], Fault] = lambda fault: fault,
) -> tuple[Outcome, tuple[str, ...]]:
    """Judge the entries of ``job_ids``, or every entry and every stray file.

    ``advise`` may complete what is to be done about each fault. With the outcome come the job ids
    whose identity redaction took away.
    """
    judged = survey(ledger, root) if job_ids is None else survey_runs(ledger, job_ids)
    strays = unread_in(ledger) if job_ids is None else ()
    faults = [fault for entry in judged.notable for fault in entry.faults]
    faults += [*judged.faults, *map(stray_fault, strays), *ledger.retractions.faults]
    faults += identity_faults(judged.notable)
    problems = policy.judge(map(advise, faults))
    uncheckable = tuple(e.job_id for e in judged.notable if e.usable and not e.checkable)
    return Outcome(problems, judged.judged), uncheckable


def unread_in(ledger: Ledger) -> tuple[str, ...]:
    """The paths of what looks like a part of the ledger, or is in its place, and is not read."""
    stop = None if ledger.exists else ledger.view.blocked(LEDGER_DIR)
    return ledger.strays if stop is None else (stop[0],)


def identity_faults(entries: Iterable[Entry]) -> Iterator[Fault]:
    """The faults of those entries whose identity cannot be checked."""
    for entry in entries:
        if entry.usable and not entry.checkable:
            message = (
                "the identity of the ledger entry cannot be checked: it says that its statepoint "
                "was redacted"
            )
            yield Fault(UNVERIFIED_IDENTITY, entry.path, message, KEEP_LOCAL, job_id=entry.job_id)


def stray_fault(path: str) -> Fault:
    """The fault of what lies in the ledger folder and is neither an entry nor a segment."""
    name = path.rpartition("/")[2]
    if is_record_id(name.removesuffix(".json")):
        message = (
            f"the retraction record is in the wrong folder: records belong in {RETRACTIONS_DIR}"
        )
        # Without its last record git keeps no folder to move it to.
        fix = f"run `mkdir -p {RETRACTIONS_DIR} && git mv {quote(path)} {RETRACTIONS_DIR}/`"
        return Fault(INVALID_RETRACTION, path, message, fix)
    if not name.lower().endswith((".json", ".jsonl", ".tmp")):
        message = "no entries are read here: where a folder of the ledger belongs is something else"
        return Fault(INVALID_SEGMENT, path, message, "put the folder itself there")
    if path.startswith(f"{PACKS_DIR}/") or name.endswith(".jsonl"):
        message = (
            "the file is not a segment of packed entries: these are named for the machine that "
            "packed them and for their content, packs/laptop/0a1b2c3d4e5f6071.jsonl"
        )
        return Fault(
            INVALID_ENTRY, path, message, "move it out of the ledger; what it holds is not read"
        )
    if is_entry_name(name):
        return _in_no_place(path, job_id_in(name))
    message = (
        "the file is not a ledger entry: an entry is named for its run, 32 lower-case hex digits "
        "and .json"
    )
    fix = "rename it if it is the only entry of its run, else move it out of the ledger"
    return Fault(INVALID_ENTRY, path, message, fix)


def _in_no_place(path: str, job_id: str) -> Fault:
    """The fault of a folder in an entry's place, or of what would be an entry elsewhere."""
    place = entry_path(job_id)
    if path == place:
        message = "a folder is in the place of the run's ledger entry"
        fix = (
            f"move what is in it elsewhere, run `rm -r {path}`, then `aexp ledger promote "
            f"{job_id}` on the machine that has the run"
        )
    else:
        message = (
            f"the ledger entry is in the wrong folder: entries belong directly in {LEDGER_DIR}"
        )
        fix = (
            f"run `git mv {quote(path)} {place}`, or `mv -n` where git does not know it; if there "
            "is one already, remove this one"
        )
    return Fault(INVALID_ENTRY, path, message, fix, job_id=job_id)
