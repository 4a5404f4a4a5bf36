"""A ledger entry is judged by itself: readable, whole, and the run it says it is."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any
from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from repositories import entry_of, entry_text, job_id_of

from pytest_aexp.ground import schema
from pytest_aexp.ground.files import MISSING, UNMERGED
from pytest_aexp.model.batches import experiments_of
from pytest_aexp.model.entry import ENTRY_LIMIT, Entry, entry_path, metrics_of
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.model.problems import (
    IDENTITY_MISMATCH,
    INVALID_ENTRY,
    LEAK,
    NOT_A_NUMBER,
    UNKNOWN_FIELD,
)

POINT = {"experiment_id": "E001", "condition": "a"}
JOB_ID = job_id_of(POINT)
PATH = f".aexp/ledger/{JOB_ID}.json"


@pytest.fixture(params=["fast", "plain"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fast validator, and as on a Python for which there is no wheel of it."""
    if request.param == "plain":
        monkeypatch.setattr(schema, "fast_validator", lambda name: None)


def judged(text: str | bytes, job_id: str = JOB_ID) -> Entry:
    return judge_entry(job_id, entry_path(job_id), text.encode() if isinstance(text, str) else text)


def with_fields(**fields: Any) -> str:
    entry = {**entry_of(POINT), **fields}
    return entry_text({name: value for name, value in entry.items() if value is not ...})


@pytest.mark.usefixtures("both_ways")
def test_a_sound_entry_says_what_it_holds() -> None:
    assert entry_path(JOB_ID) == PATH
    found = judged(with_fields(run_link={"experiment_id": "E002"}, status="failed"))
    assert found == Entry(
        JOB_ID,
        PATH,
        usable=True,
        status="failed",
        machine="cluster",
        experiments=("E001", "E002"),
        statepoint=json.dumps(POINT, sort_keys=True),
    )
    assert found.cause is None


SOUND = {
    "a BOM": "\ufeff" + with_fields(),
    "CRLF": with_fields().replace("\n", "\r\n"),
    "one line": json.dumps(entry_of(POINT)),
    "another order": json.dumps(dict(reversed(entry_of(POINT).items())), indent=8),
    "space around": f"\n\t {with_fields()}\n\n",
    "an integer as a float": with_fields(schema_version=1.0),
    "a number of 400 digits": entry_text(entry_of({"x": 10**400})),
    "half a surrogate pair": json.dumps(entry_of({"x": "\ud800"})),
    "the empty statepoint": entry_text(entry_of({})),
    "as much as there may be": with_fields() + " " * (ENTRY_LIMIT - len(with_fields())),
}


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_a_sound_entry_in_other_clothes(text: str) -> None:
    job_id = json.loads(text.removeprefix("\ufeff"))["job_id"]
    found = judged(text, job_id)
    assert (found.usable, found.faults, found.checkable) == (True, (), True)


AGAIN = f"run `aexp ledger promote {JOB_ID}` on the machine that has the run"
RESOLVE = f"run `aexp ledger resolve {JOB_ID}`"
HALF = with_fields()[:60]
AFTER = with_fields().count("\n") + 1
CONFLICT = "{\n<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> theirs\n}\n"
NEST = json.dumps(entry_of({"x": 1})).replace('"x": 1', '"x": ' + "[" * 99 + "]" * 99)

# Content, what is said of it, where.
REFUSED: dict[str, tuple[str | bytes, str, tuple[int, int]]] = {
    "nothing": ("", "is empty", (1, 1)),
    "half": (HALF, "is not valid JSON: the text that begins here never ends", (3, 3)),
    "a comma too many": ('{\n  "a": 1,\n}', "is not valid JSON: there is a comma with n", (2, 9)),
    "a comma too many in a list": ("[1, ]", "is not valid JSON: there is a comma with n", (1, 3)),
    "a list closed as an object": (
        '{"a": [1,}',
        "is not valid JSON: there is a comma with n",
        (1, 9),
    ),
    "an entry and more": (f"{with_fields()}1", "is not valid JSON: ", (AFTER, 1)),
    "a blank that is none": (f"{with_fields()}\xa0", "is not valid JSON: ", (AFTER, 1)),
    "a list": ("[]", "is not a JSON object", (1, 1)),
    "text": ('"x"', "is not a JSON object", (1, 1)),
    "null": ("null", "is not a JSON object", (1, 1)),
    "Latin-1": (b'{"a": "\xe9"}', "is not UTF-8 (byte 0xe9)", (1, 1)),
    "UTF-16": (with_fields().encode("utf-16"), "is not UTF-8 (byte 0xff)", (1, 1)),
    "NUL": (b"\0" * 99, "is not valid JSON: a value is missing here", (1, 1)),
    "too deep": (NEST, "is nested more than 100 deep", (1, 1)),
    "far too deep": ("[" * 100_000, "is nested more than 100 deep", (1, 1)),
    "too long": (" " * (ENTRY_LIMIT + 1), "is larger than 1 MiB", (1, 1)),
    "a key twice": (
        with_fields().replace("{\n", '{\n  "status": "failed",\n', 1),
        'has the key "status" twice',
        (2, 3),
    ),
    "a key twice in the statepoint": (
        with_fields().replace('"condition": "a"', '"condition": "b", "condition": "a"'),
        'has the key "condition" twice',
        None,
    ),
    "a key twice, deeper": (
        with_fields(metrics={"m": {"x": 1}}).replace('"x": 1', '"x": NaN, "x": 1'),
        'has the key "x" twice',
        None,
    ),
    "a key twice in an entry of a newer version": (
        with_fields(schema_version=9).replace("{\n", '{\n  "status": "failed",\n', 1),
        'has the key "status" twice',
        (2, 3),
    ),
    "too long a number": ('{"a": %s}' % ("1" * 5000), "holds a number of more digits", (1, 1)),
}


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(("text", "said", "place"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_proves_nothing(
    text: str | bytes, said: str, place: tuple[int, int] | None
) -> None:
    found = judged(text)
    (fault,) = found.faults
    assert (fault.rule, fault.path, fault.job_id) == (INVALID_ENTRY, PATH, JOB_ID)
    assert fault.message.startswith(f"the ledger entry {said}")
    assert place is None or (fault.position.line, fault.position.column) == place
    assert fault.fix == AGAIN
    assert (found.usable, found.cause, found.statepoint) == (False, fault, None)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_conflict_is_resolved_not_promoted(newline: str) -> None:
    (fault,) = judged(CONFLICT.replace("\n", newline)).faults
    assert fault.message == "the ledger entry holds conflict markers"
    assert fault.position.line == 2
    assert fault.fix == RESOLVE


def test_a_file_that_could_not_be_read() -> None:
    found = judge_entry(JOB_ID, PATH, MISSING)
    assert found.faults[0].message == "the ledger entry does not exist"
    assert found.faults[0].fix == AGAIN
    assert judge_entry(JOB_ID, PATH, UNMERGED).faults[0].fix == RESOLVE


MUST_BE_ID = "job_id must be 32 lower-case hex digits"
BREAKS: dict[str, tuple[dict[str, Any], str, int]] = {
    "status": ({"status": "running"}, 'status is "running"; it must be complete, failed', 10),
    "machine": ({"registered_machine": ""}, "registered_machine must be non-empty text", 4),
    "promoted_at": ({"promoted_at": "x"}, "promoted_at must be a date and time", 3),
    "statepoint": ({"statepoint": []}, "statepoint is a list, not a mapping", 6),
    "version": ({"schema_version": "1"}, "schema_version must be a whole number", 5),
    "job id": ({"job_id": JOB_ID.upper()}, MUST_BE_ID, 2),
    "run link": ({"run_link": {"experiment_id": 5}}, "run_link.experiment_id is 5, not text", 5),
    "tracker": ({"tracker": []}, "tracker is a list, not a mapping", 11),
}


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(("fields", "said", "line"), BREAKS.values(), ids=BREAKS)
def test_what_breaks_the_schema_is_told_in_words(fields: dict, said: str, line: int) -> None:
    found = judged(with_fields(**fields))
    (fault,) = found.faults
    assert fault.rule is INVALID_ENTRY
    assert fault.message.startswith(f"the ledger entry's {said}")
    assert (fault.position.line, fault.position.column) == (line, 3)
    assert not found.usable


def test_a_missing_field_and_several_faults() -> None:
    assert judged(with_fields(status=...)).faults[0].message == "the ledger entry has no status"
    (fault,) = judged(with_fields(status=1, code_dirty=2, ended_at=3, tracker=4)).faults
    assert fault.message.endswith(" and 1 more")


def test_another_runs_entry_under_this_name() -> None:
    (fault,) = judged(with_fields(job_id="0" * 32)).faults
    assert fault.rule is INVALID_ENTRY
    assert f'says that it is of run "{"0" * 32}"' in fault.message
    assert f"its file is named for {JOB_ID}" in fault.message
    assert fault.position.line == 2


def test_a_field_is_found_at_the_top_not_in_the_statepoint() -> None:
    point = {"a": {"status": "x"}, "status": "x"}
    found = judged(entry_text(entry_of(point, status="x")), job_id_of(point))
    text = entry_text(entry_of(point, status="x")).splitlines()
    (fault,) = found.faults
    assert text[fault.position.line - 1][fault.position.column - 1 :] == '"status": "x"'
    assert fault.position.column == 3


@pytest.mark.usefixtures("both_ways")
def test_an_edited_statepoint_is_not_the_runs() -> None:
    edited = {**POINT, "condition": "b"}
    found = judged(with_fields(statepoint=edited))
    (fault,) = found.faults
    assert fault.rule is IDENTITY_MISMATCH
    assert job_id_of(edited) in fault.message
    assert "`aexp ledger promote" in fault.fix
    assert (found.usable, found.cause) == (False, fault)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    ("point", "usable"),
    [
        ({"x": float("nan")}, True),
        ({"x": [float("-inf"), float("inf")]}, True),
        ({"x": "NaN, Infinity"}, None),
    ],
)
def test_nan_of_an_older_writer_is_a_warning(point: dict[str, Any], usable: bool | None) -> None:
    found = judged(entry_text(entry_of(point)), job_id_of(point))
    assert found.usable
    assert [fault.rule for fault in found.faults] == ([NOT_A_NUMBER] if usable else [])
    assert found.cause is None
    # Promoting it again would be refused.
    assert all("leave it as it is" in fault.fix for fault in found.faults)


@pytest.mark.usefixtures("both_ways")
def test_nan_beside_the_statepoint_goes_with_the_next_promotion() -> None:
    (fault,) = judged(with_fields(wallclock_s=float("nan"))).faults
    assert "aexp ledger promote" in fault.fix


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("version", [1.5, 0, -1, True, float("inf"), "2", None])
def test_what_is_no_version_is_no_newer_one(version: Any) -> None:
    rules = [fault.rule for fault in judged(with_fields(schema_version=version)).faults]
    assert INVALID_ENTRY in rules
    assert UNKNOWN_FIELD not in rules


def test_nan_hides_no_other_fault() -> None:
    found = judged(with_fields(wallclock_s=float("nan"), status="x", y=1))
    assert [fault.rule for fault in found.faults] == [NOT_A_NUMBER, INVALID_ENTRY, UNKNOWN_FIELD]
    assert not found.usable


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    "fields", [{"status": 7}, {"status": "paused"}, {"registered_machine": ...}, {"tracker": 5}]
)
def test_a_newer_version_excuses_no_field_that_this_one_knows(fields: dict[str, Any]) -> None:
    found = judged(with_fields(schema_version=2, **fields))
    assert [fault.rule for fault in found.faults] == [INVALID_ENTRY, UNKNOWN_FIELD]
    assert not found.usable


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"host": 1}, 'has a field that this version does not know: "host"'),
        ({"b": 1, "a": 2}, 'has 2 fields that this version does not know: "a" and "b"'),
        ({"run_link": {"x": 1}}, '"run_link.x"'),
        ({"tracker": {"entity": "x"}}, '"tracker.entity"'),
        ({"größe": 1}, '"größe"'),
        ({f"k{i}": i for i in range(100)}, "has 100 fields"),
        ({"schema_version": 2}, "has schema_version 2: a newer version of pytest-aexp wrote it"),
        ({"schema_version": 2.0, "nodes": 4, "x": 1}, "has schema_version 2.0"),
        ({"schema_version": 99, "tracker": {"entity": "lab"}}, "has schema_version 99"),
    ],
)
def test_what_a_newer_version_wrote_is_a_warning(fields: dict[str, Any], said: str) -> None:
    found = judged(with_fields(**fields))
    (fault,) = found.faults
    assert fault.rule is UNKNOWN_FIELD
    assert said in fault.message
    assert fault.position.line > 1
    assert "upgrade pytest-aexp" in fault.fix
    assert found.usable


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    "value", ["/home/me/x", "~/x", "C:\\x\\y", "\\\\host\\x", "file:///x", "https://me:pw@host/"]
)
def test_a_leak_is_told_with_its_place(value: str) -> None:
    point = {"cfg": [{"data": value}]}
    found = judged(entry_text(entry_of(point)), job_id_of(point))
    (fault,) = found.faults
    assert fault.rule is LEAK
    assert '"/statepoint/cfg/0/data"' in fault.message
    assert value not in fault.message
    assert fault.position.line == 9
    assert found.usable


REDACTED = {"experiment_id": "E001", "data": "<redacted>"}


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    ("fields", "usable", "checkable"),
    [
        ({"statepoint": REDACTED, "redacted": ["/statepoint/data"]}, True, False),
        ({"statepoint": REDACTED}, False, True),
        ({"statepoint": REDACTED, "redacted": []}, False, True),
        ({"statepoint": REDACTED, "redacted": ["/tracker/url"]}, False, True),
        # What is named must be what was redacted.
        ({"statepoint": REDACTED, "redacted": ["/statepoint/experiment_id"]}, False, True),
        ({"statepoint": REDACTED, "redacted": ["/statepoint/nope"]}, False, True),
        ({"statepoint": REDACTED, "redacted": ["/statepointx/data"]}, False, True),
        ({"statepoint": REDACTED, "redacted": ["/statepoint"]}, False, True),
        ({"statepoint": {"data": "a <redacted> b"}, "redacted": ["/statepoint/data"]}, False, True),
        ({"redacted": ["/tracker/url"], "tracker": {"url": "<redacted>"}}, True, True),
    ],
)
def test_what_was_redacted_cannot_be_checked(fields: dict, usable: bool, checkable: bool) -> None:
    found = judged(with_fields(**fields))
    assert (found.usable, found.checkable) == (usable, checkable)


@pytest.mark.parametrize(
    ("statepoint", "link", "expected"),
    [
        ({"experiment_id": "E1"}, {"experiment_id": "E2"}, ("E1", "E2")),
        ({"experiment_id": "E1"}, {"experiment_id": "E1"}, ("E1",)),
        ({"experiment_id": 5}, {"experiment_id": None}, ()),
        ({}, None, ()),
        (None, "E1", ()),
        ([], {"experiment_id": "E2"}, ("E2",)),
    ],
)
def test_the_experiments_of_a_run(statepoint: Any, link: Any, expected: tuple[str, ...]) -> None:
    assert experiments_of(statepoint, link) == expected


# Numbers and attempts


@pytest.mark.usefixtures("both_ways")
def test_numbers_are_kept_to_the_last_digit() -> None:
    text = with_fields(attempt=2, ended_at="2026-05-26T01:23:44Z", metrics={"a": 1, "b": None})
    found = judged(text.replace('"a": 1', '"a": 0.12345678901234567890'))
    assert found.faults == ()
    assert (found.attempt, found.ended_at) == (2, "2026-05-26T01:23:44Z")
    assert metrics_of(found) == {"a": Decimal("0.12345678901234567890"), "b": None}


def test_an_entry_without_numbers_has_none() -> None:
    assert judged(with_fields()).metrics is None
    assert metrics_of(judged(with_fields())) == {}
    assert judged(with_fields(metrics={})).metrics == "{}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1e-7}', {"a": Decimal("1e-7")}),
        ('{"a": 1e400}', {"a": Decimal("1e400")}),
        ('{"a": 1e99999999999999999999}', {"a": None}),
        ('{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
        ('{"a": 123456789012345678901234567890}', {"a": Decimal(123456789012345678901234567890)}),
        ('{"\\u0061": 0.10}', {"a": Decimal("0.10")}),
    ],
)
def test_any_number_is_read(text: str, expected: dict[str, Decimal | None]) -> None:
    found = judged(with_fields(metrics=0).replace('"metrics": 0', f'"metrics": {text}'))
    assert found.usable
    assert metrics_of(found) == expected


def test_numbers_of_a_statepoint_are_not_those_of_the_run() -> None:
    point = {"metrics": {"a": 1}}
    entry = {**entry_of(point), "metrics": {"a": 2}}
    job_id = entry["job_id"]
    assert metrics_of(judged(entry_text(entry), job_id)) == {"a": Decimal(2)}
    del entry["metrics"]
    assert judged(entry_text(entry), job_id).metrics is None


# Whatever stands in the file

WORDS = ["complete", JOB_ID, "2026-05-26T01:23:45Z", "/a/b", "<redacted>", "\u202e\x1b["]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON = st.recursive(
    LEAVES | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [*entry_of(POINT), *"run_link tracker redacted wallclock_s metrics attempt".split(), "x\n"]
)


HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def assert_printable(found: Entry) -> None:
    for fault in found.faults:
        for text in (fault.message, fault.fix):
            assert not {category(character) for character in text} & HIDDEN, text
            assert len(text) <= 500, text
        assert fault.position.line >= 1
        assert fault.position.column >= 1


@example({"schema_version": 10**30})
@example({"schema_version": float("inf")})
@example({"x" * 10_000: 1, "y\x1b" * 500: 2})
@example({"statepoint": {"a" * 5_000 + "\u202e": "/home/me"}})
@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_field_of_any_kind_is_judged(fields: dict[str, Any]) -> None:
    found = judged(json.dumps({**entry_of(POINT), **fields}))
    assert_printable(found)
    assert found.usable == (found.cause is None)


@given(JSON.map(json.dumps) | st.text() | st.binary(max_size=200))
def test_any_content_is_judged(content: str | bytes) -> None:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    found = judged(data)
    assert_printable(found)
    assert not found.usable
    assert found.cause is not None


@given(st.integers(0, len(with_fields()) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_no_damage_to_a_statepoint_goes_unseen(at: int, new: bytes, gone: int) -> None:
    data = with_fields().encode()
    data = data[:at] + new + data[at + gone :]
    found = judged(data)
    assert_printable(found)
    if found.usable:
        assert json.loads(found.statepoint or "") == POINT


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{" + ",".join(f'"k{i}":1' for i in range(70_000)) + "}",
        '{"statepoint":{"a":[' + "0," * 500_000 + "0]}}",
        '{"schema_version":1,"redacted":[' + "[]," * 300_000 + "0]}",
        '{"schema_version":1,"x":"' + "/" * 1_000_000 + '"}',
        '{"schema_version":1,"x":"' + "a:b@" * 250_000 + '"}',
        "[" * 90 + '"' + '\\"' * 400_000,
        "<<<<<<" * 170_000,
    ],
    ids=lambda text: text[:30],
)
def test_a_mebibyte_of_any_shape_takes_little_time(text: str) -> None:
    start = time.process_time()
    assert not judged(text).usable
    assert time.process_time() - start < 5  # the bound for any one file
