"""What the processes of an attempt, and of later ones, write into one document."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pytest_aexp.model.runs.run_attempt import ATTEMPT_KEY
from pytest_aexp.work.runs import attempt as attempts
from pytest_aexp.work.runs.attempt import Attempt
from pytest_aexp.work.runs.ranks import Rank

FIRST, OTHER = Rank("", "", "launcher"), Rank("RANK=1", "", "launcher")
OUTCOMES = ("complete", "failed", "stopped")


def begun(document: dict[str, Any], rank: Rank = FIRST, **options: Any) -> Attempt:
    defaults = {"mark_started": True, "heartbeat_s": 30.0, "metrics": {}, "code": None}
    attempt = Attempt(rank, **defaults | options)
    attempt.start(document)
    attempt.begun = True
    return attempt


def ended(attempt: Attempt, document: dict[str, Any], outcome: str, *, by_signal: bool) -> str:
    attempt.end(document, outcome, by_signal=by_signal)
    return str(document.get("status"))


def end(attempt: Attempt, document: dict[str, Any], outcome: str) -> str:
    return ended(attempt, document, outcome, by_signal=False)


def number(document: dict[str, Any]) -> Any:
    return document[ATTEMPT_KEY]["number"]


def test_attempts_are_counted() -> None:
    document: dict[str, Any] = {"status": "created"}
    for expected in (1, 2, 3):
        attempt = begun(document)
        assert number(document) == expected
        end(attempt, document, "failed")


def test_an_attempt_of_before_they_were_counted_counts() -> None:
    document = {"status": "complete", "started_at": "2020-01-01T00:00:00Z"}
    begun(document)
    assert number(document) == 2


def test_a_killed_attempt_counts() -> None:
    document: dict[str, Any] = {}
    begun(document)
    begun(document)
    assert number(document) == 2


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_attempt_that_another_has_begun_after_changes_nothing(outcome: str) -> None:
    document: dict[str, Any] = {}
    old = begun(document)
    new = begun(document)
    before = dict(document)
    assert end(old, document, outcome) == "running"
    old.beat(document)
    assert document == before
    assert old.superseded["number"] == 2
    assert end(new, document, "complete") == "complete"
    assert end(old, document, "failed") == "complete"
    assert not new.superseded


@pytest.mark.parametrize("said", ["failed", "stopped", "abandoned"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_is_said_meanwhile_of_a_worse_end_is_kept(said: str, outcome: str) -> None:
    document: dict[str, Any] = {}
    attempt = begun(document)
    document["status"] = said
    assert end(attempt, document, outcome) == said
    assert "ended_at" in document


@pytest.mark.parametrize(
    ("outcome", "by_signal", "status"),
    [
        ("complete", False, "complete"),
        ("failed", False, "failed"),
        ("stopped", False, "stopped"),
        ("stopped", True, "complete"),
    ],
)
def test_complete_said_in_the_block_holds_unless_the_block_then_fails(
    outcome: str, by_signal: bool, status: str
) -> None:
    document: dict[str, Any] = {}
    attempt = begun(document)
    document["status"] = "complete"
    assert ended(attempt, document, outcome, by_signal=by_signal) == status


@pytest.mark.parametrize("foreign", ["done", {"a-minimize": 1}, 5])
def test_a_status_of_another_program_is_kept(foreign: Any) -> None:
    document: dict[str, Any] = {"status": foreign}
    attempt = begun(document)
    assert document["status"] == foreign
    end(attempt, document, "complete")
    assert document["status"] == foreign
    assert "ended_at" in document
    document = {}
    attempt = begun(document)
    document["status"] = foreign
    attempt.end(document, "failed", by_signal=False)
    assert document["status"] == foreign


def test_a_document_that_the_block_replaced_gets_back_what_is_ours() -> None:
    link = {"experiment_id": "E001", "hypothesis_id": "H001"}
    document: dict[str, Any] = {"aexp": link, "created_at": "2020-01-01T00:00:00Z", "loss": 2}
    attempt = begun(document)
    started = document["started_at"]
    replaced: dict[str, Any] = {"loss": 1}
    assert end(attempt, replaced, "complete") == "complete"
    assert replaced["started_at"] == started
    assert (replaced["aexp"], replaced["created_at"]) == (link, "2020-01-01T00:00:00Z")
    assert (replaced["loss"], number(replaced)) == (1, 1)


# Several processes


@pytest.mark.parametrize("first", OUTCOMES)
@pytest.mark.parametrize("other", OUTCOMES)
@pytest.mark.parametrize("other_ends_first", [True, False])
@pytest.mark.parametrize("other_starts_first", [True, False])
def test_an_attempt_is_complete_if_all_of_it_is(
    first: str, other: str, other_ends_first: bool, other_starts_first: bool
) -> None:
    document: dict[str, Any] = {}
    if other_starts_first:
        second, attempt = begun(document, OTHER), begun(document)
    else:
        attempt, second = begun(document), begun(document, OTHER)
    order = [(attempt, first), (second, other)]
    for process, outcome in reversed(order) if other_ends_first else order:
        end(process, document, outcome)
    worse = [o for _, o in (reversed(order) if other_ends_first else order) if o != "complete"]
    assert document["status"] == (worse[0] if worse else "complete")
    assert number(document) == 1


def test_only_the_first_process_records_start_heartbeat_and_success() -> None:
    document: dict[str, Any] = {"status": "created"}
    other = begun(document, OTHER)
    assert without_ranks(document) == {"status": "created"}
    begun(document)
    before = without_ranks(document)
    other.beat(document)
    end(other, document, "complete")
    assert without_ranks(document) == before


def without_ranks(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the list of processes that go on."""
    return {key: value for key, value in document.items() if key != "aexp_ranks"}


@pytest.mark.parametrize(("host", "status"), [("", "failed"), ("another", "complete")])
def test_an_attempt_of_which_a_process_was_killed_is_not_complete(host: str, status: str) -> None:
    document: dict[str, Any] = {}
    attempt = begun(document)
    begun(document, OTHER)
    listed = document["aexp_ranks"]["processes"]["RANK=1"]
    listed |= {"process": "an earlier process of that pid"} | ({"host": host} if host else {})
    assert end(attempt, document, "complete") == status
    assert attempt.killed == ([] if host else ["RANK=1"])


def test_a_process_that_is_killed_after_the_first_has_ended_is_noticed_by_those_that_are_left() -> (
    None
):
    document: dict[str, Any] = {}
    first, left = begun(document), begun(document, OTHER)
    begun(document, Rank("RANK=2", "", "launcher"))
    assert end(first, document, "complete") == "complete"
    document["aexp_ranks"]["processes"]["RANK=2"]["process"] = "an earlier process of that pid"
    assert end(left, document, "complete") == "failed"
    assert left.killed == ["RANK=2"]


def test_a_process_without_a_first_one_records_its_run_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document: dict[str, Any] = {"status": "created"}
    alone = begun(document, OTHER)
    alone.beat(document)
    assert without_ranks(document) == {"status": "created"}
    monkeypatch.setattr(attempts, "FIRST_RANK_WAIT", 0)
    alone.beat(document)
    assert (document["status"], number(document)) == ("running", 1)
    third = begun(document, Rank("RANK=2", "", "launcher"))
    assert third.joined
    assert end(alone, document, "complete") == "complete"


def test_a_first_process_that_comes_late_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_RANK_WAIT", 0)
    document: dict[str, Any] = {}
    other = begun(document, OTHER)
    other.beat(document)
    first = begun(document)
    assert number(document) == 1
    assert end(other, document, "complete") == "running"
    assert end(first, document, "failed") == "failed"


def test_a_failure_before_the_first_process_has_started_is_the_attempts() -> None:
    document: dict[str, Any] = {}
    assert end(begun(document, OTHER), document, "failed") == "failed"
    late = begun(document)
    assert number(document) == 1
    assert end(late, document, "complete") == "failed"


def test_a_process_of_an_earlier_group_has_no_say() -> None:
    document: dict[str, Any] = {}
    begun(document)
    old = begun(document, OTHER)
    new = begun(document, Rank("", "", "another launcher"))
    assert end(old, document, "failed") == "running"
    assert end(new, document, "complete") == "complete"


def test_a_child_that_was_handed_the_token_joins_while_the_attempt_goes_on() -> None:
    document: dict[str, Any] = {}
    attempt = begun(document)
    child = begun(document, Rank("", "", "", attempt.token))
    assert child.joined
    end(attempt, document, "failed")
    later = begun(document, Rank("", "", "", attempt.token))
    assert not later.joined
    assert number(document) == 2


@pytest.mark.parametrize("before", OUTCOMES)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_was_read_before_the_attempt_and_written_back_since_does_not_count(
    before: str, outcome: str
) -> None:
    document: dict[str, Any] = {}
    end(begun(document), document, before)
    read = copy.deepcopy(document)
    attempt = begun(document)
    started = document["started_at"] = "2030-01-01T00:00:00Z"
    attempt.remember(document)
    document = {**read, "theirs": 1}
    attempt.beat(document)
    assert (document["status"], number(document)) == ("running", 2)
    document = {**copy.deepcopy(read), "theirs": 1}
    assert end(attempt, document, outcome) == outcome
    assert (number(document), document["started_at"], document["theirs"]) == (2, started, 1)
    assert not attempt.superseded


def test_the_end_is_when_it_was_first_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    document: dict[str, Any] = {}
    attempt = begun(document)
    monkeypatch.setattr(attempts, "utc_now", lambda: "2030-01-01T00:00:00Z")
    end(attempt, document, "complete")
    first = dict(document)
    monkeypatch.setattr(attempts, "utc_now", lambda: "2031-01-01T00:00:00Z")
    document["status"] = "running"
    end(attempt, document, "complete")
    assert document == first


@pytest.mark.parametrize("listed", ["x", [1], {}, {"processes": 3}, {"processes": {"RANK=2": 5}}])
def test_a_list_of_processes_that_somebody_spoilt_harms_no_run(listed: Any) -> None:
    if isinstance(listed, dict):
        listed = {**listed, "group": OTHER.group}
    document: dict[str, Any] = {}
    first = begun(document)
    document["aexp_ranks"] = listed
    other = begun(document, OTHER)
    assert end(other, document, "complete") == "running"
    assert end(first, document, "complete") == "complete"
