"""The checker behind every face: findings, resolution and policy together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import (
    add_entry,
    add_finding,
    add_jobs,
    batch,
    entry_of,
    entry_text,
    job,
    job_id_of,
    write,
)

from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import StrictRuns
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.problems import Outcome, Policy
from pytest_aexp.validate import Issue, validate_repo
from pytest_aexp.work.check.checker import NO_AUTHORITY, NOT_JUDGED, Checker, judge_repository

POINT = {"experiment_id": "E001", "seed": 1}
OTHER = {"experiment_id": "E001", "seed": 2}
A, B = job_id_of(POINT), job_id_of(OTHER)
DEAD = "deadbeef" * 4


def checker(strict: StrictRuns = "error", **severity: str) -> Checker:
    repository = Repository.open()
    return Checker(repository, WorkTree(repository.root), Policy(strict, severity))


def judged(strict: StrictRuns = "error", paths: list[str] | None = None) -> Outcome:
    return judge_repository(checker(strict), paths)


def reported(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(p.path.rpartition("/")[2], p.severity, p.code) for p in outcome.problems]


def test_an_empty_repository_has_one_warning(repo: Path) -> None:
    outcome = judged()
    assert [str(problem.severity) for problem in outcome.problems] == ["warning"]
    assert outcome._replace(problems=()) == Outcome((), 0, 0, 0)
    assert outcome.ok


def test_everything_is_counted_and_told_in_order(repo: Path) -> None:
    add_entry(repo, POINT)
    add_finding(repo, "F002-y", job(DEAD), job(A))
    add_finding(repo, "F001-x", job(A), batch("E009"))
    write(repo, "kb/research/findings/F003-z.md", "no front matter")
    write(repo, ".aexp/runs-index/box.json", "{")
    outcome = judged()
    assert (outcome.findings, outcome.citations, outcome.entries) == (3, 4, 1)
    assert reported(outcome) == [
        ("F001-x.md", "error", "finding.empty_batch"),
        ("F002-y.md", "error", "finding.broken_run_citation"),
        ("F003-z.md", "error", "finding.unreadable"),
        ("box.json", "warning", "runs_index.damaged"),
    ]
    places = [(problem.line, problem.column) for problem in outcome.problems]
    assert places == [(5, 5), (4, 21), (1, 1), (1, 1)]


def test_a_damaged_entry_is_told_where_it_is_cited_else_where_it_lies(repo: Path) -> None:
    for job_id in (A, B):
        write(repo, entry_path(job_id), "{")
    add_finding(repo, "F001-x", job(A))
    add_finding(repo, "F002-y", job(A))
    assert reported(judged()) == [
        ("F001-x.md", "error", "ledger.invalid_entry"),
        ("F002-y.md", "error", "ledger.invalid_entry"),
        (f"{B}.json", "warning", "ledger.invalid_entry"),
    ]
    assert reported(judged("off")) == reported(judged())


def test_an_entry_that_a_batch_cites_is_told_there(repo: Path) -> None:
    edited = {**entry_of(POINT), "statepoint": OTHER}
    write(repo, entry_path(A), entry_text(edited))
    add_finding(repo, "F001-x", batch("E001", "{seed: 2}"))
    assert reported(judged()) == [("F001-x.md", "error", "ledger.identity_mismatch")]
    add_finding(repo, "F001-x", batch("E002"))
    assert reported(judged()) == [
        ("F001-x.md", "error", "finding.empty_batch"),
        (f"{A}.json", "warning", "ledger.identity_mismatch"),
    ]


def test_what_else_is_wrong_with_a_cited_entry_is_told_where_it_lies(repo: Path) -> None:
    add_entry(repo, {**POINT, "path": "/home/me/x"}, host="x", wallclock_s=float("nan"))
    (name,) = (path.name for path in (repo / ".aexp/ledger").iterdir())
    add_finding(repo, "F001-x", job(name[:32]))
    assert reported(judged()) == [
        (name, "warning", "ledger.invalid_entry"),
        (name, "warning", "ledger.unknown_field"),
        (name, "warning", "ledger.leak"),
    ]


def test_what_is_wrong_around_is_told_once(repo: Path) -> None:
    add_jobs(repo, [{"statepoint": POINT}, {"statepoint": OTHER}])
    write(repo, f".runs/workspace/{B}/signac_job_document.json", "")
    write(repo, ".aexp/installed.json", "[")
    write(repo, ".aexp/runs-index/box.json", "[]")
    add_finding(repo, "F001-x", job(A), job(A))
    assert reported(judged()) == [
        ("F001-x.md", "warning", "finding.unfinished_run_citation"),
        ("F001-x.md", "warning", "finding.unfinished_run_citation"),
        ("installed.json", "warning", "runs.damaged"),
        ("signac_job_document.json", "warning", "runs.damaged"),
        ("box.json", "warning", "runs_index.damaged"),
    ]


def test_some_findings_are_judged_without_what_is_around(repo: Path) -> None:
    write(repo, entry_path(B), "{")
    add_finding(repo, "F001-x", job(A))
    path = add_finding(repo, "F002-y", job(DEAD), job(B)).relative_to(repo).as_posix()
    outcome = judged(paths=[path])
    assert (outcome.findings, outcome.citations) == (1, 2)
    assert reported(outcome) == [
        ("F002-y.md", "error", "finding.broken_run_citation"),
        ("F002-y.md", "error", "ledger.invalid_entry"),
    ]


def test_no_authority_is_said_once_where_a_citation_is_due(repo: Path) -> None:
    add_finding(repo, "F001-x", "{type: job}")
    add_finding(repo, "F002-y", "5", job(A), job(B))
    add_finding(repo, "F003-z", job(A))
    malformed = [(f"F00{i}.md", "error", "finding.broken_run_citation") for i in (1, 2)]
    assert [(path[:4] + ".md", *rest) for path, *rest in reported(judged())] == [
        *malformed,
        ("F002.md", "warning", "finding.no_run_store"),
    ]
    assert judged().problems[-1].line == 5
    assert [(path[:4] + ".md", *rest) for path, *rest in reported(judged("off"))] == malformed


@pytest.mark.parametrize(
    ("made", "strict", "expected"),
    [
        ({}, "error", NO_AUTHORITY),
        ({}, "off", NO_AUTHORITY),
        ({".aexp/ledger/x": ""}, "off", NOT_JUDGED),
        ({".aexp/ledger/x": ""}, "warn", None),
    ],
)
def test_why_a_citation_is_not_judged(
    repo: Path, made: dict[str, str], strict: StrictRuns, expected: str | None
) -> None:
    for path, content in made.items():
        write(repo, path, content)
    add_finding(repo, "F001-x", job(A))
    judge = checker(strict)
    finding = judge.finding(judge.finding_paths[0])
    (citation,) = finding.citations
    assert judge.citation(finding, citation).unjudged == expected


def test_configured_globs_and_severities_apply(repo: Path) -> None:
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(DEAD))
    write(repo, "docs/any.md", f"---\nsupporting_run: x\nsupporting_runs: {job(DEAD)}\n---\n")
    assert reported(judged()) == [("F001-x.md", "error", "finding.broken_run_citation")]
    severity = '"finding.broken_run_citation" = "warning"\n"finding.suspicious_key" = "off"\n'
    table = '[tool.aexp]\nfindings = ["docs/*.md"]\n[tool.aexp.severity]\n'
    write(repo, "pyproject.toml", table + severity)
    result = validate_repo()
    assert result.ok
    assert [(i.path, i.severity) for i in result.issues] == [("docs/any.md", "warning")]


# The public function


def test_the_result_for_callers_of_agentic_experiments(repo: Path) -> None:
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(DEAD), "{type: batch, experiment_id: E001, x: 1}")
    result = validate_repo(repo)
    assert not result.ok
    assert result.issues == [*result.errors, *result.warnings]
    (error,), (warning,) = result.errors, result.warnings
    assert isinstance(error, Issue)
    assert error.code == "finding.broken_run_citation"
    assert error.severity == "error"
    assert error.path == "kb/research/findings/F001-x.md"
    assert f"run {DEAD} was not found" in error.message
    assert (error.detail or "").startswith("4:21 ")
    assert warning.code == "finding.suspicious_key"


@pytest.mark.parametrize(
    ("configured", "given", "expected"),
    [
        ("error", None, "error"),
        ("warn", None, "warning"),
        ("off", None, None),
        ("off", "error", "error"),
        ("error", "warn", "warning"),
        ("error", "off", None),
    ],
)
def test_the_strictness_that_is_given_beats_the_configured(
    repo: Path, configured: str, given: StrictRuns | None, expected: str | None
) -> None:
    write(repo, "pyproject.toml", f"[tool.aexp]\nstrict_runs = {json.dumps(configured)}\n")
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(DEAD))
    found = [issue.severity for issue in validate_repo(strict_runs=given).issues]
    assert found == ([expected] if expected else [])


def test_wrong_usage_is_an_exception(repo: Path) -> None:
    with pytest.raises(ValueError, match="choose one of error, warn, off"):
        validate_repo(strict_runs="loud")  # type: ignore[arg-type]
    write(repo, "pyproject.toml", '[tool.aexp.severity]\n"finding.nothing" = "off"\n')
    with pytest.raises(ConfigurationError, match="is neither a code"):
        validate_repo()
