"""The runs behind a finding, and what a reader must know of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding, batch, git, job
from study import Study, reviewed_study

from pytest_aexp.cli.findings.edit_finding import open_checker
from pytest_aexp.work.evidence.evidence import EvidenceReader, selection


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return reviewed_study(tmp_path_factory.mktemp("study"))


def test_every_run_by_citation(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study.root)
    checker = open_checker()
    reader = EvidenceReader(checker)
    whole, best = reader.cited(checker.finding("kb/research/findings/F002-cancer.md"))
    assert whole.text == (
        "E002: 18 runs: 15 complete, 2 failed, 1 stopped; 1 commit; 1 retracted; seeds 0 to 5"
    )
    assert {run["job_id"] for run in whole.runs} == set(study.cancer)
    assert selection(best.citation) == f"run {study.cancer[0]}"
    assert {problem.code for problem in best.problems} == {"finding.retracted_run"}
    assert list(reader.notes(best.runs[0])) == ["retracted: the validation split leaked"]


def test_code_that_nobody_has_is_noted(repo: Path) -> None:
    git(repo, "commit", "-qm", "x", "--allow-empty")
    commit = git(repo, "rev-parse", "HEAD").strip()
    points = [{"experiment_id": "E001", "seed": seed} for seed in range(3)]
    ids = [
        add_entry(repo, points[0], code_commit=commit, code_dirty=True),
        add_entry(repo, points[1], code_commit="f" * 40),
        add_entry(repo, points[2]),
    ]
    path = add_finding(repo, "F001-x", batch("E001"), job("0" * 32))
    checker = open_checker()
    reader = EvidenceReader(checker)
    cited, missing = reader.cited(checker.finding(path.relative_to(repo).as_posix()))
    notes = {run["job_id"]: list(reader.notes(run)) for run in cited.runs}
    assert notes == {
        ids[0]: ["uncommitted code"],
        ids[1]: ["commit not in this repository"],
        ids[2]: ["code not known"],
    }
    assert missing.runs == ()


def test_a_narrowed_batch_is_what_is_shown(repo: Path) -> None:
    points = [{"experiment_id": "E001", "seed": seed} for seed in range(3)]
    kept = add_entry(repo, points[0])
    add_entry(repo, points[1], status="failed")
    out = add_entry(repo, points[2])
    cited = f"{{type: batch, experiment_id: E001, status: complete, except: [{out}]}}"
    path = add_finding(repo, "F001-x", cited)
    checker = open_checker()
    (found,) = EvidenceReader(checker).cited(checker.finding(path.relative_to(repo).as_posix()))
    assert [run["job_id"] for run in found.runs] == [kept]
    assert selection(found.citation) == f"E001 status=complete id!={out}"
