"""The checker asks one view, applies one policy, and reports each fault once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_jobs, batch, git, job, write

from pytest_aexp.ground.git.view import GitView
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.views import View, WorkTree
from pytest_aexp.model.problems import Outcome, Policy
from pytest_aexp.work.check.checker import NOT_JUDGED, Checker, judge_repository
from pytest_aexp.work.check.resolve import Place

NOWHERE = "deadbeef" * 4
POINT = {"experiment_id": "E001", "seed": 1}
DONE = {"status": "complete"}


def checker(repo: Path, strict: str = "error", view: View | None = None) -> Checker:
    repository = Repository.open(repo)
    return Checker(repository, view or WorkTree(repo), Policy(strict, {}))


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(problem.severity, problem.code) for problem in outcome.problems]


def test_a_verdict_says_where_the_citation_leads(repo: Path) -> None:
    entered = add_entry(repo, POINT)
    (local,) = add_jobs(repo, [{"statepoint": {"a": 1}, "doc": DONE}])
    add_finding(repo, "F001-x", job(entered), job(local), job(NOWHERE), "{type: jobs}")
    one = checker(repo)
    finding = one.finding(one.finding_paths[0])
    verdicts = [one.citation(finding, each) for each in finding.citations]
    places = [verdict.resolution and verdict.resolution.place for verdict in verdicts]
    assert places == [Place.LEDGER, Place.STORE, Place.NOWHERE, None]
    assert [[p.code for p in verdict.problems] for verdict in verdicts] == [
        [],
        ["finding.unpromoted_run_citation"],
        ["finding.broken_run_citation"],
        ["finding.broken_run_citation"],
    ]


def test_without_strictness_existence_is_not_judged_and_the_verdict_says_so(repo: Path) -> None:
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(NOWHERE))
    one = checker(repo, "off")
    finding = one.finding(one.finding_paths[0])
    (citation,) = finding.citations
    verdict = one.citation(finding, citation)
    assert (verdict.problems, verdict.unjudged) == ((), NOT_JUDGED)


def test_a_damaged_entry_is_reported_at_its_citation_and_not_again(repo: Path) -> None:
    cited, other = add_entry(repo, POINT), add_entry(repo, {"seed": 2})
    for job_id in (cited, other):
        write(repo, f".aexp/ledger/{job_id}.json", "{")
    add_finding(repo, "F001-x", job(cited), job(cited))
    outcome = judge_repository(checker(repo))
    assert codes(outcome) == [
        ("error", "ledger.invalid_entry"),
        ("error", "ledger.invalid_entry"),
        ("warning", "ledger.invalid_entry"),
    ]
    paths = [problem.path for problem in outcome.problems]
    assert paths == ["kb/research/findings/F001-x.md"] * 2 + [f".aexp/ledger/{other}.json"]
    assert (outcome.findings, outcome.citations, outcome.entries) == (1, 2, 2)


def test_named_findings_are_checked_without_what_surrounds_them(repo: Path) -> None:
    add_entry(repo, POINT)
    write(repo, f".aexp/ledger/{NOWHERE}.json", "{")
    add_finding(repo, "F001-x", batch("E001"))
    add_finding(repo, "F002-y", batch("E009"))
    one = checker(repo)
    outcome = judge_repository(one, [one.finding_paths[1]])
    assert codes(outcome) == [("error", "finding.empty_batch")]
    assert outcome.findings == 1


@pytest.mark.parametrize("at", ["index", "HEAD"])
def test_the_view_decides_which_files_are_read(at: str, repo: Path) -> None:
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(NOWHERE))
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "-qm", "bad")
    add_finding(repo, "F001-x", batch("E001"))
    assert judge_repository(checker(repo)).ok
    with GitView.at(repo, at) as view:
        assert codes(judge_repository(checker(repo, view=view))) == [
            ("error", "finding.broken_run_citation")
        ]


def test_what_reads_numbers_is_loaded_for_a_finding_that_has_some(repo: Path) -> None:
    # To make it ready takes as long as to read some hundred findings.
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", batch("E001"))
    code = (
        "import sys; from pytest_aexp.validate import validate_repo; validate_repo('.');"
        "print(*(name for name in sys.modules if name.startswith('pytest_aexp.model.numbers.')))"
    )
    for text, extra in (("None.", set()), ("1 <!-- = n() -->", {"expression", "notation"})):
        (path,) = (repo / "kb").rglob("F001-x.md")
        path.write_text(f"{path.read_text()}\n{text}\n")
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True)
        loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
        assert loaded & {"expression", "notation"} == extra
