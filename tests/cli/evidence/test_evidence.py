"""``aexp evidence`` as it is typed."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study import Study


def test_a_table_for_each_citation(output_of, study: Study) -> None:
    lines = output_of("evidence", "F002").splitlines()
    assert lines[0] == "kb/research/findings/F002-cancer.md"
    assert lines[2] == (
        "supporting_runs[0]: E002: 18 runs: 15 complete, 2 failed, 1 stopped; 1 commit; "
        "1 retracted; seeds 0 to 5"
    )
    assert any(line.endswith("[finding.retracted_run]") for line in lines[3:6])
    row = next(line for line in lines if line.startswith(study.cancer[0]))
    assert row.split()[1:] == [
        *("1.0", "0", "0.981", "complete", study.code[0][:10], "cluster"),
        *("2026-05-05T11:00:00Z", "retracted:", "the", "validation", "split", "leaked"),
    ]
    best = f"supporting_runs[1] (best): run {study.cancer[0]}: 1 run: complete"
    assert any(line.startswith(best) for line in lines)


def test_rows_and_records_for_programs(output_of, study: Study) -> None:
    rows = list(
        csv.DictReader(io.StringIO(output_of("evidence", "F001", "F003", "--format", "csv")))
    )
    assert len(rows) == 12
    assert {(row["finding"], row["citation"]) for row in rows} == {
        ("F001", "supporting_runs[0]"),
        ("F003", "supporting_runs[0]"),
    }
    assert {row["id"] for row in rows} == {*study.svm, *study.scaled}
    records = [
        json.loads(line)
        for line in output_of("evidence", "F003", "--format", "jsonl").split("\n")
        if line
    ]
    assert {record["job_id"] for record in records} == set(study.scaled)
    assert {record["as"] for record in records} == {"scaled"}
    assert records[0]["metrics"] == {"accuracy": 0.9}


def test_evidence_is_printed_as_markdown(output_of) -> None:
    assert "| id | seed | accuracy | status |" in output_of(
        "evidence", "F001", "--format", "markdown"
    )


def test_evidence_of_an_unknown_finding_is_refused(output_of) -> None:
    assert '"F009" is not a finding' in output_of("evidence", "F009", status=2)
