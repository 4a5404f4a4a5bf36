"""Retraction records are a set: which runs are retracted follows from it and nothing else."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import add_record, entry_text, record_id_of, record_of, write

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.problems import INVALID_RETRACTION, LEAK, UNKNOWN_FIELD, Rule
from pytest_aexp.model.retractions import (
    RETRACTIONS_DIR,
    Record,
    Retractions,
    read_record,
    record_path,
)

A, B, C = "a" * 32, "b" * 32, "c" * 32


def retractions(repo: Path) -> Retractions:
    return Retractions.of(WorkTree(repo))


def test_a_record_retracts_its_runs(repo: Path) -> None:
    record_id = add_record(repo, retracts=[A, B], replaced_by=[C])
    found = retractions(repo)
    assert found.faults == ()
    assert found.job_ids == {A, B}
    retraction = found.get(A)
    assert retraction is not None
    assert retraction.record_ids == (record_id,)
    assert retraction.reasons == ("the validation split leaked",)
    assert retraction.replacements == (C,)
    assert A in found
    assert C not in found
    assert found.get(C) is None


def test_without_records_nothing_is_retracted(repo: Path) -> None:
    assert retractions(repo).job_ids == frozenset()
    assert retractions(repo).faults == ()


def test_lifting_one_of_two_records_leaves_the_other(repo: Path) -> None:
    first = add_record(repo, retracts=[A])
    second = add_record(repo, retracts=[A], reason="wrong tokenizer")
    add_record(repo, lifts=[first], reason="it was another split")
    found = retractions(repo).get(A)
    assert found is not None
    assert found.record_ids == (second,)
    add_record(repo, lifts=[second], reason="it was the right one")
    assert A not in retractions(repo)


def test_nobody_lifts_a_lift(repo: Path) -> None:
    record = add_record(repo, retracts=[A])
    lift = add_record(repo, lifts=[record])
    add_record(repo, lifts=[lift], reason="no, it did leak")
    assert A not in retractions(repo)
    add_record(repo, retracts=[A], reason="no, it did leak")
    assert A in retractions(repo)


def test_records_of_unknown_runs_and_records_are_no_problem(repo: Path) -> None:
    add_record(repo, lifts=["0" * 16])
    assert retractions(repo).faults == ()


# Replacements


def test_the_last_replacement_that_is_not_retracted_is_named(repo: Path) -> None:
    add_record(repo, retracts=[A], replaced_by=[B])
    add_record(repo, retracts=[B], replaced_by=[C])
    found = retractions(repo).get(A)
    assert found is not None
    assert found.replacements == (C,)


def test_replacements_in_a_circle_end(repo: Path) -> None:
    add_record(repo, retracts=[A], replaced_by=[B])
    add_record(repo, retracts=[B], replaced_by=[A, B])
    found = retractions(repo).get(A)
    assert found is not None
    assert found.replacements == ()


def test_a_long_chain_of_replacements_costs_no_time() -> None:
    ids = [f"{number:032x}" for number in range(20_000)]
    records = [
        Record(f"{number:016x}", "x", retracts=(here,), replaced_by=(there,))
        for number, (here, there) in enumerate(pairwise(ids))
    ]
    found = Retractions(records).get(ids[0])
    assert found is not None
    assert found.replacements == ()
    found = Retractions(records).get(ids[-3])
    assert found is not None
    assert found.replacements == (ids[-1],)


# The set


RUNS = [f"{number:032x}" for number in range(4)]


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Records of several machines, each of which may lift what others wrote."""
    records: list[Record] = []
    for number in range(draw(st.integers(1, 8))):
        earlier = [record.record_id for record in records]
        if earlier and draw(st.booleans()):
            lifts = draw(st.lists(st.sampled_from(earlier), min_size=1, max_size=3))
            records.append(Record(f"{number:016x}", "x", lifts=tuple(lifts)))
        else:
            runs = draw(st.lists(st.sampled_from(RUNS), min_size=1, max_size=3))
            others = draw(st.lists(st.sampled_from(RUNS), max_size=2))
            record = Record(f"{number:016x}", "x", retracts=tuple(runs), replaced_by=tuple(others))
            records.append(record)
    return records


def naively(records: list[Record]) -> dict[str, set[str]]:
    """Which records retract which run, as the contract says it."""
    return {
        run: retracting
        for run in RUNS
        if (
            retracting := {
                record.record_id
                for record in records
                if run in record.retracts
                and not any(record.record_id in other.lifts for other in records)
            }
        )
    }


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 8))
def test_any_order_and_any_merge_give_the_same_verdict(
    records: list[Record], random: Any, cut: int
) -> None:
    shuffled = records.copy()
    random.shuffle(shuffled)
    one_machine, other_machine = records[:cut], records[max(0, cut - 2) :]
    results = [
        {run: found.get(run) for run in RUNS}
        for found in map(Retractions, (records, shuffled, one_machine + other_machine))
    ]
    assert results[0] == results[1] == results[2]
    expected = naively(records)
    retracted = {run: set(one.record_ids) for run, one in results[0].items() if one is not None}
    assert retracted == expected
    for retraction in filter(None, results[0].values()):
        assert not set(retraction.replacements) & set(expected)


# How a record is read


def read(text: str | bytes, path: str) -> tuple[Record | None, list[Rule]]:
    record, faults = read_record(path, text if isinstance(text, bytes) else text.encode())
    assert all(fault.path == path for fault in faults)
    return record, [fault.rule for fault in faults]


GOOD = record_of(retracts=[A])
PATH = record_path(record_id_of(GOOD))


@pytest.mark.parametrize(
    "text",
    [
        entry_text(GOOD),
        entry_text(GOOD).replace("\n", "\r\n"),
        "\ufeff" + entry_text(GOOD),
        json.dumps(GOOD),
        json.dumps(dict(reversed(GOOD.items())), indent="\t") + "\n\n",
    ],
    ids=["plain", "crlf", "bom", "one-line", "tabs"],
)
def test_line_endings_and_formatters_do_no_harm(text: str) -> None:
    record, rules = read(text, PATH)
    assert rules == []
    assert record is not None
    assert record.retracts == (A,)


def test_text_of_any_script_has_one_digest() -> None:
    record = record_of(retracts=[A], reason="検証データが漏れた é")
    for ascii_only in (True, False):
        text = json.dumps(record, ensure_ascii=ascii_only)
        found, rules = read(text, record_path(record_id_of(record)))
        assert rules == []
        assert found is not None


def wrong(text: str | bytes, *, path: str | None = None) -> str:
    """What is said of a record that is in the right place for what it holds, but for ``path``."""
    if path is None:
        try:
            path = record_path(record_id_of(json.loads(text)))
        except (ValueError, AttributeError):
            path = PATH
    data = text if isinstance(text, bytes) else text.encode()
    record, (fault,) = read_record(path, data)
    assert record is None
    assert fault.rule is INVALID_RETRACTION
    return fault.message.removeprefix("the retraction record ")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (record_of(), "must have either `retracts` or `lifts`"),
        (record_of(retracts=[A], lifts=["0" * 16]), "must have either `retracts` or `lifts`"),
        (record_of(retracts=[A], reason=...), "cannot be used: has no reason"),
        (record_of(retracts=[A], reason="-- …"), 'gives no reason: "-- …" says nothing'),
        (record_of(retracts=[A], reason="\u200b"), 'gives no reason: "\\u200b" says nothing'),
        (
            record_of(retracts=[A] * 10_001),
            "cannot be used: retracts must be 1 to 10,000 job ids, not a list",
        ),
    ],
)
def test_a_record_that_breaks_the_rules(record: dict[str, Any], message: str) -> None:
    assert wrong(json.dumps(record)) == message


def test_a_record_of_very_many_runs_is_refused_before_each_is_looked_at() -> None:
    record = record_of(retracts=["x"] * 20_001)
    assert wrong(json.dumps(record)) == "names 20001 runs or records: at most 20000 are read"


def test_the_largest_record_is_read() -> None:
    runs = [f"{number:032x}" for number in range(10_000)]
    record = record_of(retracts=runs, replaced_by=runs)
    assert len(entry_text(record)) < 1 << 20
    found, rules = read(entry_text(record), record_path(record_id_of(record)))
    assert rules == []
    assert found is not None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "is not valid JSON: it ends too early"),
        ("[]", "is not a JSON object"),
        ("{", "is not valid JSON: it ends too early"),
        (b"\xff", "is not UTF-8 (byte 0xff)"),
        ("[" * 200, "is nested more than 100 deep"),
        (entry_text(GOOD).replace("{", '{"reason": "other",'), 'has the key "reason" twice'),
        ("{" + '"a":1,' * 1_000_001, "is too large: over 1,000,000 values, or too much text"),
    ],
)
def test_a_file_that_holds_no_record(data: str | bytes, message: str) -> None:
    assert wrong(data) == message


def test_an_edited_record_is_not_the_one_its_file_is_named_for() -> None:
    edited = {**GOOD, "reason": "nothing happened"}
    name = f"{record_id_of(edited)}.json"
    expected = f"does not match the name of its file: its content belongs in {name}"
    assert wrong(json.dumps(edited), path=PATH) == expected


@pytest.mark.parametrize(
    "path", ["copy.json", f"2026/{record_id_of(GOOD)}.json", f"{record_id_of(GOOD)}.JSON"]
)
def test_a_record_of_another_name_is_not_passed_over(path: str, repo: Path) -> None:
    write(repo, f"{RETRACTIONS_DIR}/{path}", entry_text(GOOD))
    (fault,) = retractions(repo).faults
    assert fault.rule is INVALID_RETRACTION
    assert fault.path == f"{RETRACTIONS_DIR}/{path}"


def test_what_is_found_through_a_link_is_not_to_be_removed(repo: Path) -> None:
    write(repo, f".aexp/ledger/{A}.json", "{}")
    (repo / RETRACTIONS_DIR).mkdir()
    (repo / RETRACTIONS_DIR / "link").symlink_to("../../..")
    (fault,) = retractions(repo).faults
    assert fault.path.endswith(f"/{A}.json")
    assert fault.fix.startswith(f"move {RETRACTIONS_DIR}/link elsewhere, and record")


def test_other_files_mean_nothing(repo: Path) -> None:
    write(repo, f"{RETRACTIONS_DIR}/README.md", "Why runs were retracted.\n")
    assert retractions(repo).faults == ()


def test_a_record_of_a_newer_version_counts_as_far_as_it_is_understood() -> None:
    record = record_of(retracts=[A], schema_version=2, severity="high")
    found, rules = read(json.dumps(record), record_path(record_id_of(record)))
    assert found is not None
    assert rules == [UNKNOWN_FIELD]


def test_an_unknown_field_is_named() -> None:
    record = record_of(retracts=[A], replacedby=[B])
    path = record_path(record_id_of(record))
    found, (fault,) = read_record(path, entry_text(record).encode())
    assert found is not None
    assert fault.rule is UNKNOWN_FIELD
    assert '"replacedby"' in fault.message
    assert fault.position.line == 5


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("logs in /home/ada/runs/7", "an absolute path"),
        ("see https://ada:hunter2@example.org/", "a credential"),
    ],
)
def test_a_leak_is_reported_and_the_record_counts(reason: str, kind: str) -> None:
    record = record_of(retracts=[A], reason=reason)
    found, (fault,) = read_record(record_path(record_id_of(record)), entry_text(record).encode())
    assert found is not None
    assert fault.rule is LEAK
    assert f'{kind} at "/reason"' in fault.message
    assert reason not in fault.message
