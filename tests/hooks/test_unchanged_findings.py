"""Bad news is never refused: what a commit does to findings that it does not touch."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hooking import Hooks, commit, stage
from repositories import (
    add_entry,
    add_finding,
    add_record,
    batch,
    entry_of,
    entry_text,
    job,
    packed,
    write,
)

POINT = {"condition": "full", "experiment_id": "E005", "seed": 1}
ENDED = "2026-05-14T11:00:00Z"
LATER = "2026-06-14T11:00:00Z"
FINDINGS = "kb/research/findings"


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture
def cited(repo: Path) -> str:
    """A run that F001, already committed, cites; F002 builds on F001, and F003 on that."""
    job_id = add_entry(repo, POINT, ended_at=ENDED, metrics={"accuracy": 0.9})
    add_finding(repo, "F001-x", job(job_id))
    write(repo, f"{FINDINGS}/F002-y.md", "---\nbuilds_on: [F001]\n---\n")
    write(repo, f"{FINDINGS}/F003-z.md", "---\nbuilds_on: [F002]\n---\n")
    commit(repo)
    return job_id


def test_a_record_reaches_every_finding_and_blocks_none(
    repo: Path, cited: str, hooks: Hooks
) -> None:
    record = add_record(repo, retracts=[cited])
    output = hooks.findings()
    # An untracked record does not count.
    assert (output.status, "retracted" in output.out) == (0, False)
    stage(repo)
    output = hooks.findings()
    assert output.status == 0
    assert sorted(output.codes) == ["finding.at_risk", "finding.at_risk", "finding.retracted_run"]
    assert ": error: " not in output.out
    commit(repo)
    write(repo, f"{FINDINGS}/F001-x.md", f"---\nsupporting_runs: [{job(cited)}]\n---\nnew\n")
    stage(repo)
    output = hooks.findings()
    # Who changes a finding that rests on it is told in full.
    assert output.status == 1
    assert "finding.retracted_run" in output.codes
    add_record(repo, lifts=[record])
    stage(repo)
    assert hooks.findings().status == 0


def test_a_batch_is_reached_as_well(repo: Path, hooks: Hooks) -> None:
    job_id = add_entry(repo, POINT)
    add_finding(repo, "F001-x", batch("E005"))
    commit(repo)
    add_record(repo, retracts=[job_id])
    stage(repo)
    output = hooks.findings()
    assert (output.status, output.codes) == (0, ["finding.retracted_run"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("---\nretracted: it leaked\n---\n", "finding.retracted_premise"),
        (None, "finding.broken_premise"),
    ],
)
def test_who_builds_on_a_changed_finding_is_judged(
    repo: Path, cited: str, hooks: Hooks, change: str | None, code: str
) -> None:
    path = repo / FINDINGS / "F001-x.md"
    path.unlink() if change is None else path.write_text(change)
    stage(repo)
    output = hooks.findings()
    assert code in output.codes
    # A finding that is gone leaves an error, as an entry does.
    assert output.status == int(change is None)


def test_what_builds_on_it_is_taken_as_the_commit_has_it(
    repo: Path, cited: str, hooks: Hooks
) -> None:
    (repo / FINDINGS / "F003-z.md").unlink()
    write(repo, f"{FINDINGS}/F002-y.md", "---\nid: F002\n---\n")
    write(repo, f"{FINDINGS}/F004-v.md", "---\nbuilds_on: [F001]\n---\n")
    (repo / FINDINGS / "F001-x.md").unlink()
    stage(repo)
    output = hooks.findings()
    assert output.codes == ["finding.broken_premise"], output.out
    assert "F004-v.md" in output.out


def test_a_replaced_run_is_told_of_without_a_pin(repo: Path, cited: str, hooks: Hooks) -> None:
    add_entry(repo, POINT, ended_at=LATER, metrics={"accuracy": 0.8})
    stage(repo)
    output = hooks.findings()
    assert (output.status, output.codes) == (0, ["finding.changed_evidence"])
    assert f"it was complete ({ENDED}" in output.out
    assert f"is complete ({LATER}" in output.out
    commit(repo)
    add_entry(repo, POINT, ended_at=LATER, metrics={"accuracy": 0.8}, attempt=2)
    stage(repo)
    assert hooks.findings().codes == []


BEFORE = entry_of(POINT, ended_at=ENDED, metrics={"accuracy": 0.9})
AFTER = {**BEFORE, "metrics": {"accuracy": 0.99}, "promoted_at": "2026-07-01T00:00:00Z"}


def loose(repo: Path, entry: dict[str, Any]) -> None:
    write(repo, f".aexp/ledger/{entry['job_id']}.json", entry_text(entry))


def packed_of(repo: Path, entry: dict[str, Any]) -> None:
    write(
        repo,
        f".aexp/ledger/packs/box/{sha256(packed(entry)).hexdigest()[:16]}.jsonl",
        packed(entry),
    )


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("then", [loose, packed_of])
@pytest.mark.parametrize("first", [loose, packed_of])
def test_an_entry_beside_or_in_place_of_another_replaces_it(
    repo: Path, hooks: Hooks, first: Any, then: Any, *, is_kept: bool
) -> None:
    first(repo, BEFORE)
    add_finding(repo, "F001-x", job(str(BEFORE["job_id"])))
    commit(repo)
    if not is_kept:
        shutil.rmtree(repo / ".aexp/ledger")
    then(repo, AFTER)
    stage(repo)
    output = hooks.findings()
    assert (output.status, output.codes) == (0, ["finding.changed_evidence"])


def test_the_same_run_packed_replaces_nothing(repo: Path, hooks: Hooks) -> None:
    loose(repo, BEFORE)
    add_finding(repo, "F001-x", job(str(BEFORE["job_id"])))
    commit(repo)
    packed_of(repo, BEFORE)
    stage(repo)
    assert hooks.findings().codes == []
    (repo / f".aexp/ledger/{BEFORE['job_id']}.json").unlink()
    stage(repo)
    assert hooks.findings().codes == []


def test_a_broken_pin_of_others_is_a_warning_and_a_deleted_entry_is_not(
    repo: Path, hooks: Hooks
) -> None:
    job_id = add_entry(repo, POINT, ended_at=ENDED)
    add_entry(repo, {**POINT, "seed": 2}, ended_at=ENDED)
    pinned = "{type: batch, experiment_id: E005, count: 2, digest: " + "0" * 16 + "}"
    add_finding(repo, "F001-x", pinned)
    commit(repo)
    add_entry(repo, POINT, ended_at=LATER)
    stage(repo)
    output = hooks.findings()
    assert (output.status, output.codes) == (0, ["finding.changed_evidence"])
    (repo / f".aexp/ledger/{job_id}.json").unlink()
    stage(repo)
    assert hooks.findings().status == 1


def test_a_record_of_a_repository_in_a_folder_softens_nothing_here(
    repo: Path, cited: str, hooks: Hooks
) -> None:
    add_record(repo, retracts=[cited])
    commit(repo)
    add_entry(repo, POINT, ended_at=ENDED, metrics={"accuracy": 0.9, "loss": 0.1})
    add_record(repo / "sub", retracts=[cited])
    stage(repo)
    output = hooks.findings()
    assert (output.status, "error: " in output.out) == (1, True)
    assert "finding.retracted_run" in output.codes
