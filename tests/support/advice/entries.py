"""Advice about ledger entries, loose and packed, and about retraction records."""

from __future__ import annotations

import shutil

from repositories import (
    add_entry,
    add_record,
    add_segment,
    entry_of,
    entry_text,
    git,
    job,
    job_id_of,
    segment,
)

from advice.following import JOB_ID, POINT, Case, Make, Row, written
from advice.places import configured

INVALID = "ledger.invalid_entry"
MISMATCH = "ledger.identity_mismatch"
EVERYWHERE = ("validate", "check", "findings", "ledger")
DAMAGED = ("validate", "check", "ledger")
OTHER = {**POINT, "seed": 9}
OTHER_ID = job_id_of(OTHER)


RETRACTED = {"RUN": JOB_ID, "…": "'the split leaked'"}


def edited(old: str, new: str) -> Make:
    def make(case: Case) -> None:
        case.entry.write_text(case.entry.read_text().replace(old, new))

    return make


def then_committed(make: Make) -> Make:
    """The same, and nobody noticed."""

    def made(case: Case) -> None:
        make(case)
        case.commit()

    return made


def deleted(case: Case) -> None:
    case.entry.unlink()


def deleted_with_the_folder(case: Case) -> None:
    case.entry.unlink()
    case.entry.parent.rmdir()


def marked(case: Case) -> None:
    text = case.entry.read_text()
    case.entry.write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")


def merged(case: Case) -> None:
    """Two machines said different things of one attempt, and git could not merge them."""
    git(case.repo, "checkout", "-qb", "other")
    edited('"cluster"', '"laptop"')(case)
    case.commit()
    git(case.repo, "checkout", "-q", "main")
    edited('"2026-05-26T01:23:45Z"', '"2026-05-27T01:23:45Z"')(case)
    edited('"cluster"', '"desk"')(case)
    case.commit()
    git(case.repo, "merge", "other", check=False)


def merged_and_added(case: Case) -> None:
    """The same, and somebody took the markers for the outcome."""
    merged(case)
    git(case.repo, "add", "-A")


def here(text: str, **document: object) -> Make:
    """A run of this machine whose entry, never committed whole, has ``text``."""

    def make(case: Case) -> None:
        job_id = case.run(9, **document)
        case.write(f".aexp/ledger/{job_id}.json", text)
        case.cite(job(job_id))

    return make


def entry_here(**fields: object) -> Make:
    return here(entry_text(entry_of(OTHER, **fields)))


def folder_in_its_place(case: Case) -> None:
    case.run(9)
    case.write(f".aexp/ledger/{OTHER_ID}.json/notes.txt", "x")


def packed_and_damaged(case: Case) -> None:
    """A packed run, whose file somebody left, cut short."""
    path = case.write(f".aexp/ledger/{JOB_ID}.json", "{")
    add_segment(case.repo, [entry_of(POINT)])
    assert path.exists()


def contradicting(case: Case) -> None:
    """A run that two segments have, and of which they say different things."""
    case.run(9)
    add_segment(case.repo, [entry_of(OTHER, metrics={"a": 1})], "box/2026-05-001")
    add_segment(case.repo, [entry_of(OTHER, metrics={"a": 2})], "desk/2026-05-001")
    case.cite(job(OTHER_ID))


def sealed(case: Case) -> str:
    """A committed segment."""
    path = add_segment(case.repo, [entry_of(OTHER), entry_of({**POINT, "seed": 10})])
    case.cite(job(OTHER_ID))
    case.commit("segment")
    return path


def segment_edited(case: Case) -> None:
    path = case.repo / sealed(case)
    path.write_bytes(path.read_bytes().replace(b'"seed":9', b'"seed":8'))


def segment_cut(case: Case) -> None:
    path = case.repo / sealed(case)
    path.write_bytes(path.read_bytes()[:-40])


def segment_emptied(case: Case) -> None:
    path = case.repo / sealed(case)
    path.write_bytes(b"")


def segment_unsorted(case: Case) -> None:
    path = case.repo / sealed(case)
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))


def segment_deleted(case: Case) -> None:
    (case.repo / sealed(case)).unlink()


def segment_grown(case: Case) -> None:
    path = case.repo / sealed(case)
    more = entry_of({**POINT, "seed": 11})
    path.write_bytes(segment([entry_of(OTHER), entry_of({**POINT, "seed": 10}), more]))


def pointers(case: Case, files: str = ".aexp/ledger/*.json") -> None:
    """A clone without what Git LFS keeps elsewhere."""
    git(case.repo, "lfs", "install", "--local")
    git(case.repo, "lfs", "track", files)
    git(case.repo, "add", "--renormalize", ".")
    case.commit("lfs")
    case.push()
    shutil.rmtree(case.repo)
    git(case.world, "clone", "-q", "origin.git", "repo")
    git(case.repo, "lfs", "install", "--local")


def redacted_path() -> str:
    return f".aexp/ledger/{OTHER_ID}.json"


def redacted(case: Case) -> None:
    """The entry of a run whose parameters had a path among them."""
    entry = entry_of(OTHER, redacted=["/statepoint/condition"])
    entry["statepoint"]["condition"] = "<redacted>"
    case.write(redacted_path(), entry_text(entry))
    configured(case, 'severity = {"ledger.unverified_identity" = "warning"}')
    case.cite(job(OTHER_ID))
    git(case.repo, "add", "-A")


def recorded(case: Case) -> str:
    """A committed record that retracts a run nobody cites."""
    name = add_record(case.repo, retracts=[OTHER_ID])
    case.commit("record")
    return f".aexp/ledger/retractions/{name}.json"


def record_edited(case: Case) -> None:
    path = case.repo / recorded(case)
    path.write_text(path.read_text().replace("leaked", "was fine"))


def record_deleted(case: Case) -> None:
    (case.repo / recorded(case)).unlink()


def record_misplaced(case: Case) -> None:
    git(case.repo, "mv", recorded(case), ".aexp/ledger")
    # As in a clone, since git keeps no empty folder.
    (case.repo / ".aexp/ledger/retractions").rmdir()


def record_invented(case: Case) -> None:
    case.write(".aexp/ledger/retractions/0123456789abcdef.json", "{")


def record_with_a_path(case: Case) -> None:
    add_entry(case.repo, OTHER)
    add_record(case.repo, retracts=[OTHER_ID], reason="see /home/me/notes.txt")


ENTRIES = {
    "an entry that was deleted": Row(
        "finding.broken_run_citation", deleted, on=("validate", "findings")
    ),
    "the whole ledger": Row(INVALID, deleted_with_the_folder, on=("validate", "findings")),
    "the whole ledger, committed": Row(
        INVALID, then_committed(deleted_with_the_folder), on=("validate", "validate HEAD")
    ),
    "an edited statepoint": Row(MISMATCH, edited('"seed": 3', '"seed": 7'), on=EVERYWHERE),
    "an edited statepoint, committed": Row(
        MISMATCH,
        then_committed(edited('"seed": 3', '"seed": 7')),
        on=("validate", "check", "validate HEAD"),
    ),
    "an entry cut short": Row(INVALID, edited('"status"', ""), on=EVERYWHERE),
    "an entry cut short, committed": Row(
        INVALID, then_committed(edited('"status"', "")), on=("validate", "check")
    ),
    "an empty entry": Row(INVALID, lambda case: case.entry.write_text("")),
    "a state that is none": Row(INVALID, edited('"complete"', '"done"')),
    "conflict markers": Row(INVALID, marked),
    "a merge in conflict": Row(INVALID, merged, on=("validate", "check")),
    "conflict markers that were added": Row(INVALID, merged_and_added, on=DAMAGED),
    "a damaged entry of a run that is here": Row(INVALID, here("{"), on=EVERYWHERE),
    "NaN among the metrics": Row(
        INVALID, here(entry_text(entry_of(OTHER, metrics={"loss": float("nan")})))
    ),
    "a field of another version": Row("ledger.unknown_field", entry_here(colour="red"), on=DAMAGED),
    "a path in an entry": Row("ledger.leak", entry_here(tracker={"url": "/home/me/x"}), on=DAMAGED),
    "a folder in an entry's place": Row(INVALID, folder_in_its_place, on=("validate", "check")),
    "an entry in a folder": Row(
        INVALID,
        lambda case: (
            case.write(f".aexp/ledger/a b/{OTHER_ID}.json", entry_text(entry_of(OTHER)))
            and git(case.repo, "add", "-A")
        ),
        on=DAMAGED,
    ),
    "a damaged file of a packed run": Row(INVALID, packed_and_damaged, on=("validate", "check")),
    "two entries that differ": Row(INVALID, contradicting, on=EVERYWHERE),
    "a statepoint that was redacted": written(
        "ledger.unverified_identity",
        redacted,
        lambda case, reported: (
            git(case.repo, "rm", "-qf", redacted_path()),
            case.cite(job(JOB_ID)),
        ),
        on=("validate", "check", "ledger"),
    ),
    "pointers of Git LFS": Row(INVALID, pointers, on=("validate", "check"), needs="git-lfs"),
    "a segment that was edited": Row(MISMATCH, segment_edited, on=DAMAGED),
    "a segment cut short": Row(INVALID, segment_cut, on=DAMAGED),
    "an empty segment": Row(INVALID, segment_emptied, on=DAMAGED),
    "a segment out of order": Row(INVALID, segment_unsorted, on=DAMAGED),
    "a segment that was deleted": Row("finding.broken_run_citation", segment_deleted),
    "an entry that was deleted, and committed": Row(
        "finding.broken_run_citation", then_committed(deleted), on=("validate", "validate HEAD")
    ),
    "a segment with a line more": Row(INVALID, segment_grown, on=("ledger",)),
    "a record that was edited": Row("ledger.invalid_retraction", record_edited, on=EVERYWHERE),
    "a record that was deleted": Row("ledger.invalid_retraction", record_deleted, on=("ledger",)),
    "a record that was deleted on purpose": Row(
        "ledger.invalid_retraction",
        record_deleted,
        on=("ledger",),
        choice=1,
        by_hand=lambda case, reported: git(case.repo, "restore", "--staged", "--worktree", "."),
        fill=RETRACTED,
    ),
    "a record in another folder": Row("ledger.invalid_retraction", record_misplaced),
    "a record that is none": Row(
        "ledger.invalid_retraction",
        record_invented,
        fill=RETRACTED,
        after=frozenset({"finding.retracted_run"}),
    ),
    "a path in a record": Row("ledger.leak", record_with_a_path, fill=RETRACTED),
}
