"""A repository that uses the ledger is judged by it, also where the folder is missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_finding, add_jobs, git, job, new_repository, write

from pytest_aexp.cli import main

NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
BLOCK = "# agentic-experiments:begin\n.aexp/*\n!.aexp/ledger/\n# agentic-experiments:end\n"
BROKEN, MISSING = "finding.broken_run_citation", "ledger.invalid_entry"
Validate = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def validate(capsys: pytest.CaptureFixture[str]) -> Validate:
    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status = main(["validate", "--format", "json", *arguments])
        return status, json.loads(capsys.readouterr().out)["problems"]

    return run


def codes(answer: tuple[int, list[dict[str, Any]]]) -> tuple[int, list[str]]:
    return answer[0], sorted(problem["code"] for problem in answer[1])


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_the_managed_block_says_that_there_is_a_ledger(
    repo: Path, validate: Validate, name: str
) -> None:
    write(repo, name, BLOCK)
    add_finding(repo, "F001-x", job(NOWHERE))
    git(repo, "add", "-A")
    for at in ("worktree", "index"):
        assert codes(validate("--at", at)) == (1, [BROKEN, MISSING])
        assert codes(validate("--at", at, "--strict-runs=warn")) == (0, [BROKEN, MISSING])
        assert codes(validate("--at", at, "--strict-runs=off")) == (0, [])


def test_a_damaged_index_file_is_authority_too(repo: Path, validate: Validate) -> None:
    write(repo, ".aexp/runs-index/cluster.json", "{")
    add_finding(repo, "F001-x", job(NOWHERE))
    assert codes(validate()) == (1, [BROKEN, "runs_index.damaged"])


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_a_ledger_folder_in_other_letters(repo: Path, validate: Validate, at: str) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    (repo / ".aexp/ledger").rename(repo / ".aexp/Ledger")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    status, problems = validate("--at", at)
    assert status == 1
    named = next(p for p in problems if p["code"] == MISSING and p["severity"] == "error")
    assert named["fix"] == "run `git mv .aexp/Ledger .aexp/ledger`"


@pytest.mark.parametrize("at", ["worktree", "index", "HEAD"])
def test_entries_in_a_second_folder_in_other_letters(
    repo: Path, validate: Validate, at: str
) -> None:
    job_id = add_entry(repo, {"seed": 1})
    add_finding(repo, "F001-x", job(job_id))
    shutil.copytree(repo / ".aexp/ledger", repo / ".aexp/LEDGER")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    status, [problem] = validate("--at", at)
    assert (status, problem["code"]) == (0, MISSING)
    assert problem["path"] == f".aexp/LEDGER/{job_id}.json"


@pytest.mark.parametrize("place", [".aexp/ledger", ".aexp"])
def test_a_ledger_in_a_submodule_that_is_checked_out(
    repo: Path, tmp_path: Path, validate: Validate, place: str
) -> None:
    other = new_repository(tmp_path / "other")
    cited = job(add_entry(other, {"seed": 1}))
    (other / ".aexp").rename(other / "moved")
    within = other / ("moved/ledger" if place.endswith("ledger") else "moved")
    for path in within.iterdir():
        path.rename(other / path.name)
    git(other, "add", "-A")
    git(other, "commit", "-qm", "first")
    allow = ("-c", "protocol.file.allow=always")
    git(repo, *allow, "submodule", "--quiet", "add", str(other), place)
    add_finding(repo, "F001-x", cited)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    for at in ("worktree", "index", "HEAD"):
        status, problems = validate("--at", at)
        assert status == 1
        named = next(p for p in problems if p["code"] == MISSING)
        assert named["path"] == place
        assert "is a git submodule" in named["message"]
        assert named["fix"].startswith("that is not supported: keep the ledger in this repository")


def test_a_ledger_that_was_deleted(repo: Path, validate: Validate) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    shutil.rmtree(repo / ".aexp")
    answer = validate()
    assert codes(answer) == (1, [BROKEN, MISSING])
    restore = "git restore --source=HEAD --staged --worktree -- .aexp/ledger"
    assert f"run `{restore}`" in [problem["fix"] for problem in answer[1]]
    git(repo, "add", "-A")
    assert codes(validate("--at", "index")) == (1, [BROKEN, MISSING])
    git(repo, "commit", "-qm", "second")
    answer = validate()
    assert codes(answer) == (1, [BROKEN, MISSING])
    restore = restore.replace("HEAD", "HEAD^1")
    assert f"run `{restore}`" in [problem["fix"] for problem in answer[1]]
    answer = validate("--at", "HEAD")
    assert codes(answer) == (1, [BROKEN, MISSING])
    assert "run `git checkout HEAD^1 -- .aexp/ledger` and commit" in [p["fix"] for p in answer[1]]


def test_what_is_advised_brings_the_ledger_back(repo: Path, validate: Validate) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    git(repo, "rm", "-rq", ".aexp")
    git(repo, "restore", "--source=HEAD", "--staged", "--worktree", "--", ".aexp/ledger")
    assert validate() == (0, [])


def test_where_nothing_is_cited_nothing_is_reported(repo: Path, validate: Validate) -> None:
    write(repo, ".gitignore", BLOCK)
    write(repo, "kb/research/findings/F001-x.md", "---\nid: F001\n---\n")
    assert validate() == (0, [])


def test_who_never_used_the_ledger_is_told_once(repo: Path, validate: Validate) -> None:
    add_finding(repo, "F001-x", job(NOWHERE), job(NOWHERE))
    assert codes(validate()) == (0, ["finding.no_run_store"])


def test_what_was_not_judged_is_counted(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_finding(repo, "F001-x", job(NOWHERE), job(add_entry(repo, {"seed": 1})))
    assert main(["validate", "--strict-runs=off"]) == 0
    out = capsys.readouterr().out
    assert "whether the runs of 2 citations exist was not judged" in out


def test_before_the_first_entry_git_has_no_ledger_and_that_is_no_fault(
    repo: Path, validate: Validate
) -> None:
    write(repo, ".gitignore", f"{BLOCK}/.runs/\n")
    [job_id] = add_jobs(repo, [{"statepoint": {"seed": 1}, "doc": {"status": "running"}}])
    add_finding(repo, "F001-x", job(job_id))
    git(repo, "add", "kb", ".gitignore")
    assert codes(validate("--at", "index")) == (0, ["finding.unfinished_run_citation"])


def test_a_bare_repository_knows_what_came_before(
    repo: Path, tmp_path: Path, validate: Validate, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    git(repo, "rm", "-rq", ".aexp")
    git(repo, "commit", "-qm", "second")
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    assert codes(validate("--at", "HEAD")) == (1, [BROKEN, MISSING])
