"""In the check of entries schema, identity, leaks and stray files are errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import Hooks
from repositories import add_entry, git, write

from pytest_aexp.cli import main
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.problems import Policy
from pytest_aexp.work.check.ledger import check_ledger

POINT = {"experiment_id": "E001", "seed": 1}
STRICT = Policy(for_entries=True)


def reported(repo: Path, *job_ids: str) -> list[tuple[str, str, str]]:
    outcome, _ = check_ledger(Ledger(WorkTree(repo)), STRICT, job_ids or None)
    return [(p.severity, p.code, p.path.rpartition("/")[2]) for p in outcome.problems]


def test_sound_entries_pass(repo: Path) -> None:
    add_entry(repo, POINT)
    write(repo, ".aexp/ledger/.gitkeep", "")
    write(repo, ".aexp/ledger/README.md", "what this is")
    assert reported(repo) == []


def test_everything_is_an_error_that_would_be_a_warning_elsewhere(repo: Path) -> None:
    leaking = add_entry(repo, {"data": "/scratch/me/x"})
    damaged = add_entry(repo, POINT, job_id="0" * 32)
    write(repo, ".aexp/ledger/run-7.json", "{}")
    assert sorted(reported(repo)) == sorted(
        [
            ("error", "ledger.leak", f"{leaking}.json"),
            ("error", "ledger.invalid_entry", f"{damaged}.json"),
            ("error", "ledger.invalid_entry", "run-7.json"),
        ]
    )
    assert reported(repo, leaking) == [("error", "ledger.leak", f"{leaking}.json")]


def test_an_edited_statepoint_is_found(repo: Path) -> None:
    job_id = add_entry(repo, POINT, statepoint={**POINT, "seed": 2})
    assert reported(repo) == [("error", "ledger.identity_mismatch", f"{job_id}.json")]


def test_an_identity_that_redaction_took_away_is_told(repo: Path) -> None:
    point = {"data": "/scratch/me/x"}
    redacted = {"statepoint": {"data": "<redacted>"}, "redacted": ["/statepoint/data"]}
    job_id = add_entry(repo, point, **redacted)
    outcome, uncheckable = check_ledger(Ledger(WorkTree(repo)), STRICT)
    assert outcome.problems == ()
    assert uncheckable == (job_id,)


def test_claiming_redaction_does_not_switch_the_check_off(repo: Path) -> None:
    forged = {"statepoint": {**POINT, "seed": 2}, "redacted": ["/statepoint/data"]}
    job_id = add_entry(repo, POINT, **forged)
    assert ("error", "ledger.identity_mismatch", f"{job_id}.json") in reported(repo)


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


def test_what_nobody_reads_is_told_with_what_to_type(
    repo: Path, capsys: pytest.CaptureFixture[str], hooks: Hooks
) -> None:
    job_id = add_entry(repo, POINT)
    target = f".aexp/ledger/{job_id}.json"
    write(repo, f".aexp/ledger/a b/{job_id}.json", (repo / target).read_bytes())
    write(repo, ".aexp/ledger/box/2026-05-001.jsonl", "")
    write(repo, f".aexp/ledger/{'0' * 32}.json/x", "")
    write(repo, ".aexp/ledger/notes/README.md", "")
    (repo / f".aexp/ledger/{'1' * 32}.json").mkdir()
    found = ["1" * 32 + ".json", "0" * 32 + ".json", f"{job_id}.json", "2026-05-001.jsonl"]
    assert sorted(reported(repo)) == sorted(("error", "ledger.invalid_entry", n) for n in found)
    assert main(["ledger", "check"]) == 1
    checked = capsys.readouterr().out
    assert f"run `git mv '.aexp/ledger/a b/{job_id}.json' {target}`" in checked
    assert f"run `rm -r .aexp/ledger/{'1' * 32}.json`" in checked
    assert main(["validate"]) == 0
    assert "5 warnings" in capsys.readouterr().out
    git(repo, "add", "-A")
    output = hooks.ledger()
    assert (output.status, output.codes) == (1, ["ledger.invalid_entry"] * 3)
    git(repo, "commit", "-qm", "all")
    output = hooks.ledger()
    assert (output.status, output.codes) == (1, ["ledger.invalid_entry"] * 3)
