"""Two entries of one run: which of them counts, and where that cannot be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_segment, entry_of, packed

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import judge_entry
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.duplicates import contradiction, superseded
from pytest_aexp.model.packs.packs import Packs, Version

POINT = {"experiment_id": "E001", "seed": 1}
LATER = {"promoted_at": "2026-06-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("first", "other", "is_told"),
    [
        ({}, {}, False),
        ({"status": "failed"}, {}, True),
        ({"status": "failed"}, LATER, True),
        ({"status": "failed", **LATER}, {}, False),
        (LATER, {"status": "failed", **LATER}, True),
    ],
)
def test_the_first_counts_if_it_says_the_same_or_is_later(
    first: dict[str, Any], other: dict[str, Any], is_told: bool
) -> None:
    versions = [
        Version(f"place-{number}", number, packed(entry_of(POINT, **fields)))
        for number, fields in enumerate((first, other), start=1)
    ]
    fault = contradiction(str(entry_of(POINT)["job_id"]), versions)
    assert (fault is not None) is is_told
    if fault is not None:
        assert "place-1:1 and place-2:2" in fault.message


def test_expected_runs_are_looked_for_in_one_go(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [entry_of({**POINT, "seed": seed}) for seed in range(6)]
    add_segment(repo, entries)
    ids = [add_entry(repo, entry["statepoint"], status="failed") for entry in entries[:4]]
    asked: list[int] = []
    original = Packs.counted

    def counted(self: Packs, job_ids: frozenset[str]) -> Any:
        asked.append(len(job_ids))
        return original(self, job_ids)

    monkeypatch.setattr(Packs, "counted", counted)
    ledger = Ledger(WorkTree(repo))
    ledger.expect(ids)
    for job_id in ids:
        assert [each.job_id for each in ledger.conflicts(ledger.all_of([job_id]))] == [job_id]
    assert asked == [4]
    assert sorted(each.job_id or "" for each in ledger.all_conflicts()) == sorted(ids)


def test_a_damaged_file_is_advised_to_go_unless_it_can_be_resolved() -> None:
    job_id = str(entry_of(POINT)["job_id"])
    counting = judge_entry(job_id, "segment", packed(entry_of(POINT)))
    damaged = judge_entry(job_id, "file", b"{")
    assert superseded(damaged, damaged) is damaged
    assert superseded(damaged, None) is damaged
    (fault,) = superseded(damaged, counting).faults
    assert fault.fix.startswith("run `rm file`: the entry in segment counts; or ")
    markers = judge_entry(job_id, "file", b"<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    assert superseded(markers, counting) is markers
