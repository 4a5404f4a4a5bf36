"""``aexp ledger pack``: what it prints, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import (
    add_entry,
    add_finding,
    batch,
    git,
    job,
    packed_paths,
    sealed_path,
    write,
)

from pytest_aexp.cli import main
from pytest_aexp.work.pack import pack


@pytest.fixture(autouse=True)
def _machine(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "box"}')


def test_pack_tells_what_it_wrote_and_what_to_type_next(
    repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "SEGMENT_LINES", 2)
    every = [add_entry(repo, {"seed": number}) for number in range(4)]
    add_finding(repo, "F001-a", job(every[0]))
    assert main(["ledger", "pack", "--dry-run"]) == 0
    foreseen = capsys.readouterr().out.splitlines()
    assert main(["ledger", "pack"]) == 0
    packed = [
        f"packed: 2 runs into {packed_paths(repo)[0]}",
        f"packed: 1 run into {packed_paths(repo)[1]}",
        "1 run stays loose: findings cite them",
    ]
    assert foreseen == [*(f"would be {line}" for line in packed[:2]), packed[2]]
    assert capsys.readouterr().out.splitlines() == [
        *packed,
        "next: git add .aexp/ledger, then commit and push",
    ]
    assert main(["ledger", "pack"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing to pack"
    assert main(["validate"]) == 0


def test_what_is_typed_next_commits_all_of_it(repo: Path) -> None:
    add_entry(repo, {"seed": 1})
    git(repo, "add", "-A", ".aexp/ledger")
    git(repo, "commit", "-q", "-m", "loose")
    main(["ledger", "pack"])
    git(repo, "add", ".aexp/ledger")
    git(repo, "commit", "-q", "-m", "packed")
    assert git(repo, "ls-tree", "-r", "--name-only", "HEAD").split() == [sealed_path(repo)]
    assert main(["validate", "--at", "HEAD"]) == 0


def test_entries_with_faults_are_named_and_make_the_status_1(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [add_entry(repo, {"seed": n}, status="running\x1b[31m") for n in range(22)]
    add_entry(repo, {"seed": 99})
    assert main(["ledger", "pack"]) == 1
    captured = capsys.readouterr()
    assert f"packed: 1 run into {sealed_path(repo)}" in captured.out
    lines = captured.err.splitlines()
    assert len(lines) == 21
    assert lines[0].startswith(f"aexp: .aexp/ledger/{min(bad)}.json stays loose: the ledger entry")
    assert lines[-1] == "aexp: … and 2 more: see `aexp ledger check`"
    assert "\x1b" not in captured.err


def test_files_that_an_interrupted_pack_left_are_told(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = add_entry(repo, {"seed": 1})
    main(["ledger", "pack"])
    assert main(["ledger", "unpack", job_id]) == 0
    capsys.readouterr()
    assert main(["ledger", "pack"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 file removed: what they said is in an earlier segment",
        "next: git add .aexp/ledger, then commit and push",
    ]


def test_cited_runs_that_are_packed_are_told(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [{"experiment_id": "E001", "seed": number} for number in range(3)]
    every = [add_entry(repo, point) for point in points]
    main(["ledger", "pack"])
    add_finding(repo, "F001-a", job(every[0]), batch("E001", "{seed: 1}"))
    add_finding(repo, "F002-b", job(every[0]), job("0" * 32))
    first, *_ = sorted(every[:2])
    for arguments in ([], ["--dry-run"]):
        capsys.readouterr()
        assert main(["ledger", "pack", *arguments]) == 0
        warning, nothing = capsys.readouterr().out.splitlines()
        assert warning.startswith("2 cited runs are packed, where older readers do not look: ")
        assert f"`aexp ledger unpack {first}` brings one back" in warning
        assert nothing == "nothing to pack"
    main(["ledger", "unpack", *every[:2]])
    capsys.readouterr()
    main(["ledger", "pack"])
    assert capsys.readouterr().out.splitlines()[0] == "2 runs stay loose: findings cite them"


def test_pack_refuses_in_one_line(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_entry(repo, {"seed": 1})
    write(repo, ".gitignore", "*.jsonl\n")
    assert main(["ledger", "pack"]) == 2
    output = capsys.readouterr().err
    assert output.startswith("aexp: git ignores .aexp/ledger/packs/box/")
    assert output.count("\n") == 1
