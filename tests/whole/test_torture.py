"""The short run of ``make torture``; and that it sees a loss where there is one."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import torture
from pytest_aexp.ground import files
from pytest_aexp.work.install import managed_block
from pytest_aexp.work.promote import entry_file
from torture import JOBS, Job, Size, Tally

pytestmark = [pytest.mark.slow, pytest.mark.tree]

PROMOTE, INSTALL = (next(j for j in JOBS if j.name == name) for name in ("promote", "install"))


@pytest.fixture(autouse=True)
def _stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_starts_by_itself() -> None:
    output = subprocess.run(
        [sys.executable, torture.__file__, "--help"], capture_output=True, text=True, check=True
    )
    assert "--short" in output.stdout


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_nothing_is_lost_wherever_a_writer_is_killed(job: Job, tmp_path: Path) -> None:
    tally = Tally()
    torture.kill_at_functions(job, tmp_path, tally)
    torture.kill_at_random(job, tmp_path, 2, tally, random.Random(job.name))
    assert tally.losses == []
    assert sum(tally.counts.values()) >= 6


def test_nothing_is_lost_among_many_processes(tmp_path: Path) -> None:
    size = Size(kills=0, calls=0, processes=4, runs=12, ends=12)
    tally = torture.torture(["race", "ends"], size, 1, tmp_path)
    assert tally.losses == []
    assert tally.counts["promotions raced"] == 48
    assert tally.counts["git add beside them"] > 0
    assert tally.counts["ends at once"] == 12


def _in_place(path: Path, data: bytes, *, sync: bool = True) -> None:
    descriptor = files.os.open(path, files.os.O_WRONLY | files.os.O_CREAT | files.os.O_TRUNC)
    files.os.write(descriptor, data[:40])
    files.os.fsync(descriptor)
    files.os.write(descriptor, data[40:])


def test_a_writer_that_writes_in_place_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_file, "write_atomic", _in_place)
    tally = Tally()
    torture.kill_at_functions(PROMOTE, tmp_path, tally)
    assert any("broken" in loss for loss in tally.losses)


def test_a_lost_rule_of_the_user_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = managed_block.merge_block
    monkeypatch.setattr(
        "pytest_aexp.work.install.control_files.merge_block",
        lambda text, *rest, **named: kept(text.replace(b"# mine\n", b""), *rest, **named),
    )
    tally = Tally()
    torture.kill_at_functions(INSTALL, tmp_path, tally)
    assert any("# mine" in loss for loss in tally.losses)
