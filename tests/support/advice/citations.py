"""Advice about the way citations are written, and about runs that they do not lead to."""

from __future__ import annotations

import json
import re

from repositories import add_entry, batch, git, job

from advice.following import JOB_ID, POINT, Case, Reported, Row, type_in, written

BROKEN = "finding.broken_run_citation"


def cited(citation: str, key: str = "supporting_runs") -> object:
    def make(case: Case) -> None:
        dashed = "-".join((JOB_ID[:8], JOB_ID[8:12], JOB_ID[12:16], JOB_ID[16:20], JOB_ID[20:]))
        text = citation.format(id=JOB_ID, short=JOB_ID[:8], upper=JOB_ID.upper(), dashed=dashed)
        case.cite(text, key=key)

    return make


def indexed(case: Case) -> str:
    """A run that only the cluster's index has."""
    job_id = case.run_there(5)
    run = {"job_id": job_id, "experiment_id": "E005", "condition": "full", "status": "complete"}
    index = {"schema_version": 1, "machine_label": "cluster", "entries": [run]}
    case.write(".aexp/runs-index/cluster.json", json.dumps(index))
    return job_id


def lost(case: Case) -> None:
    case.cite(job(case.run(4, "running", heartbeat_at="2026-01-01T00:00:00Z")))


def damaged_document(case: Case) -> None:
    job_id = case.run(4)
    case.write(f".runs/workspace/{job_id}/signac_job_document.json", "{")
    case.cite(job(job_id))


def remove_document(case: Case, reported: Reported) -> None:
    for path in case.repo.glob(".runs/workspace/*/signac_job_document.json"):
        path.unlink()


def not_pulled(case: Case) -> None:
    git(case.repo, "reset", "-q", "--hard", "HEAD~1")


def no_ledger_anywhere(case: Case) -> None:
    not_pulled(case)
    git(case.repo, "push", "-qf")
    case.run_there(3)


def some_of_this_machine(case: Case) -> None:
    for seed in (4, 5):
        case.run(seed)
    case.entry.unlink()
    (case.repo / "kb/research/findings/F002-x.md").unlink()
    case.cite(batch("E005"))


def batch_of(seed: str) -> str:
    return f"{{{{type: batch, experiment_id: E005, selector: {{{{seed: {seed}}}}}}}}}"


def other_letters(case: Case) -> None:
    add_entry(case.repo, {"experiment_id": "E006", "condition": "caf\u00e9"})
    case.cite(batch("E006", "{condition: cafe\u0301}"))


def copy_the_value(case: Case, reported: Reported) -> None:
    (command,) = re.findall("`(aexp [^`]+)`", reported.message)
    (value,) = re.findall(r"caf\w+", type_in(case.repo, command))
    case.cite(batch("E006", f"{{condition: {value}}}"))


def long_lists(case: Case) -> None:
    case.cite(*[job(JOB_ID)] * 1400)


SEED_WITH_LIKE_ID = 216
"""A run with it has an id that begins as that of the cited run does."""


def two_beginnings(case: Case) -> None:
    add_entry(case.repo, {**POINT, "seed": SEED_WITH_LIKE_ID})
    case.cite(job(JOB_ID[:4]))


def cite_the_second(case: Case, reported: Reported) -> None:
    _, second = sorted(re.findall("{type: job, id: [0-9a-f]{32}}", reported.fix), reverse=True)
    case.cite(second)


def count_as_a_word(case: Case) -> None:
    case.cite("{type: batch, experiment_id: E005, count: one}")


def without_the_count(case: Case, reported: Reported) -> None:
    assert reported.fix == "correct `count`, or take it out"
    case.cite(batch("E005"))


CITATIONS = {
    "an id cut short": Row(BROKEN, cited("{{type: job, id: {short}}}")),
    "the beginning of two ids": written(BROKEN, two_beginnings, cite_the_second),
    "a count in words": written(BROKEN, count_as_a_word, without_the_count),
    "an id in capitals": Row(BROKEN, cited("{{type: job, id: {upper}}}")),
    "an id with dashes": Row(
        BROKEN, cited("{{type: job, id: {dashed}}}"), on=("validate", "findings")
    ),
    "an id in curly quotes": Row(BROKEN, cited("{{type: job, id: \u201c{id}\u201d}}")),
    "the path of an entry": Row(BROKEN, cited("{{type: job, id: .aexp/ledger/{id}.json}}")),
    "an id under another key": Row(BROKEN, cited("{{type: job, run: {id}}}")),
    "an experiment under id": Row(BROKEN, cited("{{type: batch, id: E005}}")),
    "a bare id": Row(BROKEN, cited("{id}")),
    "jobs": Row(BROKEN, cited("{{type: jobs, id: {id}}}")),
    "E5": Row(BROKEN, cited("{{type: batch, experiment_id: E5}}")),
    "e005": Row(BROKEN, cited("{{type: batch, experiment_id: e005}}")),
    "selctor": Row(BROKEN, cited("{{type: batch, experiment_id: E005, selctor: {{seed: 3}}}}")),
    "a misspelt key": Row(
        "finding.suspicious_key",
        cited("{{type: job, id: {id}}}", "supporting_run"),
        on=("validate", "findings"),
    ),
    "a run of this machine": Row(
        "finding.unpromoted_run_citation", lambda case: case.cite(job(case.run(4)))
    ),
    "runs of this machine": Row(
        "finding.unpromoted_run_citation",
        some_of_this_machine,
    ),
    "a run that was killed": Row(
        "finding.unfinished_run_citation", lost, after=frozenset({"evidence.failed_run"})
    ),
    "a run that may have ended": Row(
        "finding.unfinished_run_citation", lambda case: case.cite(job(case.run(4, "created")))
    ),
    "a state of another program": Row(
        "finding.unfinished_run_citation", lambda case: case.cite(job(case.run(4, "done")))
    ),
    "a document that is damaged": Row(
        "finding.unfinished_run_citation", damaged_document, by_hand=remove_document
    ),
    "a run of another machine": Row(
        "finding.absent_run_citation", lambda case: case.cite(job(indexed(case))), elsewhere=True
    ),
    "a batch of another machine": Row(
        "finding.absent_batch_runs",
        lambda case: indexed(case) and case.cite(batch("E005", "{seed: 5}")),
        elsewhere=True,
    ),
    "a run that nobody named": Row(
        BROKEN, lambda case: case.cite(job(case.run_there(5))), elsewhere=True
    ),
    "an id that is near": written(
        BROKEN,
        lambda case: case.cite(job(("0" if JOB_ID[0] != "0" else "1") + JOB_ID[1:])),
        lambda case, reported: case.cite(job(JOB_ID)),
    ),
    "a batch that nobody named": Row(
        "finding.empty_batch",
        lambda case: case.run_there(5) and case.cite(batch("E005", "{seed: 5}")),
        elsewhere=True,
    ),
    "a number as text": Row("finding.empty_batch", cited(batch_of('"3"'))),
    "letters in another form": Row(
        "finding.empty_batch",
        other_letters,
        by_hand=copy_the_value,
        is_written=True,
    ),
    "nothing pulled yet": Row("finding.no_run_store", not_pulled),
    "nothing to pull": Row("finding.no_run_store", no_ledger_anywhere, choice=1, elsewhere=True),
    "too many single runs": Row(
        "finding.unreadable",
        long_lists,
        by_hand=lambda case, reported: case.cite(),
        fill={"E001": "E005"},
    ),
}
