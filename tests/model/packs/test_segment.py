"""A segment: what its lines say, how they are found by their bytes, what is told of a bad one."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import entry_of, packed, segment

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.model.batches import experiments_of
from pytest_aexp.model.entry import ENTRY_LIMIT, Entry
from pytest_aexp.model.packs import segment as segment_module
from pytest_aexp.model.packs.segment import (
    SEGMENT_LINES,
    Survey,
    experiments_in,
    is_segment,
    lines_of,
    may_belong,
    members,
    packed_line,
    parsed,
    run_of,
    runs_of,
    survey,
)
from pytest_aexp.work.promote.project import entry_bytes

PATH = ".aexp/ledger/packs/box/2026-05-001.jsonl"
TEXT = st.text(alphabet=st.characters(codec=None), max_size=12)
NAMES = st.sampled_from(["E001", "E002", "E0010", 'E"1', "É1", "E\\1", ""])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | NAMES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            TEXT | st.sampled_from(["experiment_id", "job_id", "statepoint"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "job_id": st.text("0123456789abcdef", min_size=32, max_size=32),
        "statepoint": st.dictionaries(TEXT | st.just("experiment_id"), VALUES, max_size=4),
    },
    optional={
        "run_link": st.dictionaries(st.just("experiment_id"), VALUES),
        "code_commit": TEXT,
        "aside": VALUES,
        "tracker": VALUES,
    },
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (PATH, True),
        (".aexp/ledger/packs/gpu-01.lab_2/1999-12-1234.jsonl", True),
        (".aexp/ledger/packs/box/2026-05-001-0a1b2c3d.jsonl", True),
        (".aexp/ledger/packs/box/2026-05-001-0a1b2c3.jsonl", False),
        (".aexp/ledger/packs/box/2026-05-001-0A1B2C3D.jsonl", False),
        (".aexp/ledger/packs/2026-05-001.jsonl", False),
        (".aexp/ledger/packs/box/sub/2026-05-001.jsonl", False),
        (".aexp/ledger/box/2026-05-001.jsonl", False),
        ("x/.aexp/ledger/packs/box/2026-05-001.jsonl", False),
        (".aexp/ledger/packs/-box/2026-05-001.jsonl", False),
        (".aexp/ledger/packs/box/2026-13-001.jsonl", False),
        (".aexp/ledger/packs/box/2026-05-01.jsonl", False),
        (".aexp/ledger/packs/box/2026-05-001.json", False),
        (".aexp/ledger/packs/box/2026-05-001.jsonl\n", False),
        (".aexp/ledger/packs/box/٢٠٢٦-05-001.jsonl", False),
        (".aexp/ledger/packs/box/.2026-05-001.jsonl", False),
    ],
)
def test_a_segment_is_known_by_its_path(path: str, expected: bool) -> None:
    assert is_segment(path) is expected


@given(DOCUMENTS)
def test_unpacking_gives_back_the_bytes_of_the_entry(document: dict[str, Any]) -> None:
    line = packed_line(document)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert entry_bytes(parsed(line)) == entry_bytes(document)
    assert packed_line(parsed(line)) == line


def test_a_line_is_compact_sorted_and_readable() -> None:
    assert (
        packed_line({"b": [1, "é\u2028"], "a": None}) == '{"a":null,"b":[1,"é\u2028"]}\n'.encode()
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e400])
def test_what_is_no_json_is_not_packed(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        packed_line({"wallclock_s": number})


@given(DOCUMENTS)
def test_the_run_of_a_line_is_the_one_it_says(document: dict[str, Any]) -> None:
    assert run_of(packed_line(document).rstrip(b"\n")) == document["job_id"]


@given(st.lists(DOCUMENTS.map(packed_line) | st.binary(max_size=80), max_size=5))
def test_the_runs_of_many_lines_are_those_of_each(lines: list[bytes]) -> None:
    lines = [line.rstrip(b"\n") for line in lines]
    assert runs_of(lines) == [run_of(line) for line in lines]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"aside":{"job_id":"' + b"0" * 32 + b'"},"job_id":"' + b"1" * 32 + b'"}',
        b'{"code_commit":"' + b"x" * 240 + b'","job_id":"' + b"1" * 32 + b'"}',
        b'{"job_id":"' + b"A" * 32 + b'"}',
        b'{"job_id":"' + b"1" * 33 + b'"}',
        b'{"job_id":"' + b"1" * 31 + b'","a":"',
        b'{"job_id": "' + b"1" * 32 + b'"}',
        b"",
    ],
)
def test_one_odd_line_among_many(odd: bytes) -> None:
    lines = [line.rstrip(b"\n") for line in [*GOOD, odd, *GOOD]]
    assert runs_of(lines) == [run_of(line) for line in lines]
    assert runs_of(lines)[0] == ENTRIES[0]["job_id"]


@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_it_is_found_in_lines_that_pack_did_not_write(document: Any, indent: int | None) -> None:
    text = json.dumps(dict(reversed(document.items())), indent=indent)
    assert run_of(text.replace("\n", " ").encode()) == document["job_id"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'{"job_id":7}',
        b'{"job_id":"0123"}',
        b'{"job_id":"0123456789ABCDEF0123456789abcdef"}',
        b'{"job_id":"0123456789abcdef0123456789abcdef0"}',
        b'{"job_id":"0123456789abcdef0123456789abcde',
        b'{"aside":{"job_id":"0123456789abcdef0123456789abcdef"}}',
        b"{" * 200 + b'"job_id":"0123456789abcdef0123456789abcdef"',
        b"\xff\xfe",
    ],
)
def test_a_line_may_be_of_no_run(line: bytes) -> None:
    assert run_of(line) == ""


@pytest.mark.parametrize(("end", "job_id"), [(b"", "1" * 32), (b"0", "")])
def test_a_long_line_that_begins_oddly_is_not_parsed_for_its_id(
    monkeypatch: pytest.MonkeyPatch, end: bytes, job_id: str
) -> None:
    monkeypatch.setattr(segment_module, "parsed", None)
    line = b"{" + b"[]," * 300_000 + b'"job_id" : "' + b"1" * 32 + end + b'"}'
    assert run_of(line) == job_id


@given(DOCUMENTS, NAMES)
def test_no_run_of_an_experiment_is_passed_over(document: dict[str, Any], name: str) -> None:
    line = packed_line(document).rstrip(b"\n")
    its = experiments_of(document["statepoint"], document.get("run_link"))
    if name in its:
        assert may_belong(line, frozenset([name.encode()]))
    assert set(its) <= experiments_in(line)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (packed(entry_of({"experiment_id": 'E"1'})), 'E"1'),
        (packed(entry_of({"experiment_id": "E\\1"})), "E\\1"),
        (packed(entry_of({"experiment_id": "É1"})), "É1"),
        (b'{"statepoint":{"experiment_id":"E\\u0030\\u00301"}}', "E001"),
        (b'{"statepoint":{"experiment\\u005fid":"E001"}}', "E001"),
        (b'{"run_link":{"experiment_id" :\t"E001"}}', "E001"),
    ],
)
def test_an_experiment_may_be_written_in_odd_ways(line: bytes, name: str) -> None:
    assert [entry.experiments for entry in members(PATH, line, frozenset([name]))] == [(name,)]
    assert may_belong(line, frozenset([name.encode()]))
    assert name in experiments_in(line)


def test_most_lines_of_other_experiments_are_passed_over() -> None:
    line = packed_line(entry_of({"experiment_id": "E001"}, run_link={"experiment_id": None}))
    assert not may_belong(line, frozenset([b"E002"]))
    assert not may_belong(line, frozenset([b"E00"]))
    assert may_belong(line, frozenset([b"E001"]))
    assert may_belong(line.replace(b":", b": "), frozenset([b"E002"]))


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"x\n" * SEGMENT_LINES, [b"x"] * SEGMENT_LINES),
        (b"x\n" * SEGMENT_LINES + b"y", [b"x"] * SEGMENT_LINES),
        (b"x\n" * (SEGMENT_LINES + 2), [b"x"] * SEGMENT_LINES),
    ],
)
def test_lines_end_with_newlines_and_are_bounded(data: bytes, lines: list[bytes]) -> None:
    assert lines_of(data) == lines


ENTRIES = sorted(
    (entry_of({"experiment_id": f"E{n % 2 + 1:03d}", "seed": n}) for n in range(6)),
    key=lambda entry: str(entry["job_id"]),
)
GOOD = [packed(entry) for entry in ENTRIES]


def damaged(number: int, line: bytes) -> bytes:
    """The good segment with another line at ``number``, which counts from 1."""
    return b"".join([*GOOD[: number - 1], line, *GOOD[number:]])


def test_nothing_is_to_be_said_of_a_sound_segment() -> None:
    assert survey(PATH, b"".join(GOOD)) == Survey(len(GOOD))


def test_only_the_members_of_experiments_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []
    original = segment_module.judge_line

    def judge(path: str, number: int, line: bytes, job_id: str | None = None) -> Entry:
        judged.append(number)
        return original(path, number, line, job_id)

    monkeypatch.setattr(segment_module, "judge_line", judge)
    its = [n for n, e in enumerate(ENTRIES, 1) if e["statepoint"]["experiment_id"] == "E002"]
    found = members(PATH, b"".join(GOOD), frozenset(["E002", "E009"]))
    assert [entry.job_id for entry in found] == [ENTRIES[number - 1]["job_id"] for number in its]
    assert judged == its
    assert members(PATH, b"".join(GOOD), frozenset(["E009", "E00", "002"])) == []
    assert judged == its


def test_many_experiments_at_once() -> None:
    wanted = frozenset(f"E{number:03d}" for number in range(2, 40))
    found = members(PATH, b"".join(GOOD), wanted)
    assert {entry.experiments for entry in found} == {("E002",)}
    assert len(found) == 3


def test_a_run_that_only_its_link_ties_to_an_experiment_is_a_member() -> None:
    linked = entry_of({"seed": 1}, run_link={"experiment_id": "E007"})
    found = members(PATH, segment([linked]), frozenset(["E007"]))
    assert [entry.job_id for entry in found] == [linked["job_id"]]


def test_an_unreadable_segment_has_no_members() -> None:
    assert members(PATH, Unreadable("is a named pipe"), frozenset(["E001"])) == []


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
    "of two runs": (
        GOOD[2].replace(b'"redacted"', b'"x"').replace(b"{", b'{"job_id":"' + b"0" * 32 + b'",', 1),
        "says that it is of run",
    ),
}


@pytest.mark.parametrize("what", BAD_LINES)
def test_a_bad_line_is_told_by_its_number_and_harms_no_other(what: str) -> None:
    line, said = BAD_LINES[what]
    data = damaged(3, line)
    found = survey(PATH, data)
    assert found.judged == len(GOOD)
    [bad] = found.notable
    assert not bad.usable
    assert said in bad.faults[0].message
    assert bad.faults[0].path == PATH
    assert bad.faults[0].position.line == 3
    assert f"git log -- {PATH}" in bad.faults[0].fix
    usable = [e.job_id for e in members(PATH, data, frozenset(["E001", "E002"])) if e.usable]
    assert usable == [e["job_id"] for n, e in enumerate(ENTRIES, 1) if n != 3]


def test_a_fault_knows_its_column() -> None:
    found = survey(PATH, damaged(2, GOOD[1].replace(b'"complete"', b'"done"')))
    position = found.notable[0].faults[0].position
    assert GOOD[1].decode()[position.column - 1 :].startswith('"status"')


def test_other_faults_keep_their_own_advice() -> None:
    leaky = packed({**ENTRIES[0], "code_commit": "/home/me/code"})
    newer = packed({**ENTRIES[1], "schema_version": 2})
    found = survey(PATH, leaky + newer)
    assert [entry.usable for entry in found.notable] == [True, True]
    assert "aexp ledger promote" in found.notable[0].faults[0].fix
    assert "upgrade" in found.notable[1].faults[0].fix


def test_a_redacted_identity_is_notable_without_a_fault() -> None:
    entry = entry_of({"data": "<redacted>"}, redacted=["/statepoint/data"])
    [notable] = survey(PATH, packed(entry)).notable
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
    data, said, line = BAD_SEGMENTS[what]
    found = survey(PATH, data)
    assert [fault for fault in found.faults if said in fault.message], found.faults
    fault = next(fault for fault in found.faults if said in fault.message)
    assert (fault.path, fault.position.line) == (PATH, line)
    assert found.notable == ()


def test_an_unreadable_segment_is_told_by_name() -> None:
    [fault] = survey(PATH, Unreadable("is a named pipe")).faults
    assert fault.message == "the segment is a named pipe"
    assert fault.path == PATH


@given(st.binary(max_size=300) | st.text(string.printable, max_size=300).map(str.encode))
def test_no_bytes_end_in_a_traceback(data: bytes) -> None:
    found = survey(PATH, data)
    assert found.judged == len(lines_of(data))
