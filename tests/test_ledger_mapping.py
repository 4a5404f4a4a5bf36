"""The ledger for tests: a read-only mapping of job id to entry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from repositories import add_entry, add_segment, entry_of, job_id_of, write

from pytest_aexp.ledger_mapping import LedgerMapping
from pytest_aexp.model.entry import entry_path

POINTS = [{"experiment_id": "E001", "seed": seed} for seed in range(3)]
IDS = [job_id_of(point) for point in POINTS]


@pytest.fixture
def ledger(repo: Path) -> LedgerMapping:
    add_entry(repo, POINTS[0], run_link={"experiment_id": "E002"})
    add_entry(repo, POINTS[1])
    write(repo, entry_path(IDS[2]), "{")
    write(repo, ".aexp/ledger/run-7.json", "{}")
    return LedgerMapping.of(repo)


def test_usable_entries_are_in_it(ledger: LedgerMapping) -> None:
    assert isinstance(ledger, Mapping)
    assert set(ledger) == set(IDS[:2])
    assert len(ledger) == 2
    assert IDS[0] in ledger
    assert ledger[IDS[1]] == entry_of(POINTS[1])
    assert ledger.get(IDS[2]) is None


@pytest.mark.parametrize("job_id", [IDS[2], "0" * 32, "", "run-7", "../x", IDS[0].upper()])
def test_others_are_not(ledger: LedgerMapping, job_id: str) -> None:
    assert job_id not in ledger
    with pytest.raises(KeyError):
        ledger[job_id]


def test_it_cannot_be_changed(ledger: LedgerMapping) -> None:
    with pytest.raises(TypeError):
        ledger[IDS[0]]["status"] = "failed"  # type: ignore[index]
    with pytest.raises(TypeError):
        ledger[IDS[0]] = {}  # type: ignore[index]


def test_batches(ledger: LedgerMapping) -> None:
    def found(experiment: str, **selector: object) -> list[str]:
        return [entry["job_id"] for entry in ledger.batch(experiment, **selector)]

    assert found("E001") == sorted(IDS[:2])
    assert found("E001", seed=1) == [IDS[1]]
    assert found("E001", seed="1") == []
    assert found("E002") == [IDS[0]]
    assert found("E003") == []
    assert ledger.batch("E001", seed=1) == [ledger[IDS[1]]]


def test_a_selector_may_be_called_as_the_parameters_are(repo: Path) -> None:
    point = {"experiment_id": "E001", "self": 1}
    add_entry(repo, point)
    selector = {"experiment_id": "E001"}
    assert len(LedgerMapping.of(repo).batch("E001", **selector)) == 1


def test_packed_entries_are_in_it(repo: Path) -> None:
    add_segment(repo, [entry_of(point) for point in POINTS])
    ledger = LedgerMapping.of(repo)
    assert set(ledger) == set(IDS)
    assert ledger[IDS[0]] == entry_of(POINTS[0])
    assert len(ledger.batch("E001")) == 3


def test_no_ledger_is_an_empty_one(repo: Path) -> None:
    assert dict(LedgerMapping.of(repo)) == {}
    assert LedgerMapping.of(repo).batch("E001") == []
