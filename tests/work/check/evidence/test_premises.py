"""Findings that build on each other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cases import problems_of
from repositories import add_entry, add_record, job, write

from pytest_aexp.model.findings.finding import Finding, read_finding
from pytest_aexp.work.check.evidence.premises import Premises


def add(repo: Path, name: str, head: str) -> None:
    write(repo, f"kb/research/findings/{name}-x.md", f"---\n{head}\n---\n")


def codes(repo: Path) -> list[tuple[str, str]]:
    found = problems_of(repo)
    return sorted((p.path.rpartition("/")[2][:4], p.code.partition(".")[2]) for p in found)


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        ({"F001": "x: 1", "F002": "builds_on: F001"}, []),
        ({"F001": "builds_on: [F001]"}, [("F001", "broken_premise")]),
        ({"F001": "builds_on: [F007, notes]"}, [("F001", "broken_premise")] * 2),
        (
            {"F001": "builds_on: F002", "F002": "builds_on: F001", "F003": "builds_on: F001"},
            [("F001", "broken_premise"), ("F002", "broken_premise")],
        ),
        (
            {"F001": "retracted: it leaked", "F002": "builds_on: F001", "F003": "builds_on: F002"},
            [("F002", "retracted_premise"), ("F003", "at_risk")],
        ),
        ({"F001": "retracted: x", "F002": "retracted: y\nbuilds_on: F001"}, []),
    ],
)
def test_each_premise_has_one_problem(
    repo: Path, heads: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    write(repo, ".aexp/ledger/.gitkeep", "")
    for name, head in heads.items():
        add(repo, name, head)
    assert codes(repo) == expected


def test_the_name_of_a_file_is_that_of_its_finding(repo: Path) -> None:
    add(repo, "F001", "x: 1")
    add(repo, "F009", "x: 1")
    add(repo, "F002", "builds_on: [F001-longer-than-any]")
    (problem,) = problems_of(repo)
    assert problem.message.endswith("; did you mean F001?")


def test_a_name_of_two_files_is_no_premise(repo: Path) -> None:
    add(repo, "F001", "x: 1")
    write(repo, "kb/research/findings/more/f001-y.md", "---\nx: 1\n---\n")
    add(repo, "F002", "builds_on: [F001]")
    (problem,) = problems_of(repo)
    assert "builds" not in problem.message
    assert '"F001" is the name of 2 findings' in problem.message


def test_doubt_reaches_every_finding_on_the_way_and_through_circles(repo: Path) -> None:
    job_id = add_entry(repo, {"experiment_id": "E001"})
    add_record(repo, retracts=[job_id])
    add(repo, "F001", f"supporting_runs: [{job(job_id)}]")
    add(repo, "F002", "builds_on: [F001, F003]")
    add(repo, "F003", "builds_on: [F002]")
    add(repo, "F004", "builds_on: [F003]")
    assert codes(repo) == [
        ("F001", "retracted_run"),
        ("F002", "at_risk"),
        ("F002", "broken_premise"),
        ("F003", "broken_premise"),
        ("F004", "at_risk"),
    ]


def test_a_long_chain_is_walked_once() -> None:
    count = 5000
    paths = [f"F{number}.md" for number in range(count)]
    loaded: list[str] = []

    def load(path: str) -> Finding:
        loaded.append(path)
        below = int(path[1:-3]) - 1
        return read_finding(path, f"---\nbuilds_on: [F{below}]\n---\n".encode())

    premises = Premises(lambda: paths, load, lambda finding: "x" * (finding.name == "F0"))
    start = time.process_time()
    for path in reversed(paths[1:]):
        (premise,) = load(path).premises
        fault = premises.fault(premise)
        assert fault is not None
        assert "in doubt: F0 cites x" in fault.message
    assert len(loaded) < 2 * count + 2
    assert time.process_time() - start < 20
