"""Two versions of an entry become one: what is kept, what is joined, what is refused."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from repositories import entry_of, entry_text, job_id_of
from sides import BROKEN, COMPLETE, E1, E2, EARLY, FAILED, JOB_ID, LATE, entry, merged, refusal

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.model.entry_check import judge_entry
from pytest_aexp.work.merge.merge import MergeConflict, Merged, merge_entries

# Without a common version the greater is kept whole


GREATER_FIRST = {
    "complete beats stopped": ({"status": "complete"}, {"status": "stopped"}),
    "complete beats failed": ({"status": "complete"}, {"status": "failed"}),
    "complete beats abandoned": ({"status": "complete"}, {"status": "abandoned"}),
    "complete beats what ended later": (
        {"status": "complete", "ended_at": "2026-01-01T00:00:00Z"},
        {"status": "stopped", "ended_at": "2026-01-09T00:00:00Z"},
    ),
    "complete beats what ended, even if it does not say when": (
        {"status": "complete"},
        {"status": "failed", "ended_at": "2026-01-09T00:00:00Z"},
    ),
    "of two failures the later": (
        {"status": "failed", "ended_at": "2026-01-01T00:00:01Z"},
        {"status": "stopped", "ended_at": "2026-01-01T00:00:00Z"},
    ),
    "of two complete runs the later": (
        {"ended_at": "2026-01-01T00:00:01Z"},
        {"ended_at": "2026-01-01T00:00:00Z"},
    ),
    "instants are compared, not texts": (
        {"ended_at": "2026-01-01T23:30:00-01:00"},
        {"ended_at": "2026-01-02T00:29:59Z"},
    ),
    "a fraction of a second counts": (
        {"ended_at": "2026-01-01T00:00:00.000001Z"},
        {"ended_at": "2026-01-01T00:00:00Z"},
    ),
    "without ended_at it loses": (
        {"ended_at": "2026-01-01T00:00:00Z"},
        {"wallclock_s": 5, "tracker": {"url": "https://tracker.example/1"}},
    ),
    "a date beats what is none": ({"ended_at": "2026-01-01T00:00:00Z"}, {"ended_at": "yesterday"}),
    "what is no date beats nothing": ({"ended_at": "yesterday"}, {"wallclock_s": 5}),
    "stopped before failed": ({"status": "stopped"}, {"status": "failed"}),
    "failed before abandoned": ({"status": "failed"}, {"status": "abandoned"}),
    "the newer format": (
        {"schema_version": 2, "ended_at": "2026-01-01T00:00:00Z"},
        {"ended_at": "2026-01-01T00:00:00Z", "run_link": E1, "wallclock_s": 5},
    ),
    "a newer format that says less": ({}, {"schema_version": 2, "status": ...}),
    "linked before not linked": (
        {"run_link": E1},
        {"run_link": {"experiment_id": None}, "wallclock_s": 5},
    ),
    "the fuller one": ({"run_link": E1, "wallclock_s": 5}, {"run_link": E2}),
    "the later experiment": ({"run_link": E2}, {"run_link": E1}),
    "a field nobody knows": ({"host_count": 2}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("greater", "lesser"), GREATER_FIRST.values(), ids=GREATER_FIRST)
@pytest.mark.parametrize("promotions", [(EARLY, LATE), (LATE, EARLY)], ids=["early", "late"])
def test_without_a_common_version_the_greater_is_kept_whole(
    greater: dict[str, Any], lesser: dict[str, Any], promotions: tuple[dict[str, str], ...]
) -> None:
    kept, given_up = entry(promotions[0], greater), entry(promotions[1], lesser)
    assert merged(None, kept, given_up) == kept
    assert merged(b"", kept, given_up) == kept


@pytest.mark.parametrize("base", [None, {}, {"status": "failed"}], ids=["none", "same", "other"])
def test_what_differs_only_in_its_promotion_keeps_the_earlier(base: dict[str, Any] | None) -> None:
    early, late = entry(EARLY), entry(LATE)
    common = None if base is None else entry(EARLY, base)
    assert merged(common, early, late) == early


def test_promotions_are_compared_as_instants() -> None:
    early = entry(promoted_at="2026-02-01T01:30:00+02:00")
    late = entry(promoted_at="2026-02-01T00:00:00Z")
    assert merged(None, early, late) == early


def test_of_two_machines_that_promoted_at_once_the_choice_is_still_the_same() -> None:
    one, two = entry(EARLY), entry(EARLY, registered_machine="laptop")
    assert merged(None, one, two) in (one, two)


# With a common version


def test_a_change_on_one_side_survives_a_change_on_the_other() -> None:
    base = entry(FAILED, EARLY, run_link=E1)
    linked_again = entry(FAILED, LATE, run_link=E2)
    run_again = entry(COMPLETE, EARLY, run_link=E1)
    assert merged(base, linked_again, run_again) == entry(COMPLETE, EARLY, run_link=E2)


def test_what_became_known_of_an_attempt_survives_the_next_one() -> None:
    base, tracked = entry(FAILED, EARLY), entry(FAILED, LATE, tracker={"run_id": "x1"})
    expected = entry(COMPLETE, EARLY, tracker={"run_id": "x1"})
    assert merged(base, entry(COMPLETE, EARLY), tracked) == expected


def test_a_new_link_survives_although_the_other_side_wins() -> None:
    base = entry(COMPLETE, EARLY, run_link=E2)
    linked_again = entry(COMPLETE, LATE, run_link=E1)
    fuller = entry(COMPLETE, EARLY, run_link=E2, tracker={"run_id": "x1"})
    assert merged(base, linked_again, fuller) == entry(
        COMPLETE, LATE, run_link=E1, tracker={"run_id": "x1"}
    )


def test_a_field_that_one_side_took_out_stays_out() -> None:
    base = entry(COMPLETE, EARLY, run_link=E1, tracker={"run_id": "x1"})
    unlinked = entry(COMPLETE, EARLY, tracker={"run_id": "x1"})
    tracked = entry(COMPLETE, EARLY, run_link=E1, tracker={"run_id": "x2"})
    assert merged(base, unlinked, tracked) == entry(COMPLETE, EARLY, tracker={"run_id": "x2"})


def test_two_links_are_a_true_conflict_and_the_winner_decides() -> None:
    base = entry(FAILED, EARLY)
    mine, other = entry(COMPLETE, LATE, run_link=E1), entry(FAILED, LATE, run_link=E2)
    assert merged(base, mine, other) == mine


@pytest.mark.parametrize("status", ["failed", "stopped", "abandoned", "complete"])
def test_an_attempt_is_never_made_of_two(status: str) -> None:
    base = entry(FAILED, EARLY)
    first = {"status": status, "started_at": "2026-03-01T00:00:00Z", "wallclock_s": 1}
    first |= {"ended_at": "2026-03-01T00:00:01Z", "tracker": {"run_id": "first"}, "host": "a"}
    second = {"status": status, "ended_at": "2026-03-01T00:00:02Z", "wallclock_s": 1}
    mine, other = entry(first, EARLY), entry(second, LATE, run_link=E1)
    assert merged(base, mine, other) == other
    linked = entry(first, EARLY, run_link=E2)
    assert merged(base, linked, entry(second, LATE)) == entry(second, LATE, run_link=E2)


def test_a_correction_of_the_outcome_is_taken_though_it_ended_earlier() -> None:
    base = entry(FAILED, EARLY)
    corrected = {"status": "stopped", "ended_at": "2025-12-31T00:00:00Z"}
    mine, other = entry(corrected, LATE), entry(FAILED, EARLY, run_link=E1)
    assert merged(base, mine, other) == entry(corrected, LATE, run_link=E1)


@pytest.mark.parametrize("changed", [{}, {"run_link": E1}], ids=["unchanged", "linked"])
def test_a_complete_run_is_not_given_up_for_a_change_to_failed(changed: dict[str, Any]) -> None:
    base = entry(COMPLETE, EARLY)
    failed = entry(FAILED, LATE, tracker={"run_id": "of the failure"})
    assert merged(base, entry(COMPLETE, EARLY, changed), failed) == entry(COMPLETE, EARLY, changed)


UNUSABLE = {**BROKEN, "no file": Unreadable("is a folder"), "invalid": entry(FAILED, started_at=4)}


@pytest.mark.parametrize("base", UNUSABLE.values(), ids=UNUSABLE)
def test_a_common_version_that_cannot_be_used_counts_as_none(base: bytes | Unreadable) -> None:
    mine, other = entry(COMPLETE), entry(FAILED, run_link=E2)
    assert merge_entries(base, mine, other) == merge_entries(None, mine, other)
    assert merged(entry(FAILED), mine, other) == entry(COMPLETE, run_link=E2)


def test_of_another_runs_version_nothing_is_taken() -> None:
    base = entry_text(entry_of({"seed": 4}, run_link=E2, **COMPLETE)).encode()
    mine, other = entry(COMPLETE, run_link=E1), entry(COMPLETE, run_link=E2)
    assert merged(base, mine, other) == other


@pytest.mark.parametrize("side", [0, 1, 2])
def test_a_newer_format_is_never_mixed(side: int) -> None:
    fields: list[dict[str, Any]] = [FAILED, FAILED | {"run_link": E1}, COMPLETE]
    fields[side] = fields[side] | {"schema_version": 2}
    base, mine, other = (entry(each, EARLY) for each in fields)
    assert merged(base, mine, other) == other


def test_a_field_nobody_knows_is_merged_like_any_other() -> None:
    base = entry(COMPLETE, EARLY, host={"count": 1})
    mine = entry(COMPLETE, EARLY, host={"count": 2})
    other = entry(COMPLETE, EARLY, host={"count": 1}, run_link=E1)
    assert merged(base, mine, other) == entry(COMPLETE, EARLY, host={"count": 2}, run_link=E1)


# What is refused


@pytest.mark.parametrize("base", [None, b"", entry(COMPLETE)], ids=["none", "empty", "entry"])
def test_different_runs_are_never_merged(base: bytes | None) -> None:
    mine, other = entry_of({"seed": 3}), entry_of({"seed": 4})
    reason = refusal(base, entry_text(mine).encode(), entry_text(other).encode())
    assert f'different runs, "{mine["job_id"]}" and "{other["job_id"]}"' in reason


def test_different_statepoints_under_one_id_are_never_merged() -> None:
    mine = entry_of({"seed": 3})
    edited = mine | {"statepoint": {"seed": 4}, "status": "failed"}
    for base in (None, entry_text(mine).encode()):
        reason = refusal(base, entry_text(mine).encode(), entry_text(edited).encode())
        assert reason == (
            "the two versions have different statepoints under one id; the one in ours is the run's"
        )
    reason = refusal(
        None, entry_text(mine | {"statepoint": {"seed": 5}}).encode(), entry_text(edited).encode()
    )
    assert reason == "the two versions have different statepoints under one id"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": "1"}),
        ({"a": None}, {}),
        ({"a": 1}, {"a": 1, "c": 2}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": [1]}, {"a": {"0": 1}}),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}),
    ],
)
def test_what_is_not_redacted_must_be_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    known = entry_of({"seed": 3}, redacted=["/statepoint/path"])
    mine, theirs = (
        entry_text(known | {"status": status, "statepoint": {"path": "<redacted>", **statepoint}})
        for statepoint, status in ((one, "complete"), (other, "failed"))
    )
    assert "different statepoints" in refusal(None, mine.encode(), theirs.encode())


def test_two_paths_are_two_runs_though_both_would_be_redacted() -> None:
    mine = entry_of({"path": "/home/one"})
    edited = mine | {"statepoint": {"path": "/home/two"}, "status": "failed"}
    sides = (entry_text(each).encode() for each in (mine, edited))
    assert "the one in ours is the run's" in refusal(None, *sides)


def test_the_file_name_counts_where_it_is_known() -> None:
    mine, other = entry(COMPLETE), entry(FAILED)
    refused = merge_entries(None, mine, other, JOB_ID)
    assert isinstance(refused, MergeConflict)
    assert "its file is named for" in refused.reason
    right = merge_entries(None, mine, other, job_id_of({"seed": 3}))
    assert right == merge_entries(None, mine, other)


# A side that cannot be used


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_side_gives_way_to_a_usable_one(broken: bytes) -> None:
    for usable in (entry(FAILED), entry({"schema_version": 2})):
        assert merged(None, usable, broken) == usable
        assert merged(entry(COMPLETE), usable, broken) == usable


COMPLETE_BUT_INVALID = {
    "no date": {"promoted_at": "yesterday"},
    "null for a date": {"ended_at": None},
    "redacted": {"statepoint": {"seed": "<redacted>"}, "redacted": ["/statepoint/seed"]},
}


@pytest.mark.parametrize("fields", COMPLETE_BUT_INVALID.values(), ids=COMPLETE_BUT_INVALID)
@pytest.mark.parametrize("base", [None, entry(FAILED)], ids=["", "base"])
def test_an_invalid_side_that_says_complete_is_not_dropped(
    base: bytes | None, fields: dict[str, Any]
) -> None:
    invalid = entry(COMPLETE, {"ended_at": None}, fields)
    reason = refusal(base, entry(FAILED), invalid)
    assert "a merge never drops a complete run" in reason
    assert "the ledger entry's" in reason
    assert json.loads(merged(base, entry(COMPLETE), invalid))["ended_at"] == COMPLETE["ended_at"]


def test_an_invalid_side_gives_way_if_its_statepoint_is_another_run_s() -> None:
    edited = entry(COMPLETE, promoted_at="yesterday", job_id="0" * 32)
    assert refusal(None, entry(FAILED), edited).startswith("the two versions are of different")
    nobodys = json.loads(edited)
    del nobodys["job_id"]
    assert merged(None, entry(FAILED), entry_text(nobodys).encode()) == entry(FAILED)


def test_a_side_that_is_no_file_gives_way() -> None:
    usable = entry(FAILED)
    outcome = merge_entries(None, Unreadable("is a link"), usable)
    assert outcome == Merged(
        usable, "kept the one that can be used; in the other, the ledger entry is a link"
    )


@pytest.mark.parametrize("pair", list(itertools.combinations(BROKEN, 2)), ids=" and ".join)
def test_two_broken_sides_are_refused(pair: tuple[str, str]) -> None:
    reason = refusal(None, BROKEN[pair[0]], BROKEN[pair[1]])
    assert reason.startswith("neither version can be used: in ours, the ledger entry ")


def test_what_is_equal_is_left_as_it_is() -> None:
    untidy = json.dumps(json.loads(entry(COMPLETE))).encode()
    assert merge_entries(None, untidy, untidy) == Merged(untidy, "both versions are the same")


# What comes out


def test_the_same_written_differently_becomes_canonical() -> None:
    document = entry_of({"name": "Größe"}, **COMPLETE)
    ascii_only = json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"
    compact = json.dumps(document).encode()
    assert merged(None, ascii_only, compact) == entry_text(document).encode()


def test_other_writing_is_not_a_change() -> None:
    base = entry_of({"name": "Größe"}, run_link={"experiment_path": "kb/Größe.md"}, **COMPLETE)
    mine = base | {"run_link": {"experiment_path": "kb/new.md"}}
    rewritten = base | {"tracker": {"run_id": "x1"}}
    outcome = merged(
        entry_text(base).encode(), entry_text(mine).encode(), json.dumps(rewritten).encode()
    )
    assert outcome == entry_text(mine | rewritten | {"run_link": mine["run_link"]}).encode()


def test_half_a_surrogate_pair_survives() -> None:
    document = entry_of({"name": "\ud83d"}, **COMPLETE)
    mine = json.dumps(document).encode()
    other = json.dumps(document | FAILED).encode()
    assert json.loads(merged(None, mine, other)) == document


def test_what_would_grow_over_the_limit_is_refused() -> None:
    document = entry_of({"many": [0] * 130_000}, **COMPLETE)
    mine = json.dumps(document, separators=(",", ":")).encode()
    other = json.dumps(document | FAILED, separators=(",", ":")).encode()
    assert judge_entry(document["job_id"], "", mine).usable
    assert refusal(None, mine, other) == "the merged entry would be larger than 1 MiB"


NOTES: dict[str, tuple[bytes | None, bytes, bytes, str]] = {
    "outcome": (
        None,
        entry(COMPLETE, EARLY),
        entry(FAILED, LATE),
        "kept complete, 2026-01-02T01:00:01Z, cluster over failed, 2026-01-01T01:00:00Z, laptop",
    ),
    "promotion": (
        None,
        entry(EARLY),
        entry(LATE),
        "kept the earlier promotion, cluster, 2026-02-01T00:00:00Z",
    ),
    "same outcome": (None, entry(EARLY, run_link=E1), entry(LATE), "kept what cluster promoted"),
    "joined": (
        entry(FAILED, EARLY),
        entry(COMPLETE, EARLY),
        entry(FAILED, LATE, run_link=E1),
        (
            "kept complete, 2026-01-02T01:00:01Z, cluster over failed, 2026-01-01T01:00:00Z, "
            'laptop; the other side\'s change of "run_link" was taken'
        ),
    ),
    "writing": (None, entry(EARLY), entry(EARLY)[:-1], "both versions say the same"),
    "escapes": (
        None,
        entry(EARLY, registered_machine="\x1b[31m\nforged", run_link=E1),
        entry(LATE),
        "kept what \\x1b[31m\\x0aforged promoted",
    ),
}


@pytest.mark.parametrize(("base", "mine", "other", "note"), NOTES.values(), ids=NOTES)
def test_what_decided_is_said(base: bytes | None, mine: bytes, other: bytes, note: str) -> None:
    for sides in ((mine, other), (other, mine)):
        outcome = merge_entries(base, *sides)
        assert isinstance(outcome, Merged)
        assert outcome.note == note


def test_numbers_belong_to_the_outcome_and_are_never_mixed() -> None:
    first = {"ended_at": "2026-01-01T01:00:00Z", "metrics": {"accuracy": 0.5, "loss": 1}}
    second = {"ended_at": "2026-01-02T01:00:00Z", "metrics": {"accuracy": 0.9}}
    base, linked, again = entry(first), entry(first, run_link=E1), entry(second)
    result = json.loads(merged(base, linked, again))
    assert result["metrics"] == {"accuracy": 0.9}
    assert result["run_link"] == E1
