"""What no citation answers for is reported once, and what a citation reports is left to it."""

from __future__ import annotations

from pathlib import Path

from repositories import add_finding, job, write

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.finding import load_finding
from pytest_aexp.model.ledger_survey import survey
from pytest_aexp.work.check.resolve import Sources
from pytest_aexp.work.check.surroundings import surrounding_faults

CITED, OTHER = "a" * 32, "b" * 32


def test_a_damaged_entry_is_left_to_its_citation_and_all_else_is_reported(repo: Path) -> None:
    for name in (f"ledger/{CITED}.json", f"ledger/{OTHER}.json", "ledger/note.json"):
        write(repo, f".aexp/{name}", "{")
    write(repo, ".aexp/installed.json", "[")
    write(repo, ".aexp/runs-index/box.json", "[")
    path = add_finding(repo, "F001-x", job(CITED))
    view, repository = WorkTree(repo), Repository.open(repo)
    sources = Sources.of(repository, view)
    citations = load_finding(view, path.relative_to(repo).as_posix()).citations
    entries = survey(sources.ledger)
    faults = surrounding_faults(repository, view, sources, entries, citations)
    assert [fault.path for fault in faults] == [
        ".aexp/installed.json",
        f".aexp/ledger/{OTHER}.json",
        ".aexp/ledger/note.json",
        ".aexp/runs-index/box.json",
    ]
