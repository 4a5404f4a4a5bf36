"""Binary search finds the lines that a scan finds."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import add_segment, segment

from pytest_aexp.model.packs.binary_search import lines_in, lines_of_run
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, SEGMENT_LINES, lines_of, run_of

IDS = st.integers(0, 1 << 128).map(lambda n: f"{n:032x}"[-32:])
LINES = st.lists(st.tuples(IDS, st.sampled_from([0, 1, 100, 9000, 20000])), max_size=12)


def line_of(job_id: str, length: int) -> dict[str, Any]:
    return {"job_id": job_id, "statepoint": {"pad": "x" * length}, "promoted_at": "2026-01-01"}


@given(LINES, IDS)
def test_binary_search_finds_what_a_scan_finds(lines: list[tuple[str, int]], other: str) -> None:
    data = segment([line_of(job_id, length) for job_id, length in lines])
    for job_id in {other, *(job_id for job_id, _ in lines)}:
        scanned = [line for line in lines_of(data) if run_of(line) == job_id]
        found = list(lines_of_run(io.BytesIO(data), len(data), job_id))
        assert [line for _, line in found] == scanned
        assert all(data[start:].startswith(line) for start, line in found)


def test_which_of_some_runs_a_segment_holds(tmp_path: Path) -> None:
    path = add_segment(tmp_path, [line_of(f"{2 * n:032x}", 900 * (n % 9)) for n in range(300)])
    wanted = {f"{n:032x}" for n in (0, 1, 2, 77, 300, 598, 599, 10_000)}
    found = dict(lines_in("the path", str(tmp_path / path), wanted))
    assert {job_id: version.number for job_id, version in found.items()} == {
        f"{n:032x}": n // 2 + 1 for n in (0, 2, 300, 598)
    }
    lines = lines_of((tmp_path / path).read_bytes())
    for version in found.values():
        assert version.path == "the path"
        assert version.data == lines[version.number - 1]


def test_few_bytes_of_a_large_segment_are_read(tmp_path: Path) -> None:
    path = add_segment(tmp_path, [line_of(f"{n:032x}", 800) for n in range(4096)])
    before = _bytes_read()
    assert len(list(lines_in("", str(tmp_path / path), [f"{12:032x}"]))) == 1
    if before is not None:
        assert _bytes_read() - before < (tmp_path / path).stat().st_size / 8


def _bytes_read() -> Any:
    try:
        text = Path("/proc/self/io").read_text(encoding="ascii")
    except OSError:
        return None
    return int(text.split("rchar:")[1].split()[0])


@pytest.mark.parametrize("what", ["missing", "pipe", "link"])
def test_what_cannot_be_read_is_not_said_to_hold_nothing(tmp_path: Path, what: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(OSError):
        list(lines_in("", str(tmp_path / what), ["0" * 32]))


def test_no_line_is_found_that_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "x.jsonl"
    ids = [f"{n:032x}" for n in range(SEGMENT_LINES + 1)]
    place.write_bytes(b"".join(b'{"job_id":"%s"}\n' % i.encode() for i in ids))
    assert [job_id for job_id, _ in lines_in("x", str(place), ids[-2:])] == ids[-2:-1]
    with place.open("ab") as stream:
        stream.truncate(SEGMENT_LIMIT + 1)
    with pytest.raises(OSError, match="not a file that is read"):
        list(lines_in("x", str(place), ids[:1]))
