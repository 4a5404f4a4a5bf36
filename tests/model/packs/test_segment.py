"""The format of a segment: names, lines, and what is read from a line without parsing it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import entry_of, packed

from pytest_aexp.model.batches import experiments_of
from pytest_aexp.model.entry import entry_bytes, entry_document
from pytest_aexp.model.packs import segment as segment_module
from pytest_aexp.model.packs.segment import (
    SEGMENT_LINES,
    experiments_named,
    fits_name,
    is_segment,
    lines_of,
    packed_line,
    run_of,
    segment_name,
)

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
        (".aexp/ledger/packs/box/0a1b2c3d4e5f6071.jsonl", True),
        (".aexp/ledger/packs/box/0a1b2c3d4e5f607.jsonl", False),
        (".aexp/ledger/packs/box/0A1B2C3D4E5F6071.jsonl", False),
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
    assert entry_bytes(entry_document(line)) == entry_bytes(document)
    assert packed_line(entry_document(line)) == line


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
    monkeypatch.setattr(segment_module, "entry_document", None)
    line = b"{" + b"[]," * 300_000 + b'"job_id" : "' + b"1" * 32 + end + b'"}'
    assert run_of(line) == job_id


@given(DOCUMENTS)
def test_no_experiment_of_a_run_is_missed(document: dict[str, Any]) -> None:
    line = packed_line(document).rstrip(b"\n")
    named = experiments_named(line)
    its = experiments_of(document["statepoint"], document.get("run_link"))
    assert named is None or set(its) <= named


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
    named = experiments_named(line)
    assert named is None or name in named


def test_the_experiments_of_most_lines_are_named_exactly() -> None:
    line = packed_line(entry_of({"experiment_id": "E001"}, run_link={"experiment_id": None}))
    assert experiments_named(line) == {"E001"}
    assert experiments_named(line.replace(b":", b": ")) is None


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        (segment_name(b"x"), True),
        (segment_name(b"y"), False),
        (segment_name(b"x\n"), False),
        ("2026-05-001.jsonl", True),
        (f"2026-05-001-{segment_name(b'x')[:8]}.jsonl", True),
        (f"2026-05-001-{segment_name(b'y')[:8]}.jsonl", False),
    ],
)
def test_a_name_is_that_of_its_content(name: str, fits: bool) -> None:
    assert fits_name(f".aexp/ledger/packs/box/{name}", b"x") is fits
    assert is_segment(f".aexp/ledger/packs/box/{name}")


def test_the_ends_of_lines_are_not_part_of_the_content() -> None:
    name = segment_name(b"x\ny\n")
    assert fits_name(f"packs/box/{name}", b"x\r\ny\r\n")


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
