"""Advice of the hooks about what is, or is not, in a commit."""

from __future__ import annotations

from repositories import add_entry, batch, git, job

from advice.evidence import alone
from advice.following import JOB_ID, POINT, Case, Row

UNSTAGED = "finding.unstaged_ledger_entry"


def on_disk(case: Case) -> None:
    case.cite(job(add_entry(case.repo, {**POINT, "seed": 6})))


def several_on_disk(case: Case) -> None:
    for seed in (6, 7):
        add_entry(case.repo, {**POINT, "seed": seed, "condition": "half"})
    case.cite(batch("E005", "{condition: half}"))


def promoted_now(case: Case) -> None:
    case.cite(job(case.run(6)))


def several_promoted_now(case: Case) -> None:
    for seed in (6, 7):
        case.run(seed)
    case.cite(batch("E005"))


def ignored(case: Case) -> None:
    """Somebody's rule ignores the whole folder, so that no entry can be added."""
    on_disk(case)
    text = (case.repo / ".gitignore").read_text()
    case.write(".gitignore", text.replace("!.aexp/ledger/\n", ""))
    git(case.repo, "add", ".gitignore")


def ignored_everywhere(case: Case) -> None:
    """A rule of the user's own ignores such files in all repositories."""
    on_disk(case)
    case.write(".git/info/exclude", "*.json\n")


def tracked_and_ignored(case: Case) -> None:
    """The same, and git has the entry of a run that was marked anew."""
    alone(case)
    case.run(3, ended_at="2026-05-28T11:00:00Z")
    text = (case.repo / ".gitignore").read_text()
    case.write(".gitignore", text.replace("!.aexp/ledger/\n", ""))
    case.commit("ignore")
    case.cite(job(JOB_ID), extra="title: more\n")


def replaced(case: Case) -> None:
    """A commit of one entry alone, whose outcome findings of others rest on."""
    alone(case)
    add_entry(case.repo, POINT, ended_at="2026-05-28T11:00:00Z")


COMMITS = {
    "an entry that is not in the commit": Row(UNSTAGED, on_disk, on=("findings of kb",)),
    "entries that are not in the commit": Row(UNSTAGED, several_on_disk, on=("findings of kb",)),
    "an entry that is promoted now": Row(UNSTAGED, promoted_now, on=("findings of kb",)),
    "entries that are promoted now": Row(UNSTAGED, several_promoted_now, on=("findings of kb",)),
    "an entry that git ignores": Row(UNSTAGED, ignored, on=("findings of kb",)),
    "an entry that git ignores everywhere": Row(
        UNSTAGED, ignored_everywhere, on=("findings of kb",)
    ),
    "an entry that git has and ignores": Row(UNSTAGED, tracked_and_ignored, on=("findings of kb",)),
    "an outcome that is replaced": Row("finding.changed_evidence", replaced, on=("findings",)),
}
