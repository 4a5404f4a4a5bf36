"""A change cannot make its own check laxer unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hooking import Hooks
from repositories import add_entry, add_finding, git, job, write

from pytest_aexp.cli import main
from pytest_aexp.ground.settings.configuration import Configuration
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.work.scope.policy_change import weakened

NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
BROKEN, WEAKENED = "finding.broken_run_citation", "policy.weakened"
OFF = f'[tool.aexp.severity]\n"{BROKEN}" = "off"\n'
Validate = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def validate(capsys: pytest.CaptureFixture[str]) -> Validate:
    def run(*arguments: str) -> tuple[int, list[str]]:
        status = main(["validate", "--format", "json", *arguments])
        return status, [p["code"] for p in json.loads(capsys.readouterr().out)["problems"]]

    return run


@pytest.fixture
def weak(repo: Path) -> Path:
    """A change that breaks a finding, and switches the check off."""
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    add_finding(repo, "F002-y", job(NOWHERE))
    write(repo, "pyproject.toml", OFF)
    git(repo, "add", "-A")
    return repo


def test_a_policy_from_a_commit_counts(weak: Path, validate: Validate) -> None:
    assert validate() == (0, [])
    for at in ("worktree", "index"):
        assert validate("--at", at, "--policy-from", "HEAD") == (1, [WEAKENED, BROKEN])


def test_the_command_line_counts_for_more_than_the_table(weak: Path, validate: Validate) -> None:
    assert validate("--strict-runs=error") == (1, [BROKEN])
    assert validate("--strict-runs=warn") == (0, [BROKEN])


def test_the_hook_sees_the_change(weak: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hooks = Hooks(capsys)
    assert hooks.findings().codes == [WEAKENED]
    output = hooks.findings("--policy-from", "HEAD")
    assert (output.status, output.codes) == (1, [WEAKENED, BROKEN])
    assert hooks.findings("--strict-runs", "error").codes == [WEAKENED, BROKEN]


def test_a_change_cannot_silence_what_is_said_of_it(
    weak: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(weak, "pyproject.toml", f'{OFF}"{WEAKENED}" = "off"\n')
    git(weak, "add", "-A")
    assert Hooks(capsys).findings().codes == [WEAKENED, WEAKENED]


def test_an_unknown_revision_is_wrong_usage(weak: Path) -> None:
    assert main(["validate", "--policy-from", "nowhere"]) == 2


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({}, {"strict_runs": "warn"}, "strict_runs"),
        ({"strict_runs": "warn"}, {"strict_runs": "off"}, "strict_runs"),
        ({"severity": {"finding.suspicious_key": "error"}}, {}, "finding.suspicious_key"),
        ({}, {"severity": {"ledger.leak": "warning"}}, "ledger.leak"),
        ({}, {"findings": ("notes/*.md",)}, "no longer counted as findings"),
        ({"metrics": {"loss": "loss"}}, {}, "loss"),
    ],
)
def test_each_way_to_check_less(
    repo: Path, before: dict[str, Any], after: dict[str, Any], message: str
) -> None:
    add_finding(repo, "F001-x", job(NOWHERE))
    view = WorkTree(repo)
    [problem] = weakened(Configuration(**before), Configuration(**after), view)
    assert (problem.code, problem.severity) == (WEAKENED, "warning")
    assert message in problem.message
    assert (
        weakened(Configuration(**after), Configuration(**before), view) == () or "metrics" in before
    )


def test_stricter_or_other_settings_are_no_problem(repo: Path) -> None:
    before = Configuration(strict_runs="warn")
    after = Configuration(strict_runs="error", severity={"finding.suspicious_key": "error"})
    assert weakened(before, after, WorkTree(repo)) == ()


def test_the_hook_for_entries_takes_it_too(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "before")
    write(repo, "pyproject.toml", '[tool.aexp.severity]\n"ledger.invalid_entry" = "off"\n')
    write(repo, f".aexp/ledger/{NOWHERE}.json", "{}")
    git(repo, "add", "-A")
    hooks = Hooks(capsys)
    assert hooks.ledger().status == 0
    assert hooks.ledger("--policy-from", "HEAD").codes == ["ledger.invalid_entry"]


def test_the_index_is_no_policy_for_what_it_holds(
    weak: Path, validate: Validate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--policy-from", "index"]) == 2
    assert "name a commit" in capsys.readouterr().err
