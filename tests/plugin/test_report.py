"""``pytest --aexp-report=FILE``: the page as what a session leaves behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, job, new_repository, write

QUIET = ("-W", "always::pytest_aexp.CitationWarning", "-p", "no:hypothesispytest")


@pytest.fixture
def repo(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a finding that stands and one that does not, the current folder."""
    path = new_repository(pytester.path / "repo")
    monkeypatch.chdir(path)
    add_finding(path, "F001-good", job(add_entry(path, {"experiment_id": "E001"})))
    add_finding(path, "F004-broken", job("deadbeef" * 4))
    return path


@pytest.fixture
def run(pytester: pytest.Pytester):
    def run_pytest(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*QUIET, "-p", "no:xdist", *arguments)

    return run_pytest


def test_it_is_written_though_citations_failed(repo: Path, run) -> None:
    result = run("--aexp-report=out/report.html")
    assert result.ret == 1
    result.stdout.fnmatch_lines(f"aexp: the report is at {repo}/out/report.html")
    text = (repo / "out/report.html").read_text(encoding="utf-8")
    assert "F001" in text
    assert "was not found" in text


def test_it_is_of_all_findings_whatever_was_selected(repo: Path, run) -> None:
    result = run("--aexp-report=report.html", "kb/research/findings/F001-good.md")
    assert result.ret == 0
    assert "was not found" in (repo / "report.html").read_text(encoding="utf-8")


def test_the_ini_file_can_ask_for_it(repo: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, "pytest.ini", "[pytest]\naexp_report = out/report.html\n")
    monkeypatch.chdir(repo / "kb")
    run()
    assert (repo / "out/report.html").exists()


def test_the_option_alone_turns_the_check_on(pytester: pytest.Pytester, run) -> None:
    add_finding(pytester.path, "F001-a", job("deadbeef" * 4))
    run("--aexp-report=report.html").assert_outcomes(passed=1, skipped=1, warnings=1)
    assert (pytester.path / "report.html").exists()


def test_nothing_is_written_unless_asked(repo: Path, run) -> None:
    run().stdout.no_fnmatch_line("*the report is at*")
    assert not list(repo.glob("*.html"))


def test_the_strictness_of_the_session_counts(repo: Path, run) -> None:
    assert run("--aexp-report=report.html", "--aexp-strict-runs=warn").ret == 0
    assert "ok, with warnings" in (repo / "report.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_fails_the_session(repo: Path, run) -> None:
    write(repo, "taken", "")
    result = run("--aexp-report=taken/report.html", "kb/research/findings/F001-good.md")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(f"aexp: no report at {repo}/taken/report.html: *")
    result.assert_outcomes(passed=2)


def test_without_jinja2_it_is_refused_at_once(
    repo: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = run("--aexp-report=report.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*pip install 'pytest-aexp?report?'*")


@pytest.mark.slow
def test_with_xdist_it_is_written_once_and_by_the_controller(
    repo: Path, pytester: pytest.Pytester
) -> None:
    result = pytester.run(sys.executable, "-m", "pytest", *QUIET, "-n2", "--aexp-report=r.html")
    assert result.ret == 1
    assert result.outlines.count(f"aexp: the report is at {repo}/r.html") == 1
    assert "was not found" in (repo / "r.html").read_text(encoding="utf-8")
