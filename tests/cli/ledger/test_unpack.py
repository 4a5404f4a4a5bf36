"""``aexp ledger unpack``: what it prints, and the exit status."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from repositories import (
    add_entry,
    sealed_path,
    write,
)

from pytest_aexp.cli import main


@pytest.fixture(autouse=True)
def _machine(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "box"}')


def test_unpack_takes_beginnings_of_ids(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job_id, other = add_entry(repo, {"seed": 1}), add_entry(repo, {"seed": 2})
    main(["ledger", "pack"])
    capsys.readouterr()
    assert main(["ledger", "unpack", job_id[:8]]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"unpacked: .aexp/ledger/{job_id}.json",
        "next: git add .aexp/ledger, then commit and push",
    ]
    assert main(["ledger", "unpack", job_id]) == 0
    assert capsys.readouterr().out == f"already loose: .aexp/ledger/{job_id}.json\n"
    assert main(["ledger", "unpack", "ffff0000"]) == 2
    assert 'no run whose id begins with "ffff0000"' in capsys.readouterr().err
    assert not (repo / f".aexp/ledger/{other}.json").exists()


@pytest.mark.parametrize("what", ["empty", "folder"])
def test_what_is_in_a_packed_run_s_place_is_told(
    repo: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    job_id = add_entry(repo, {"seed": 1})
    path = f".aexp/ledger/{job_id}.json"
    main(["ledger", "pack"])
    if what == "empty":
        write(repo, path, "")
    else:
        write(repo, f"{path}/x", "")
    capsys.readouterr()
    assert main(["ledger", "unpack", job_id]) == 1
    output = capsys.readouterr().err
    assert output.startswith(f"aexp: run {job_id} is not unpacked: {path}: the ledger entry is ")
    command = f"rm {'-r ' if what == 'folder' else ''}{path}"
    assert f"run `{command}`, then unpack it" in output
    subprocess.run(shlex.split(command), check=True)
    assert main(["ledger", "unpack", job_id]) == 0


def test_a_damaged_line_is_not_unpacked(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = add_entry(repo, {"seed": 1})
    main(["ledger", "pack"])
    path = sealed_path(repo)
    data = (repo / path).read_bytes()
    write(repo, path, data.replace(b'"complete"', b'"running"'))
    capsys.readouterr()
    assert main(["ledger", "unpack", job_id]) == 1
    output = capsys.readouterr().err
    assert output.startswith(f"aexp: run {job_id} is not unpacked: {path}:1: the ledger entry")
