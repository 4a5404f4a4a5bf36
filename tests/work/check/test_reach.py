"""The findings that a retraction reaches."""

from __future__ import annotations

from pathlib import Path

from repositories import add_entry, add_finding, add_record, batch, job

from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import Policy
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.check.reach import at_risk, citations_of


def checker(repo: Path) -> Checker:
    return Checker(Repository.open(repo), WorkTree(repo), Policy())


def test_each_citation_of_the_runs_is_found(repo: Path) -> None:
    first, second = (add_entry(repo, {"experiment_id": "E001", "seed": n}) for n in (1, 2))
    add_finding(repo, "F001-a", job(first), batch("E001"))
    add_finding(repo, "F002-b", job(second))
    add_finding(repo, "F003-c", job(first), extra="retracted: it leaked\n")
    add_finding(repo, "F004-d", "{type: batch}")
    found = list(citations_of(checker(repo), [first]))
    assert [(str(each), each.citation.index) for each in found] == [
        ("F001 cites it", 0),
        ("F001 cites it in a batch of 2", 1),
    ]
    assert all(each.runs == {first} for each in found)


def test_a_link_is_a_citation(repo: Path) -> None:
    run = add_entry(repo, {"seed": 1})
    path = add_finding(repo, "F001-a")
    path.write_text(path.read_text() + f"[run](../../../.aexp/ledger/{run}.json)\n")
    assert [str(each) for each in citations_of(checker(repo), [run])] == ["F001 links to it"]


def test_what_builds_on_a_finding_in_doubt_is_at_risk(repo: Path) -> None:
    run = add_entry(repo, {"seed": 1})
    add_finding(repo, "F001-a", job(run))
    add_finding(repo, "F002-b", extra="builds_on: [F001]\n")
    add_finding(repo, "F003-c", extra="builds_on: [F002]\n")
    assert list(at_risk(checker(repo))) == []
    add_record(repo, retracts=[run])
    assert list(at_risk(checker(repo))) == ["F002 builds on F001", "F003 builds on F002"]
