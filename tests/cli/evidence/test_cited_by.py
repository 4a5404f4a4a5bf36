"""``aexp cited-by`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from repositories import add_entry, add_finding, batch, job

from pytest_aexp.cli.evidence.cited_by import cited_by
from pytest_aexp.cli.findings.edit_finding import open_checker

if TYPE_CHECKING:
    from study import Study


def test_every_citation_of_a_run_is_shown(output_of, study: Study) -> None:
    lines = output_of("cited-by", study.cancer[0][:8]).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["job_id", "finding"],
        [study.cancer[0], "F002"],
        [study.cancer[0], "F002"],
    ]
    assert lines[1].endswith("  supporting_runs[0]  E002")


def test_a_run_that_nothing_cites(output_of, study: Study) -> None:
    output = output_of("cited-by", study.others[0], study.svm[0])
    assert f"no finding cites run {study.others[0]}" in output
    assert f"{study.svm[0]}  F001" in output


def test_citations_of_an_experiment_are_counted(output_of) -> None:
    lines = output_of("cited-by", "--experiment", "E003").splitlines()
    assert lines[1].split() == [
        *("F003", "kb/research/findings/F003-scaling.md", "supporting_runs[0]"),
        *("E003", "scale=true", "5"),
    ]
    assert len(lines) == 2


def test_every_cited_run_is_printed_for_programs(output_of, study: Study) -> None:
    records = [
        json.loads(line)
        for line in output_of("cited-by", "--all", "--format", "jsonl").splitlines()
    ]
    assert len(records) == len(study.svm) + len(study.cancer) + 1 + len(study.scaled)
    assert records[0]["finding"] == "F001"
    assert records[0]["cited"] == "E001 model=svm"
    assert output_of("cited-by", "--all", "--format", "csv").startswith(
        "job_id,finding,path,citation"
    )


@pytest.mark.parametrize("words", [[], ["--all", "--experiment", "E001"], ["0123", "--all"]])
def test_runs_are_named_in_one_way_only(output_of, words: list[str]) -> None:
    assert "name runs, or --experiment E###, or --all" in output_of("cited-by", *words, status=2)


def test_a_run_is_cited_alone_and_in_a_batch(repo: Path) -> None:
    ids = [add_entry(repo, {"experiment_id": "E001", "seed": seed}) for seed in range(2)]
    add_finding(repo, "F001-x", batch("E001"), "{type: nothing}")
    add_finding(repo, "F002-y", job(ids[1]), job("0" * 32))
    found = list(cited_by(open_checker()))
    assert {(each.job_id, each.finding, each.cited) for each in found} == {
        (ids[0], "F001", "E001"),
        (ids[1], "F001", "E001"),
        (ids[1], "F002", f"run {ids[1]}"),
        ("0" * 32, "F002", f"run {'0' * 32}"),
    }
    assert [each.finding for each in cited_by(open_checker(), [ids[1]])] == ["F001", "F002"]
