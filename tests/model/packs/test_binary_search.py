"""The lines of single runs, found by halving: the same that a scan finds, or that none can be."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from repositories import add_segment, segment

from pytest_aexp.model.packs.binary_search import lines_of_run, runs_in
from pytest_aexp.model.packs.segment import lines_of, run_of

IDS = st.integers(0, 1 << 128).map(lambda n: f"{n:032x}"[-32:])
LINES = st.lists(st.tuples(IDS, st.sampled_from([0, 1, 100, 9000, 20000])), max_size=12)


def line_of(job_id: str, length: int) -> dict[str, Any]:
    return {"job_id": job_id, "statepoint": {"pad": "x" * length}, "promoted_at": "2026-01-01"}


@given(LINES, IDS)
def test_halving_finds_what_a_scan_finds(lines: list[tuple[str, int]], other: str) -> None:
    data = segment([line_of(job_id, length) for job_id, length in lines])
    for job_id in {other, *(job_id for job_id, _ in lines)}:
        scanned = [line for line in lines_of(data) if run_of(line) == job_id]
        assert list(lines_of_run(io.BytesIO(data), len(data), job_id)) == scanned


def test_which_of_some_runs_a_segment_holds(tmp_path: Path) -> None:
    path = add_segment(tmp_path, [line_of(f"{2 * n:032x}", 900 * (n % 9)) for n in range(300)])
    asked = {f"{n:032x}" for n in (0, 1, 2, 77, 300, 598, 599, 10_000)}
    held = {f"{n:032x}" for n in (0, 2, 300, 598)}
    assert runs_in(tmp_path / path, asked) == held
    assert runs_in(tmp_path / path, asked - held) == set()


def test_what_cannot_be_read_is_not_said_to_hold_nothing(tmp_path: Path) -> None:
    assert runs_in(tmp_path / "missing", {"0" * 32}) is None
    os.mkfifo(tmp_path / "pipe")
    assert runs_in(tmp_path / "pipe", {"0" * 32}) is None
    (tmp_path / "link").symlink_to("/dev/zero")
    assert runs_in(tmp_path / "link", {"0" * 32}) is None
