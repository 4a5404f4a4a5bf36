"""Records are written, and lifted, and never changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_record, batch, job

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.finding import read_finding
from pytest_aexp.model.findings.front_matter import read_front_matter
from pytest_aexp.model.problems import Policy
from pytest_aexp.model.retractions import Retractions, record_path
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.retract import (
    MOST_RUNS,
    at_risk,
    citations_of,
    lift,
    new_runs,
    record,
    with_withdrawal,
)

A, B, C = "a" * 32, "b" * 32, "c" * 32


def retractions(repo: Path) -> Retractions:
    found = Retractions.of(WorkTree(repo))
    assert found.faults == ()
    return found


def test_a_record_is_written_as_entries_are(repo: Path) -> None:
    (repo / ".aexp").mkdir()
    (repo / ".aexp/installed.json").write_text('{"machine_label": "laptop"}', encoding="utf-8")
    record_id = record(Repository.open(repo), "leaked: é", [B, A, A], [C])
    text = (repo / record_path(record_id)).read_text(encoding="utf-8")
    assert text.startswith('{\n  "reason": "leaked: é",\n  "recorded_at": "')
    assert text.endswith("}\n")
    found = retractions(repo).records[record_id]
    assert (found.retracts, found.replaced_by) == ((A, B), (C,))
    assert json.loads(text)["recorded_by"] == "laptop"


@pytest.mark.parametrize(
    ("reason", "runs"),
    [
        ("in /home/ada/runs", 1),
        ("x" * 2001, 1),
        ("x", MOST_RUNS + 1),
    ],
)
def test_a_record_that_breaks_a_rule_or_leaks_is_refused(
    reason: str, runs: int, repo: Path
) -> None:
    with pytest.raises(UsageError):
        record(Repository.open(repo), reason, [f"{number:032x}" for number in range(runs)])
    assert retractions(repo).records == {}


def test_a_run_is_retracted_once_for_one_reason(repo: Path) -> None:
    add_record(repo, retracts=[A], reason="leaked")
    assert new_runs([A, B, B], retractions(repo), "leaked") == [B]
    assert new_runs([A], retractions(repo), "wrong seed") == [A]


def test_all_that_retracts_a_run_is_lifted_and_no_other_run_with_it(repo: Path) -> None:
    both = add_record(repo, retracts=[A, B], reason="leaked", replaced_by=[C])
    one = add_record(repo, retracts=[A], reason="wrong seed")
    done = lift(Repository.open(repo), retractions(repo), [A], "neither")
    assert done.records == sorted([both, one])
    found = retractions(repo)
    assert found.job_ids == {B}
    (anew,) = done.anew
    assert (found.records[anew].reason, found.records[anew].replaced_by) == ("leaked", (C,))


def test_a_record_is_lifted_with_all_its_runs(repo: Path) -> None:
    both = add_record(repo, retracts=[A, B])
    add_record(repo, retracts=[B], reason="wrong seed")
    assert lift(Repository.open(repo), retractions(repo), [both], "no").anew == {}
    assert retractions(repo).job_ids == {B}


def test_what_retracts_nothing_is_not_lifted(repo: Path) -> None:
    record_id = add_record(repo, retracts=[A])
    lift(Repository.open(repo), retractions(repo), [record_id], "no")
    for target in (A, record_id, "0" * 16):
        with pytest.raises(UsageError):
            lift(Repository.open(repo), retractions(repo), [target], "no")
    assert len(retractions(repo).records) == 2


def test_a_lift_that_is_refused_leaves_nothing_behind(repo: Path) -> None:
    add_record(repo, retracts=[A, B])
    with pytest.raises(UsageError):
        lift(Repository.open(repo), retractions(repo), [A], "in /home/ada/runs")
    assert len(retractions(repo).records) == 1


def front(yaml: str):
    return read_front_matter("F001-x.md", f"---\n{yaml}---\n\nText.\n".encode())


def test_a_withdrawal_is_the_last_key() -> None:
    text = with_withdrawal(front("id: F001\n"), "it leaked: all of it", "", "2026-10-06")
    assert text == (
        '---\nid: F001\nretracted: {reason: "it leaked: all of it", on: "2026-10-06"}\n'
        "---\n\nText.\n"
    )
    withdrawal = read_finding("F001-x.md", text.encode()).withdrawal
    assert withdrawal is not None
    assert withdrawal.reason == "it leaked: all of it"


@pytest.mark.parametrize("reason", ["yes", "5", "[a", "#x", "a\nb", '"x"', "it's", "é: ü", "- x"])
def test_any_reason_reads_back(reason: str) -> None:
    text = with_withdrawal(front("id: F001\n"), reason, "F012", "2026-10-06")
    assert text is not None
    withdrawal = read_finding("F001-x.md", text.encode()).withdrawal
    assert withdrawal is not None
    assert (withdrawal.reason, withdrawal.replaced_by) == (reason, "F012")


def test_a_front_matter_in_brackets_is_left_alone() -> None:
    assert with_withdrawal(front("{id: F001}\n"), "x", "", "2026-10-06") is None


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


def test_of_a_batch_all_that_is_retracted_is_to_be_left_out(repo: Path) -> None:
    runs = [add_entry(repo, {"experiment_id": "E001", "seed": n}) for n in range(4)]
    add_finding(repo, "F001-a", batch("E001"))
    add_record(repo, retracts=runs[:3])
    (cited,) = citations_of(checker(repo), runs[1:3])
    assert (str(cited), cited.every) == (
        "F001 cites 2 of them in a batch of 4",
        frozenset(runs[:3]),
    )


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
    assert list(at_risk(checker(repo))) == [("F002", "F001"), ("F003", "F002")]
