"""One run's packed line, found by halving: the same line that a scan finds, or none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from repositories import add_segment, entry_of, write

from pytest_aexp.model.packs.packed_run import packed_version
from pytest_aexp.model.packs.segment import run_of


def line_of(job_id: str, length: int) -> dict[str, Any]:
    return {"job_id": job_id, "statepoint": {"pad": "x" * length}, "promoted_at": "2026-01-01"}


def test_a_segment_of_many_lines_holds_each_of_them(tmp_path: Path) -> None:
    ids = [f"{n * 7919:032x}" for n in range(500)]
    path = add_segment(tmp_path, [line_of(job_id, len(job_id) % 7 * 300) for job_id in ids])
    for job_id in ids:
        found = packed_version(tmp_path, job_id)
        assert found is not None
        assert (found.path, run_of(found.data)) == (path, job_id)


def test_the_latest_promotion_is_found(tmp_path: Path) -> None:
    old = entry_of({"seed": 1}, promoted_at="2026-05-01T00:00:00Z")
    new = {**old, "promoted_at": "2026-05-01T01:30:00+01:00", "status": "failed"}
    path = add_segment(tmp_path, [new], "box/2026-05-001")
    add_segment(tmp_path, [old], "box/2026-05-002")
    found = packed_version(tmp_path, str(old["job_id"]))
    assert found is not None
    assert found.path == path


def test_nothing_is_found_where_nothing_is_packed(tmp_path: Path) -> None:
    assert packed_version(tmp_path, "0" * 32) is None
    add_segment(tmp_path, [])
    assert packed_version(tmp_path, "0" * 32) is None


def test_few_bytes_of_a_large_segment_are_read(tmp_path: Path) -> None:
    entries = [line_of(f"{n:032x}", 800) for n in range(4096)]
    path = add_segment(tmp_path, entries)
    before = _bytes_read()
    assert packed_version(tmp_path, f"{1234:032x}") is not None
    if before is not None:
        assert _bytes_read() - before < (tmp_path / path).stat().st_size / 8


def _bytes_read() -> int | None:
    try:
        text = Path("/proc/self/io").read_text(encoding="ascii")
    except OSError:
        return None
    return int(text.split("rchar:")[1].split()[0])


def test_junk_pipes_and_links_are_passed_over(tmp_path: Path) -> None:
    entry = entry_of({"seed": 1})
    folder = ".aexp/ledger/packs/box"
    write(tmp_path, f"{folder}/2026-05-001.jsonl", b"\xff" * 100_000)
    write(tmp_path, f"{folder}/2026-05-002.jsonl", b"{}\n" * 9000)
    os.mkfifo(tmp_path / folder / "2026-05-003.jsonl")
    (tmp_path / folder / "2026-05-004.jsonl").symlink_to("/dev/zero")
    assert packed_version(tmp_path, str(entry["job_id"])) is None
    path = add_segment(tmp_path, [entry], "box/2026-05-009")
    found = packed_version(tmp_path, str(entry["job_id"]))
    assert found is not None
    assert found.path == path
