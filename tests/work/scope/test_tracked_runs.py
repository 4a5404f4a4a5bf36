"""The run store stays out of git."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hooking import Hooks
from repositories import add_entry, add_finding, add_jobs, git, job, write

from pytest_aexp.cli import main

CODE = "runs.tracked"


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.mark.parametrize("store", [".runs", "data/runs"])
def test_a_commit_of_the_run_store_is_refused(repo: Path, hooks: Hooks, store: str) -> None:
    write(repo, "pyproject.toml", f'[tool.aexp]\nrun_store = "{store}"\n')
    add_entry(repo, {"seed": 1})
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    write(repo, f"{store}/.signac/config", "schema_version = 2\n")
    write(repo, f"{store}/workspace/{'0' * 32}/signac_statepoint.json", "{}")
    git(repo, "add", "-f", store)
    for output in (hooks.findings(), hooks.ledger()):
        assert (output.status, output.codes) == (1, [CODE])
        assert f"git rm -r -q --cached {store}" in output.out


def test_a_store_behind_a_link_is_refused_where_it_lies(repo: Path, hooks: Hooks) -> None:
    (repo / ".runs").symlink_to("real")
    write(repo, f"real/workspace/{'0' * 32}/signac_statepoint.json", "{}")
    git(repo, "add", "-A")
    for output in (hooks.findings(), hooks.ledger()):
        assert (output.status, output.codes) == (1, [CODE])
        assert "git rm -r -q --cached real" in output.out


def test_it_may_be_taken_out_again(repo: Path, hooks: Hooks) -> None:
    write(repo, ".runs/.signac/config", "schema_version = 2\n")
    git(repo, "add", "-f", ".runs")
    git(repo, "commit", "-qm", "first")
    git(repo, "rm", "-r", "-q", "--cached", ".runs")
    assert hooks.findings().status == 0


def test_what_is_tracked_already_is_named_and_the_advice_works(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    add_jobs(repo, [{"statepoint": {"seed": 2}, "doc": {"status": "running"}}])
    git(repo, "add", "-f", ".runs")
    assert main(["validate", "--format", "json"]) == 0
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["code"], problem["severity"]) == (CODE, "warning")
    command = problem["fix"].split("`")[1]
    subprocess.run(command, shell=True, cwd=repo, check=True)
    assert main(["validate"]) == 0
    assert CODE not in capsys.readouterr().out
    assert (repo / ".runs").is_dir()
