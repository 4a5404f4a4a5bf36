"""What is to be reported of all entries, of some, and of runs with several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repositories import add_entry, add_segment, entry_of, job_id_of, write

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model import ledger_survey
from pytest_aexp.model.entry import entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.ledger_survey import contradictions, survey, survey_runs

POINTS = [{"experiment_id": "E001", "seed": seed} for seed in range(6)]
IDS = [job_id_of(point) for point in POINTS]


def ledger(repo: Path) -> Ledger:
    return Ledger(WorkTree(repo))


def test_nothing_is_to_be_reported_of_a_clean_ledger(repo: Path) -> None:
    for point in POINTS[:3]:
        add_entry(repo, point)
    add_segment(repo, [entry_of(point) for point in POINTS[2:]])
    found = survey(ledger(repo), repo)
    assert (found.judged, found.notable, found.faults) == (6, (), ())
    assert survey(ledger(repo), repo) == found
    assert survey_runs(ledger(repo), IDS[1:4]).judged == 3


def test_a_damaged_file_is_reported_though_a_packed_entry_counts(repo: Path) -> None:
    write(repo, entry_path(IDS[0]), "{")
    path = add_segment(repo, [entry_of(POINTS[0])])
    for found in (survey(ledger(repo)), survey_runs(ledger(repo), [IDS[0]])):
        (entry,) = found.notable
        assert entry.path == entry_path(IDS[0])
        assert f"the entry in {path} counts" in entry.faults[0].fix


def test_each_fault_is_reported_once(repo: Path) -> None:
    write(repo, entry_path(IDS[0]), "{")
    leaky = entry_of(POINTS[0], code_commit="/home/me/code")
    add_segment(repo, [leaky, entry_of(POINTS[1], status="failed")])
    add_segment(repo, [entry_of(POINTS[1])], "laptop/2026-05-001")
    found = survey(ledger(repo))
    faults = [fault for entry in found.notable for fault in entry.faults] + list(found.faults)
    assert len(faults) == len(set(faults)) == 3


def test_contradictions_are_found_in_parts(repo: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(ledger_survey, "AT_ONCE", 2)
    add_segment(repo, [entry_of(point, status="failed") for point in POINTS])
    add_segment(repo, [entry_of(point) for point in POINTS[:4]], "laptop/2026-05-001")
    add_entry(repo, POINTS[5])
    found = [fault.job_id for fault in contradictions(ledger(repo), IDS)]
    assert sorted(map(str, found)) == sorted([*IDS[:4], IDS[5]])
    assert len(survey(ledger(repo)).faults) == 4


def test_lines_of_no_run_are_counted(repo: Path) -> None:
    write(repo, ".aexp/ledger/packs/box/2026-05-001.jsonl", "{\n")
    found = survey(ledger(repo))
    assert found.judged == len(found.notable) == 1
