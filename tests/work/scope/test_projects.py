"""Several repositories in folders of one git work tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_finding, git, job, write

from pytest_aexp.cli import main
from pytest_aexp.ground.errors import ConfigurationError
from pytest_aexp.validate import validate_repo

NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
BLOCK = "# agentic-experiments:begin\n.aexp/*\n!.aexp/ledger/\n# agentic-experiments:end\n"
Validate = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def validate(capsys: pytest.CaptureFixture[str]) -> Validate:
    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status = main(["validate", "--format", "json", *arguments])
        return status, json.loads(capsys.readouterr().out)["problems"]

    return run


@pytest.fixture
def several(repo: Path) -> Path:
    """A ledger in each of two folders, the one broken; and one installed without an entry."""
    add_finding(repo / "good", "F001-x", job(add_entry(repo / "good", {"seed": 1})))
    add_entry(repo / "deep/bad", {"seed": 1})
    add_finding(repo / "deep/bad", "F002-x", job(NOWHERE))
    write(repo, "new/.gitignore", BLOCK)
    add_finding(repo / "new", "F003-x", job(NOWHERE))
    write(repo, "other/.gitignore", "*.log\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    return repo


def paths(answer: tuple[int, list[dict[str, Any]]]) -> list[str]:
    return sorted({problem["path"] for problem in answer[1]})


EXPECTED = [
    "deep/bad/kb/research/findings/F002-x.md",
    "new/.aexp/ledger",
    "new/kb/research/findings/F003-x.md",
]


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_each_is_judged_from_the_top(several: Path, validate: Validate, at: str) -> None:
    answer = validate("--at", at)
    assert (answer[0], paths(answer)) == (1, EXPECTED)


def test_a_fresh_clone_says_the_same(
    several: Path, tmp_path: Path, validate: Validate, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", str(several), "clone")
    here = validate()
    monkeypatch.chdir(tmp_path / "clone")
    assert validate() == here
    monkeypatch.chdir(tmp_path / "clone/new/kb")
    status, problems = validate()
    assert status == 1
    assert "kb/research/findings/F003-x.md" in [problem["path"] for problem in problems]


def test_what_to_type_says_where(several: Path, validate: Validate) -> None:
    fixes = [problem["fix"] for problem in validate()[1]]
    assert all(fix.startswith(("in deep/bad: ", "in new: ")) for fix in fixes)


def test_a_finding_is_found_in_whichever_has_it(several: Path, validate: Validate) -> None:
    assert validate("good/kb/research/findings/F001-x.md") == (0, [])
    answer = validate("F002", "F001")
    assert paths(answer) == EXPECTED[:1]


def test_validate_repo_judges_every_repository(several: Path) -> None:
    assert sorted({str(issue.path) for issue in validate_repo(several).issues}) == EXPECTED


def test_the_top_counts_where_it_has_findings_of_its_own(several: Path, validate: Validate) -> None:
    add_finding(several, "F009-x", job(NOWHERE))
    assert "kb/research/findings/F009-x.md" in paths(validate())


@pytest.mark.parametrize("at", ["worktree", "index"])
@pytest.mark.parametrize(
    "settings",
    [
        '[tool.aexp]\nfindings = ["notes/F*.md"]\n',
        '[tool]\naexp.findings = ["notes/F*.md"]\n',
        '[tool . aexp]\nfindings = ["notes/F*.md"]\n',
    ],
)
def test_the_top_counts_where_its_settings_name_findings_however_they_are_spelled(
    several: Path, validate: Validate, at: str, settings: str
) -> None:
    write(several, "pyproject.toml", settings)
    write(several, "notes/F004-x.md", f"---\nsupporting_runs: [{job(NOWHERE)}]\n---\n")
    git(several, "add", ".")
    assert "notes/F004-x.md" in paths(validate("--at", at))


def test_settings_of_the_top_that_cannot_be_read_are_refused(several: Path) -> None:
    write(several, "pyproject.toml", "[tool.aexp\n")
    with pytest.raises(ConfigurationError):
        validate_repo(several)


def test_a_git_repository_among_the_findings_is_refused_with_both_names(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo / "kb", "init", "-q")
    monkeypatch.chdir(repo / "kb/research")
    assert main(["validate"]) == 2
    err = capsys.readouterr().err
    assert f"{repo / 'kb'} is a git repository of its own" in err
    assert f"among the findings of {repo}:" in err


def test_one_elsewhere_below_is_judged_by_itself(
    repo: Path, monkeypatch: pytest.MonkeyPatch, validate: Validate
) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "init", "-q", "vendor")
    monkeypatch.chdir(repo / "vendor")
    assert validate()[0] == 0


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_those_below_a_folder_are_judged_from_it(
    several: Path, validate: Validate, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    add_entry(several / "good/inner", {"seed": 1})
    add_finding(several / "good/inner", "F005-x", job(NOWHERE))
    git(several, "add", "-A")
    git(several, "commit", "-qm", "second")
    monkeypatch.chdir(several / "good")
    answer = validate("--at", at)
    assert (answer[0], paths(answer)) == (1, ["inner/kb/research/findings/F005-x.md"])


def test_a_work_tree_below_is_no_findings_folder_where_these_may_be_anywhere(
    repo: Path, monkeypatch: pytest.MonkeyPatch, validate: Validate
) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    write(repo, "pyproject.toml", '[tool.aexp]\nfindings = ["**/F*.md"]\n')
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    git(repo, "worktree", "add", "-q", "linked")
    monkeypatch.chdir(repo / "linked")
    assert validate() == (0, [])


@pytest.mark.parametrize("lacking", ["git", "index"])
def test_they_are_found_without_git_too(
    several: Path, validate: Validate, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    if lacking == "git":
        monkeypatch.setenv("PATH", "")
    else:
        (several / ".git/index").write_bytes(b"DIRC")
    status, problems = validate()
    assert status == 1
    assert {p["path"] for p in problems} >= {EXPECTED[0], EXPECTED[2]}
