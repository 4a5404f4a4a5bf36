"""Every line of a segment is judged, and the segment as a whole; what is clean only once."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import add_segment, entry_of, git, packed, segment, write

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.git.cache_dir import Cache
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import ENTRY_LIMIT
from pytest_aexp.model.packs import segment_check
from pytest_aexp.model.packs.packs import Packs
from pytest_aexp.model.packs.segment import SEGMENT_LINES, lines_of, segment_name
from pytest_aexp.model.packs.segment_check import Survey, check_segments, survey_segment

PATH = ".aexp/ledger/packs/box/2026-05-001.jsonl"

ENTRIES = sorted(
    (entry_of({"experiment_id": f"E{n % 2 + 1:03d}", "seed": n}) for n in range(6)),
    key=lambda entry: str(entry["job_id"]),
)
GOOD = [packed(entry) for entry in ENTRIES]


def damaged(number: int, line: bytes) -> bytes:
    """The good segment with another line at ``number``, which counts from 1."""
    return b"".join([*GOOD[: number - 1], line, *GOOD[number:]])


def test_nothing_is_to_be_said_of_a_sound_segment() -> None:
    assert survey_segment((PATH, b"".join(GOOD))) == Survey(len(GOOD))


BAD_LINES = {
    "not UTF-8": (GOOD[2].replace(b"complete", b"\xff\xfe"), "not UTF-8 (byte 0xff)"),
    "cut short": (GOOD[2][:50] + b"\n", "not valid JSON"),
    "empty": (b"\n", "is empty"),
    "a number": (b"12\n", "not a JSON object"),
    "of no run": (b"{}\n", "has no"),
    "nested too deep": (b'{"a":' * 200 + b"1" + b"}" * 200 + b"\n", "nested"),
    "too long": (b'{"a":"' + b"x" * ENTRY_LIMIT + b'"}\n', "1 MiB"),
    "a huge number": (b'{"a":' + b"9" * 5000 + b"}\n", "more digits"),
    "conflict markers": (b"<<<<<<< ours\n", "conflict markers"),
    "edited statepoint": (GOOD[2].replace(b'"seed":', b'"seed":9'), "hashes to"),
    "unfinished": (GOOD[2].replace(b'"complete"', b'"running"'), "status"),
    "of two job ids": (
        GOOD[2].replace(b'"redacted"', b'"x"').replace(b"{", b'{"job_id":"' + b"0" * 32 + b'",', 1),
        '"job_id" twice',
    ),
}


@pytest.mark.parametrize("what", BAD_LINES)
def test_a_bad_line_is_told_by_its_number_and_harms_no_other(what: str) -> None:
    line, reason = BAD_LINES[what]
    data = damaged(3, line)
    found = survey_segment((PATH, data))
    assert found.judged == len(GOOD)
    [bad] = found.notable
    assert not bad.usable
    assert reason in bad.faults[0].message
    assert bad.faults[0].path == PATH
    assert bad.faults[0].position.line == 3
    assert bad.faults[0].fix.startswith("a segment never changes")


def test_a_fault_knows_its_column() -> None:
    found = survey_segment((PATH, damaged(2, GOOD[1].replace(b'"complete"', b'"done"'))))
    position = found.notable[0].faults[0].position
    assert GOOD[1].decode()[position.column - 1 :].startswith('"status"')


def test_other_faults_keep_their_own_advice() -> None:
    leaky = packed({**ENTRIES[0], "code_commit": "/home/me/code"})
    newer = packed({**ENTRIES[1], "schema_version": 2})
    found = survey_segment((PATH, leaky + newer))
    assert [entry.usable for entry in found.notable] == [True, True]
    assert "aexp ledger promote" in found.notable[0].faults[0].fix
    assert "upgrade" in found.notable[1].faults[0].fix


def test_a_redacted_identity_is_notable_without_a_fault() -> None:
    entry = entry_of({"data": "<redacted>"}, redacted=["/statepoint/data"])
    [notable] = survey_segment((PATH, packed(entry))).notable
    assert notable.usable
    assert not notable.checkable
    assert notable.faults == ()


BAD_SEGMENTS = {
    "empty": (b"", "is empty", 1),
    "out of order": (b"".join(GOOD[:2] + GOOD[3:] + GOOD[2:3]), "is not sorted", 6),
    "twice": (b"".join([*GOOD[:3], GOOD[2], *GOOD[3:]]), "is not sorted", 4),
    "backwards": (b"".join(reversed(GOOD)), "and so are 4 lines more", 2),
    "too many lines": (GOOD[0] * (SEGMENT_LINES + 1), "more than 4,096 lines", SEGMENT_LINES + 1),
}


@pytest.mark.parametrize("what", BAD_SEGMENTS)
def test_what_is_wrong_with_a_segment_as_a_whole(what: str) -> None:
    data, reason, line = BAD_SEGMENTS[what]
    found = survey_segment((PATH, data))
    assert [fault for fault in found.faults if reason in fault.message], found.faults
    fault = next(fault for fault in found.faults if reason in fault.message)
    assert (fault.path, fault.position.line) == (PATH, line)
    assert found.notable == ()


def test_an_unreadable_segment_is_told_by_name() -> None:
    [fault] = survey_segment((PATH, Unreadable("is a named pipe"))).faults
    assert fault.message == "the segment is a named pipe"
    assert fault.path == PATH


@given(st.binary(max_size=300) | st.text(string.printable, max_size=300).map(str.encode))
def test_no_bytes_end_in_a_traceback(data: bytes) -> None:
    found = survey_segment((PATH, data))
    assert found.judged == len(lines_of(data))


# What is clean is judged once

FOUR = [entry_of({"experiment_id": "E001", "seed": seed}) for seed in range(4)]
OTHER = ".aexp/ledger/packs/box/2026-05-002.jsonl"
REDACTED = entry_of({"data": "<redacted>"}, redacted=["/statepoint/data"])
LEAKY = packed(entry_of({"seed": 9}, code_commit="/home/me/code"))


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the lines that are judged, in order."""
    numbers: list[int] = []
    original = segment_check.judge_line

    def judge(path: str, number: int, line: bytes, job_id: str | None = None) -> Any:
        numbers.append(number)
        return original(path, number, line, job_id)

    monkeypatch.setattr(segment_check, "judge_line", judge)
    return numbers


def surveyed(repo: Path) -> Survey:
    view = WorkTree(repo)
    return check_segments(view, Packs(view).paths, Cache(repo, "clean", 9))


def test_a_sound_segment_is_judged_once(repo: Path, judged: list[int]) -> None:
    add_segment(repo, FOUR)
    first = surveyed(repo)
    assert judged == [1, 2, 3, 4]
    assert surveyed(repo) == first == Survey(4)
    assert judged == [1, 2, 3, 4]
    assert git(repo, "status", "--porcelain", "--ignored").split() == ["??", ".aexp/"]


def test_a_segment_whose_last_line_has_no_end_counts_it(repo: Path) -> None:
    write(repo, PATH, segment(FOUR).rstrip(b"\n"))
    assert surveyed(repo) == surveyed(repo) == Survey(4)


def test_it_may_move_and_is_known_again(repo: Path, judged: list[int]) -> None:
    add_segment(repo, FOUR)
    surveyed(repo)
    (repo / PATH).rename(repo / OTHER)
    assert surveyed(repo) == Survey(4)
    assert judged == [1, 2, 3, 4]


def test_an_edit_that_keeps_size_and_time_is_seen(repo: Path) -> None:
    path = repo / add_segment(repo, FOUR)
    surveyed(repo)
    stamp = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"seed":2', b'"seed":7'))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size
    [bad] = surveyed(repo).notable
    assert "hashes to" in bad.faults[0].message


def test_what_has_faults_is_told_every_time_in_the_order_of_the_segments(repo: Path) -> None:
    write(repo, PATH, segment(FOUR[:2]) + LEAKY + b"{\n")
    add_segment(repo, FOUR[2:], "box/2026-05-002")
    write(repo, ".aexp/ledger/packs/box/2026-05-003.jsonl", b"".join(map(packed, FOUR[::-1])))
    first = surveyed(repo)
    assert [fault.path for fault in first.faults][-1].endswith("003.jsonl")
    assert [entry.path for entry in first.notable] == [PATH] * 2
    assert surveyed(repo) == first


def test_a_leak_in_a_sorted_segment_is_told_every_time(repo: Path) -> None:
    write(repo, PATH, LEAKY)
    first = surveyed(repo)
    assert len(first.notable) == 1
    assert first.faults == ()
    assert surveyed(repo) == first


def test_what_is_unsorted_is_not_remembered_as_sound(repo: Path) -> None:
    write(repo, PATH, b"".join(packed(entry) for entry in (FOUR * 2)[:5]))
    assert surveyed(repo).faults
    assert surveyed(repo).faults


def test_a_redacted_identity_is_told_every_time(repo: Path, judged: list[int]) -> None:
    add_segment(repo, [*FOUR, REDACTED])
    first = surveyed(repo)
    assert [entry.job_id for entry in first.notable] == [REDACTED["job_id"]]
    judged.clear()
    assert surveyed(repo) == first
    assert len(judged) == 1


def test_two_segments_with_one_content_are_judged_once(repo: Path, judged: list[int]) -> None:
    add_segment(repo, FOUR)
    add_segment(repo, FOUR, "laptop/2026-05-001")
    view = WorkTree(repo)
    assert check_segments(view, Packs(view).paths) == Survey(8)
    assert judged == [1, 2, 3, 4]


def test_a_changed_segment_is_reported_though_its_content_is_clean(repo: Path) -> None:
    data = segment(FOUR)
    wrong = segment_name(b"other")
    write(repo, f".aexp/ledger/packs/box/{segment_name(data)}", data)
    write(repo, f".aexp/ledger/packs/laptop/{wrong}", data)
    for _ in range(2):
        (fault,) = surveyed(repo).faults
        assert fault.path.endswith(f"laptop/{wrong}")
        assert "its name" in fault.message


def test_many_segments_are_judged_in_their_order(repo: Path) -> None:
    for number in range(1, 13):
        content = LEAKY if number % 2 else packed(REDACTED)
        write(repo, f".aexp/ledger/packs/box/2026-05-{number:03d}.jsonl", content)
    first = surveyed(repo)
    assert [entry.path[-8:-6] for entry in first.notable] == [f"{n:02d}" for n in range(1, 13)]
    assert surveyed(repo) == first
