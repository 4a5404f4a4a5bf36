"""Advice about entries that were deleted, edited by hand or damaged, and what rests on them."""

from __future__ import annotations

from pathlib import Path

from repositories import add_entry, add_record, batch, job, job_id_of

from advice.entries import merged, pointers
from advice.evidence import RETRACTED, alone, changed, numbered, pinned
from advice.following import JOB_ID, POINT, Case, Reported, Row, type_in
from pytest_aexp.model.entry import entry_path


def deleted_of_a_pinned_batch(case: Case) -> None:
    add_entry(case.repo, {**POINT, "seed": 4})
    pinned(case)
    entry_of_seed_4(case).unlink()


def entry_of_seed_4(case: Case) -> Path:
    return case.repo / entry_path(job_id_of({**POINT, "seed": 4}))


def edited_by_hand(case: Case) -> None:
    changed(case)
    case.commit()
    type_in(case.repo, "aexp cite F001 --pin")
    case.commit()
    case.entry.write_text(case.entry.read_text().replace("05-15T11", "05-16T11"))


def every_run_deleted(case: Case) -> None:
    alone(case)
    case.cite(batch("E005"))
    case.commit()
    case.entry.unlink()


def metric_edited(case: Case) -> None:
    numbered("It is 0.934 <!-- = accuracy -->.")(case)
    case.commit()
    case.entry.write_text(case.entry.read_text().replace("0.934", "0.943"))


def deleted_after_three_others(case: Case) -> None:
    every = f"{batch('E005')[:-1]}, as: all}}"
    numbered("Of 2 <!-- = n(all) --> runs.", ", ".join([*[job(JOB_ID)] * 3, every]))(case)
    add_entry(case.repo, {**POINT, "seed": 4})
    case.commit()
    case.entry.unlink()
    case.commit()


def damaged_of_a_pinned_batch(case: Case) -> None:
    deleted_of_a_pinned_batch(case)
    half_written(entry_of_seed_4(case))


def every_run_damaged(case: Case) -> None:
    every_run_deleted(case)
    half_written(case.entry)


def every_entry_a_link(case: Case) -> None:
    every_run_deleted(case)
    case.entry.symlink_to("nowhere")


def metric_taken_out(case: Case) -> None:
    numbered("It is 0.934 <!-- = accuracy -->.")(case)
    case.commit()
    case.entry.write_text(case.entry.read_text().replace('"accuracy"', '"acc"'))


def number_over_a_damaged_run(case: Case) -> None:
    numbered("It is 0.99 <!-- = max(accuracy) -->.", batch("E005"))(case)
    add_entry(case.repo, {**POINT, "seed": 4}, metrics={"accuracy": 0.99})
    case.commit()
    half_written(entry_of_seed_4(case))


def pinned_and_merged(case: Case) -> None:
    add_entry(case.repo, {**POINT, "seed": 4})
    pinned(case)
    merged(case)


def pinned_pointers(case: Case) -> None:
    pinned(case)
    pointers(case)


def with_own_fix(case: Case, reported: Reported) -> None:
    """Neither a pin, nor a version of one side, while git has what is wanted."""
    assert "`aexp ledger resolve " in reported.fix or "`git lfs pull`" in reported.fix
    assert "--pin" not in reported.fix


def half_written(entry: Path) -> None:
    entry.write_text('{"job_id": ')


def restoring_the_damaged(case: Case, reported: Reported) -> None:
    restoring(case, reported)
    assert reported.message.endswith(" was damaged")


def restoring(case: Case, reported: Reported) -> None:
    """The pin is not to be taken anew."""
    assert "`git restore " in reported.fix
    assert "--pin" not in reported.fix


def accepted_record_deleted(case: Case) -> None:
    alone(case)
    record = add_record(case.repo, retracts=[JOB_ID])
    case.cite(f"{{type: job, id: {JOB_ID}, accept: [{record}]}}")
    case.commit()
    (case.repo / f".aexp/ledger/retractions/{record}.json").unlink()


LOSSES = {
    "a deleted run of a pinned batch": Row(
        "finding.changed_evidence",
        deleted_of_a_pinned_batch,
        on=("validate", "findings"),
        by_hand=restoring,
    ),
    "a deleted run of a pinned batch, committed": Row(
        "finding.changed_evidence",
        lambda case: (deleted_of_a_pinned_batch(case), case.commit()),
        on=("validate HEAD", "validate"),
        by_hand=restoring,
    ),
    "an entry that was edited by hand": Row(
        "finding.changed_evidence", edited_by_hand, by_hand=restoring
    ),
    "every run of a batch deleted": Row(
        "finding.empty_batch", every_run_deleted, on=("validate", "findings")
    ),
    "a damaged run of a pinned batch": Row(
        "finding.changed_evidence",
        damaged_of_a_pinned_batch,
        on=("validate", "findings"),
        by_hand=restoring_the_damaged,
    ),
    "a number over a deleted run, which many cite": Row(
        "finding.wrong_number",
        deleted_after_three_others,
        on=("validate", "validate HEAD"),
        by_hand=restoring,
    ),
    "an unmerged run of a pinned batch": Row(
        "finding.changed_evidence",
        pinned_and_merged,
        on=("validate", "findings of kb"),
        by_hand=with_own_fix,
    ),
    "pinned runs that are pointers of Git LFS": Row(
        "finding.empty_batch", pinned_pointers, by_hand=with_own_fix, needs="git-lfs"
    ),
    "a finding that is a pointer of Git LFS": Row(
        "finding.unreadable", lambda case: pointers(case, "kb/**"), needs="git-lfs"
    ),
    "every run of a batch damaged": Row(
        "finding.empty_batch", every_run_damaged, by_hand=restoring_the_damaged
    ),
    "every run of a batch a link": Row(
        "finding.empty_batch", every_entry_a_link, by_hand=restoring_the_damaged
    ),
    "a number over a damaged run": Row(
        "finding.wrong_number", number_over_a_damaged_run, by_hand=restoring_the_damaged
    ),
    "a metric that was taken out by hand": Row(
        "finding.unchecked_number", metric_taken_out, by_hand=restoring
    ),
    "a metric that was edited by hand": Row("finding.wrong_number", metric_edited),
    "an accepted record that was deleted": Row(
        "finding.suspicious_key", accepted_record_deleted, after=frozenset({RETRACTED})
    ),
}
