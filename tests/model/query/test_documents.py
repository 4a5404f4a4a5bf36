"""The documents of a ledger: those that count, each once, and which were passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_segment, entry_of, job_id_of, packed, write

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.query.documents import Documents

POINTS = [{"experiment_id": "E001", "seed": seed} for seed in range(4)]
IDS = [job_id_of(point) for point in POINTS]


def documents(repo: Path) -> Documents:
    return Documents(Ledger(WorkTree(repo)))


@pytest.mark.parametrize("experiments", [None, frozenset(("E001",))])
def test_what_cannot_be_used_is_named(repo: Path, experiments: frozenset[str] | None) -> None:
    add_entry(repo, POINTS[0])
    write(repo, entry_path(IDS[1]), '{"E001": 1}')
    bad = packed({**entry_of(POINTS[3]), "status": "done"})
    line = packed(entry_of(POINTS[2]))
    write(repo, ".aexp/ledger/packs/a/2026-05-001.jsonl", b"".join(sorted((bad, line))))
    every = documents(repo)
    assert {d["job_id"] for d in every.of(experiments)} == {IDS[0], IDS[2]}
    assert sorted(every.unusable) == sorted((IDS[1], IDS[3]))


def test_one_run_is_read_loose_or_packed(repo: Path) -> None:
    add_segment(repo, [entry_of(POINTS[0])])
    assert documents(repo).of_run(IDS[0]) == entry_of(POINTS[0])
    assert documents(repo).of_run(IDS[1]) is None


def test_an_experiment_of_the_run_link_counts(repo: Path) -> None:
    add_entry(repo, POINTS[0], run_link={"experiment_id": "E002"})
    add_entry(repo, POINTS[1], run_link={"experiment_path": "E002/plan.md"})
    assert [d["job_id"] for d in documents(repo).of(frozenset(("E002",)))] == [IDS[0]]
