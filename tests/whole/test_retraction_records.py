"""What is wrong with a retraction record is an error, whatever is judged and whoever judges."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import ARGUMENTS
from repositories import add_entry, add_finding, add_record, job, write

from pytest_aexp.cli import main

CODE = "[ledger.invalid_retraction]"


@pytest.fixture
def broken(repo: Path) -> Path:
    """A repository with a finding that is right and a record that is not."""
    job_id = add_entry(repo, {"seed": 1})
    add_finding(repo, "F001-x", job(job_id))
    record = add_record(repo, retracts=["a" * 32])
    write(repo, f".aexp/ledger/retractions/{record}.json", "{}")
    return repo


@pytest.mark.parametrize(
    "command",
    ["validate", "validate --strict-runs off", "validate F001", "ledger check"],
)
def test_every_command_reports_it_once(
    command: str, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 1
    assert capsys.readouterr().out.count(CODE) == 1


def test_pytest_has_the_record_as_a_property(
    pytester: pytest.Pytester, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    job_id = add_entry(repo, {"seed": 1})
    add_finding(repo, "F001-x", job(job_id))
    record = add_record(repo, retracts=[job_id])
    options = ("--aexp", f"--rootdir={repo}", f"--junitxml={repo}/result.xml", *ARGUMENTS)
    pytester.runpytest_inprocess(*options, f"{repo}/kb").assert_outcomes(failed=1, passed=1)
    xml = (repo / "result.xml").read_text()
    assert f'<property name="retraction" value="{record}" />' in xml


def test_pytest_reports_it_once(
    pytester: pytest.Pytester, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(broken)
    result = pytester.runpytest_inprocess("--aexp", f"--rootdir={broken}", *ARGUMENTS, "kb")
    assert result.ret == 1
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([f"*{CODE}*"])
