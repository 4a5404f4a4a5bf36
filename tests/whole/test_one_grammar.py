"""The same words choose the same runs wherever runs are chosen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from repositories import add_jobs, write

from pytest_aexp import Ledger
from pytest_aexp.cli import main
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.runs import find_runs

CLUSTER = "2bed6ef0" * 5
RUNS = [
    ({"seed": 0, "lr": 0.1, "model": {"C": 1, "kind": "svm"}, "name": "x y"}, "complete", 0.9),
    ({"seed": 1, "lr": 0.01, "model": {"C": 10, "kind": "rf"}, "name": "3"}, "failed", 0.91),
    ({"seed": 2, "lr": None, "model": {"C": 10, "kind": "svm"}, "name": "ü"}, "complete", 0.92),
    ({"seed": 3, "model": {"C": 1, "kind": "rf"}, "tags": ["a", "b"]}, "stopped", 0.93),
]
CONDITIONS = [
    *(f"seed{operator}1" for operator in ("=", "!=", "<", "<=", ">", ">=")),
    *("seed=[0,3]", "seed!=[0,3]", "seed=1.0", "seed=true", "seed=[7,8]", "seed = 1"),
    *("model.C=10", "statepoint.model.kind!=svm", 'model={"kind":"svm","C":1}'),
    *("lr=null", "lr!=null", "lr<0.05", "name=3", 'name="3"', "name=x y", 'name="x y"', "name=ü"),
    *("tags=[a,b]", 'tags=["a","b"]', "tags=a", "tags=[b,a]"),
    *("status=complete", "status!=complete", "status=[failed,stopped]", "machine=box"),
    *("code_commit=2bed", "code_commit=2BED6", "code_commit!=2bed", "attempt>=1"),
    *("ended=2026-05-02", "ended>2026-05-02", "ended>=2026-05-02T10:00", "ended<2026-05-02"),
    *("accuracy>0.91", "metrics.accuracy<=0.91", "accuracy=[0.9,0.93]", "retracted=false"),
    *("experiment=E003", "experiment!=E003", "hypothesis=H001"),
]
IN_CITATIONS = 11
REFUSED = ["seed", "=1", "ended>yesterday", "lr<[1]", "ended=null"]


@pytest.fixture
def ids(repo: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    write(repo, "pyproject.toml", '[tool.aexp.metrics]\naccuracy = "accuracy"\n')
    write(repo, ".aexp/installed.json", '{"machine_label": "box"}')
    jobs = []
    for number, (parameters, status, accuracy) in enumerate(RUNS, 1):
        document = {"status": status, "ended_at": f"2026-05-0{number}T10:00:00Z"}
        document |= {"accuracy": accuracy, "code_commit": CLUSTER if number % 2 else "3" * 40}
        jobs.append({"statepoint": {"experiment_id": "E003", **parameters}, "doc": document})
    made = add_jobs(repo, jobs)
    monkeypatch.chdir(repo)
    assert main(["ledger", "backfill"]) == 0
    return {job_id: seed for seed, job_id in enumerate(made)}


def test_every_condition_chooses_the_same_runs_everywhere(
    repo: Path, ids: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, records = Ledger.open(), repo / ".aexp/ledger/retractions"
    finding = repo / "kb/research/findings/F001-x.md"
    cited = []
    for condition in CONDITIONS:
        capsys.readouterr()
        assert main(["ledger", "list", "E003", condition, "--format", "jsonl"]) == 0
        listed = [json.loads(line)["job_id"] for line in capsys.readouterr().out.splitlines()]
        in_python = ledger.batch("E003", where=[condition])
        assert {run["job_id"] for run in in_python} == set(listed), condition
        stored = find_runs(experiment_id="E003", where=[condition])
        assert {job.id for job in stored} == set(listed), condition
        retracted = main(["retract", "--batch", "E003", condition, "--reason", "leaked"])
        assert retracted == (0 if listed else 2), condition
        for path in records.glob("*.json") if listed else ():
            assert set(json.loads(path.read_bytes())["retracts"]) == set(listed), condition
            path.unlink()
        write(repo, str(finding.relative_to(repo)), "---\nid: F001\n---\n")
        if main(["cite", "F001", "--batch", "E003", condition]) == 0:
            capsys.readouterr()
            assert main(["evidence", "F001", "--format", "jsonl"]) == 0
            lines = capsys.readouterr().out.splitlines()
            assert {json.loads(line)["job_id"] for line in lines} == set(listed), condition
            cited.append(condition)
    assert len(cited) == IN_CITATIONS, cited


@pytest.mark.parametrize("condition", REFUSED)
def test_what_is_refused_is_refused_in_the_same_words(
    ids: dict[str, int], condition: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    with pytest.raises(UsageError) as refusal:
        find_runs(where=[condition])
    with pytest.raises(UsageError, match=re.escape(str(refusal.value))):
        Ledger.open().batch("E003", where=[condition])
    for verb in (["ledger", "list"], ["retract", "--reason", "leaked", "--batch", "E003"]):
        assert main([*verb, condition]) == 2
        assert str(refusal.value) in capsys.readouterr().err
