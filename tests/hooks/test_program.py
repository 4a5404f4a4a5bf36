"""The options of the hooks, and how they end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import NOWHERE, Hooks, commit, stage
from repositories import add_entry, add_finding, job, write


@pytest.mark.parametrize(
    ("program", "argument"),
    [("findings", "--strict-runs=strict"), ("findings", "--nope"), ("ledger", "--stage")],
)
def test_wrong_usage_ends_in_status_2(
    repo: Path, program: str, argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "README", "x")
    commit(repo)
    with pytest.raises(SystemExit) as ended:
        getattr(Hooks(capsys), program)(argument)
    assert ended.value.code == 2
    assert f"usage: aexp-{program}" in capsys.readouterr().err


@pytest.mark.parametrize("program", ["findings", "ledger"])
def test_file_names_are_refused(
    repo: Path, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repo)
    output = getattr(Hooks(capsys), program)("README")
    assert (output.status, output.out) == (2, "")
    assert f"aexp-{program}: takes no file names (README)" in output.err


def test_options_hold_where_something_is_staged(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = Hooks(capsys)
    add_entry(repo, {"seed": 0})
    commit(repo)
    add_finding(repo, "F001-x", job(NOWHERE))
    stage(repo)
    assert hooks.findings("--strict-runs=warn").status == 0
    assert hooks.findings("--strict-runs=error").status == 1
