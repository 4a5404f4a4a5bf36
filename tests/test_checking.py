"""The door: schema, identity, leaks and stray files are errors there."""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.catalogue import Ledger
from pytest_aexp.model.problems import Policy
from pytest_aexp.work.checking import check_ledger
from repositories import add_entry, write

POINT = {"experiment_id": "E001", "seed": 1}
DOOR = Policy(door=True)


def told(repo: Path, *job_ids: str) -> list[tuple[str, str, str]]:
    outcome, _ = check_ledger(Ledger(WorkTree(repo)), DOOR, job_ids or None)
    return [(p.severity, p.code, p.path.rpartition("/")[2]) for p in outcome.problems]


def test_sound_entries_pass(repo: Path) -> None:
    add_entry(repo, POINT)
    write(repo, ".aexp/ledger/.gitkeep", "")
    write(repo, ".aexp/ledger/README.md", "what this is")
    assert told(repo) == []


def test_everything_is_an_error_that_would_be_a_warning_elsewhere(repo: Path) -> None:
    leaking = add_entry(repo, {"data": "/scratch/me/x"})
    damaged = add_entry(repo, POINT, job_id="0" * 32)
    write(repo, ".aexp/ledger/run-7.json", "{}")
    assert sorted(told(repo)) == sorted(
        [
            ("error", "ledger.leak", f"{leaking}.json"),
            ("error", "ledger.invalid_entry", f"{damaged}.json"),
            ("error", "ledger.invalid_entry", "run-7.json"),
        ]
    )
    assert told(repo, leaking) == [("error", "ledger.leak", f"{leaking}.json")]


def test_an_edited_statepoint_is_found(repo: Path) -> None:
    job_id = add_entry(repo, POINT, statepoint={**POINT, "seed": 2})
    assert told(repo) == [("error", "ledger.identity_mismatch", f"{job_id}.json")]


def test_an_identity_that_redaction_took_away_is_told(repo: Path) -> None:
    point = {"data": "/scratch/me/x"}
    redacted = {"statepoint": {"data": "<redacted>"}, "redacted": ["/statepoint/data"]}
    job_id = add_entry(repo, point, **redacted)
    outcome, uncheckable = check_ledger(Ledger(WorkTree(repo)), DOOR)
    assert outcome.problems == ()
    assert uncheckable == (job_id,)


def test_claiming_redaction_does_not_switch_the_check_off(repo: Path) -> None:
    forged = {"statepoint": {**POINT, "seed": 2}, "redacted": ["/statepoint/data"]}
    job_id = add_entry(repo, POINT, **forged)
    assert ("error", "ledger.identity_mismatch", f"{job_id}.json") in told(repo)
