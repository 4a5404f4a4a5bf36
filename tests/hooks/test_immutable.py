"""What a commit does to segments of packed entries and to retraction records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hooking import FINDING, Hooks, add_run, commit, entry_of_run, stage
from repositories import (
    add_entry,
    add_finding,
    add_record,
    add_segment,
    batch,
    entry_of,
    entry_text,
    git,
    job,
    packed,
    segment,
    write,
)

from pytest_aexp.cli import main

ENTRIES = [entry_of({"experiment_id": "E001", "seed": seed}) for seed in range(4)]
IDS = [str(entry["job_id"]) for entry in ENTRIES]
RETRACTED = "a" * 32
RECORDS = ".aexp/ledger/retractions"
SEGMENT = ".aexp/ledger/packs/box/2026-05-001.jsonl"


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture
def sealed(repo: Path) -> Path:
    """A repository with a segment in its last commit."""
    add_segment(repo, ENTRIES)
    commit(repo)
    return repo


def test_a_pack_is_committed_in_silence(
    repo: Path, hooks: Hooks, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "box"}')
    for seed in range(4):
        add_entry(repo, {"experiment_id": "E001", "seed": seed})
    add_finding(repo, "F001-x", job(IDS[0]))
    commit(repo, ".aexp/ledger", "kb")
    assert main(["ledger", "pack"]) == 0
    stage(repo, ".aexp/ledger")
    assert "3 files changed" not in git(repo, "diff", "--cached", "--stat")
    capsys.readouterr()
    for output in (hooks.findings(), hooks.ledger()):
        assert (output.status, output.out, output.err) == (0, "", "")


def test_findings_may_cite_what_is_packed(sealed: Path, hooks: Hooks) -> None:
    add_finding(sealed, "F001-x", job(IDS[0]), batch("E001", "{seed: 2}"))
    stage(sealed)
    output = hooks.findings()
    assert (output.status, output.out) == (0, "")
    add_finding(sealed, "F001-x", batch("E001", "{seed: 9}"))
    stage(sealed)
    assert hooks.findings().codes == ["finding.empty_batch"]


@pytest.mark.parametrize(("theirs", "promoted"), [("complete", False), ("stopped", True)])
def test_a_packed_entry_of_another_machines_attempt(
    repo: Path, hooks: Hooks, theirs: str, promoted: bool
) -> None:
    """It is left as it is unless that attempt was stopped and the one here is complete."""
    job_id = add_run(repo, seed=1, ended_at="2026-06-01T00:00:00Z")
    add_segment(repo, [entry_of({"experiment_id": "E001", "seed": 1}, status=theirs)])
    commit(repo, ".aexp")
    add_finding(repo, "F001-x", job(job_id))
    git(repo, "add", FINDING)
    output = hooks.findings()
    assert (repo / entry_of_run(job_id)).exists() is promoted
    assert output.codes == (["finding.unstaged_ledger_entry"] if promoted else [])


def test_a_packed_run_that_has_not_changed_is_not_promoted_again(repo: Path, hooks: Hooks) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "box"}')
    job_id = add_run(repo)
    main(["ledger", "promote", job_id])
    main(["ledger", "pack"])
    commit(repo, ".aexp/ledger")
    add_finding(repo, "F001-x", job(job_id), batch("E001"))
    git(repo, "add", FINDING)
    hooks.ledger()
    output = hooks.findings()
    assert (output.status, output.out) == (0, "")
    assert not (repo / entry_of_run(job_id)).exists()


def test_a_segment_that_is_not_staged_does_not_count(repo: Path, hooks: Hooks) -> None:
    commit(repo)
    add_segment(repo, ENTRIES)
    add_finding(repo, "F001-x", job(IDS[0]))
    git(repo, "add", FINDING)
    output = hooks.findings()
    assert output.codes == ["finding.unstaged_ledger_entry"]
    assert f"git add {SEGMENT}" in output.out


def test_each_bad_line_of_a_new_segment_is_told(repo: Path, hooks: Hooks) -> None:
    commit(repo)
    leaky = packed({**ENTRIES[0], "code_commit": "/home/me/code"})
    write(repo, SEGMENT, leaky + b"{\n")
    stage(repo)
    output = hooks.ledger()
    assert output.status == 1
    assert output.codes == ["ledger.leak", "ledger.invalid_entry"]
    assert f"{SEGMENT}:2:" in output.out


def test_an_unsorted_segment_is_told(repo: Path, hooks: Hooks) -> None:
    commit(repo)
    write(repo, SEGMENT, b"".join(reversed(segment(ENTRIES).splitlines(keepends=True))))
    stage(repo)
    output = hooks.ledger()
    assert output.status == 1
    assert "is not sorted by job id" in output.out


def test_a_segment_never_changes(sealed: Path, hooks: Hooks) -> None:
    write(sealed, SEGMENT, segment(ENTRIES[:3]))
    stage(sealed)
    output = hooks.ledger()
    assert output.status == 1
    assert "a segment never changes" in output.out
    assert f"git restore --source=HEAD --staged --worktree -- {SEGMENT}" in output.out
    git(sealed, "restore", "--source=HEAD", "--staged", "--worktree", "--", SEGMENT)
    assert git(sealed, "status", "-s") == ""


@pytest.mark.parametrize("deletes", [True, False])
def test_a_run_that_a_commit_takes_out_of_a_segment_is_missed(
    sealed: Path, hooks: Hooks, deletes: bool
) -> None:
    add_finding(sealed, "F001-x", job(IDS[0]))
    commit(sealed)
    if deletes:
        (sealed / SEGMENT).unlink()
    else:
        write(sealed, SEGMENT, segment(ENTRIES[1:]))
    add_entry(sealed, {"seed": 77})
    stage(sealed)
    output = hooks.findings()
    assert (output.status, output.codes) == (1, ["finding.broken_run_citation"])


def test_two_entries_of_a_run_that_differ_are_told(sealed: Path, hooks: Hooks) -> None:
    add_segment(sealed, [{**ENTRIES[0], "status": "failed"}], "laptop/2026-05-001")
    stage(sealed)
    output = hooks.ledger()
    assert output.status == 1
    assert "has two entries that differ" in output.out


CONTRADICTING = {**ENTRIES[0], "status": "stopped"}
CITATIONS = [job(IDS[0]), batch("E001", "{seed: 0}")]


def add_loose(repo: Path, entry: Mapping[str, Any]) -> None:
    write(repo, f".aexp/ledger/{entry['job_id']}.json", entry_text(entry))


@pytest.mark.parametrize("citation", CITATIONS)
@pytest.mark.parametrize("cited_since", ["before", "now", "after"])
def test_a_loose_entry_that_contradicts_a_packed_one_is_told_by_every_face(
    sealed: Path,
    hooks: Hooks,
    capsys: pytest.CaptureFixture[str],
    citation: str,
    cited_since: str,
) -> None:
    if cited_since == "before":
        add_finding(sealed, "F001-x", citation)
        commit(sealed)
    add_loose(sealed, CONTRADICTING)
    if cited_since == "now":
        add_finding(sealed, "F001-x", citation)
    elif cited_since == "after":
        commit(sealed)
        add_finding(sealed, "F001-x", citation)
    stage(sealed)
    output = hooks.findings()
    assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
    assert output.out.startswith(f"{FINDING}:4:")
    assert f": error: run {IDS[0]} has two entries that differ, " in output.out
    output = hooks.ledger()
    expected = (0, []) if cited_since == "after" else (1, ["ledger.invalid_entry"])
    assert (output.status, output.codes) == expected
    for arguments in ([], ["F001"], ["--at", "index"], ["--at", "index", "F001"]):
        assert main(["validate", *arguments]) == 1
        assert capsys.readouterr().out.count("has two entries that differ") == 1
    # What is promoted later than what is packed settles it.
    add_loose(sealed, {**CONTRADICTING, "promoted_at": "2026-06-01T00:00:00Z"})
    stage(sealed)
    settled = ["finding.changed_evidence"] if cited_since == "before" else []
    output = hooks.findings()
    assert (output.status, output.codes) == (0, settled)
    output = hooks.ledger()
    assert (output.status, output.out) == (0, "")


@pytest.mark.parametrize("citation", CITATIONS)
def test_a_new_segment_that_contradicts_a_cited_entry_is_told(
    repo: Path, hooks: Hooks, citation: str
) -> None:
    add_loose(repo, CONTRADICTING)
    add_finding(repo, "F001-x", citation)
    commit(repo)
    add_segment(repo, ENTRIES)
    stage(repo)
    for output in (hooks.findings(), hooks.ledger()):
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])


def test_who_deletes_a_file_may_lay_bare_two_entries_that_differ(
    sealed: Path, hooks: Hooks
) -> None:
    add_segment(sealed, [CONTRADICTING], "laptop/2026-05-001")
    add_loose(sealed, {**ENTRIES[0], "promoted_at": "2026-06-01T00:00:00Z"})
    add_finding(sealed, "F001-x", job(IDS[0]))
    commit(sealed)
    assert hooks.findings().status == hooks.ledger().status == 0
    (sealed / entry_of_run(IDS[0])).unlink()
    stage(sealed)
    for output in (hooks.findings(), hooks.ledger()):
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])


@pytest.mark.parametrize("on_disk", ["unchanged to git", "changed", "gone"])
def test_segments_are_read_from_git_whatever_lies_on_disk(
    repo: Path, hooks: Hooks, on_disk: str
) -> None:
    path = add_segment(repo, [CONTRADICTING])
    add_loose(repo, ENTRIES[0])
    add_finding(repo, "F001-x", job(IDS[0]))
    commit(repo)
    expected = hooks.findings()
    if on_disk == "gone":
        (repo / path).unlink()
    else:
        if on_disk == "unchanged to git":
            git(repo, "update-index", "--assume-unchanged", path)
        write(repo, path, segment([entry_of({"experiment_id": "E001", "seed": 9})]))
    assert hooks.findings() == expected


DAMAGED = {"empty": "", "another run's": entry_text(ENTRIES[1]), "no JSON": "{"}


@pytest.mark.parametrize("citation", CITATIONS)
@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_of_a_packed_run_is_a_problem_of_its_own(
    sealed: Path, hooks: Hooks, capsys: pytest.CaptureFixture[str], text: str, citation: str
) -> None:
    write(sealed, entry_of_run(IDS[0]), text)
    add_finding(sealed, "F001-x", citation)
    stage(sealed)
    output = hooks.findings()
    assert (output.status, output.out) == (0, "")
    output = hooks.ledger()
    assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
    advice = f"run `rm {entry_of_run(IDS[0])}`: the entry in {SEGMENT} counts; or run `aexp ledger"
    assert advice in output.out
    for arguments in ([], ["--at", "index"]):
        assert main(["validate", *arguments]) == 0
        assert "1 warning" in capsys.readouterr().out
        assert main(["validate", *arguments, "F001"]) == 0
        assert "warning" not in capsys.readouterr().out
    for arguments in ([], [IDS[0]]):
        assert main(["ledger", "check", *arguments]) == 1
        assert advice in capsys.readouterr().out
    commit(sealed)
    assert hooks.findings().status == 0
    assert hooks.ledger().status == 1
    (sealed / entry_of_run(IDS[0])).unlink()
    assert main(["ledger", "check"]) == 0


def test_with_nothing_staged_every_segment_is_judged(sealed: Path, hooks: Hooks) -> None:
    output = hooks.ledger()
    assert (output.status, output.out) == (0, "")
    add_segment(sealed, [{**ENTRIES[0], "status": "odd"}], "box/2026-05-002")
    add_entry(sealed, {"seed": 77}, code_commit="/home/me/code")
    commit(sealed)
    assert sorted(hooks.ledger().codes) == ["ledger.invalid_entry", "ledger.leak"]


def test_files_among_the_segments_that_are_none_are_told(repo: Path, hooks: Hooks) -> None:
    commit(repo)
    write(repo, ".aexp/ledger/packs/2026-05-001.jsonl", segment(ENTRIES))
    stage(repo)
    output = hooks.ledger()
    assert output.status == 1
    assert "is not a segment of packed entries" in output.out


def test_a_new_record_is_committed_in_silence(repo: Path, hooks: Hooks) -> None:
    add_record(repo, retracts=[RETRACTED])
    stage(repo)
    assert (hooks.ledger().out, hooks.findings().out) == ("", "")


def test_a_record_is_not_changed(repo: Path, hooks: Hooks) -> None:
    path = repo / RECORDS / f"{add_record(repo, retracts=[RETRACTED])}.json"
    commit(repo)
    path.write_text(path.read_text().replace("leaked", "is fine"))
    stage(repo)
    output = hooks.ledger()
    assert output.codes == ["ledger.invalid_retraction"]
    assert output.status == 1


def test_a_record_is_not_deleted(repo: Path, hooks: Hooks) -> None:
    record = add_record(repo, retracts=[RETRACTED])
    commit(repo)
    (repo / RECORDS / f"{record}.json").unlink()
    stage(repo)
    output = hooks.ledger()
    assert output.codes == ["ledger.invalid_retraction"]
    assert f"aexp retract --lift {record}" in output.out
    assert output.status == 1


def test_a_formatter_may_pass_over_a_record(repo: Path, hooks: Hooks) -> None:
    path = repo / RECORDS / f"{add_record(repo, retracts=[RETRACTED])}.json"
    commit(repo)
    path.write_text(path.read_text().replace("  ", "\t").replace("\n", "\r\n"), newline="")
    stage(repo)
    assert hooks.ledger().out == ""


def test_what_was_never_a_record_may_be_deleted(repo: Path, hooks: Hooks) -> None:
    write(repo, f"{RECORDS}/notes.json", "{}")
    commit(repo)
    (repo / RECORDS / "notes.json").unlink()
    stage(repo)
    assert hooks.ledger().out == ""


def test_a_record_that_leaks_may_be_deleted(repo: Path, hooks: Hooks) -> None:
    path = (
        repo / RECORDS / f"{add_record(repo, retracts=[RETRACTED], reason='see /home/ada/x')}.json"
    )
    commit(repo)
    assert hooks.ledger().codes == ["ledger.leak"]
    path.unlink()
    stage(repo)
    assert hooks.ledger().out == ""
