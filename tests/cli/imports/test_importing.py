"""``aexp import`` as it is typed. The real MLflow and Hydra are in tests/whole/test_imports.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from repositories import write

from pytest_aexp.cli import main
from pytest_aexp.runs import find_runs, init_run_store

CSV = "C,seed,accuracy\n1.0,0,0.9\n1.0,1,0.8\n1.0,0,0.95\n"


@pytest.fixture
def ledger(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(repo)
    return lambda: {p.name: p.read_bytes() for p in (repo / ".aexp/ledger").glob("*.json")}


def test_csv(repo: Path, ledger, capsys: pytest.CaptureFixture[str]) -> None:
    write(repo, "all.csv", CSV)
    words = [
        "csv",
        "all.csv",
        "--params",
        "C,seed",
        "--metrics",
        "accuracy",
        "--experiment",
        "E001",
    ]
    assert main(["import", *words]) == 0
    assert capsys.readouterr().out == (
        "C=1.0 seed=0: line 2 and line 4 are attempts of one run; line 4 counts\n"
        "to import each as a run of its own: --distinct run_id\n"
        "2 runs written, 0 already there, 0 left out\n"
        "next: git add .aexp/ledger, then commit and push\n"
    )
    before = ledger()
    assert main(["import", *words]) == 0
    assert "0 runs written, 2 already there, 0 left out\n" in capsys.readouterr().out
    assert ledger() == before
    assert main(["ledger", "list", "E001", "--columns", "seed,accuracy", "--format", "csv"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == ["0,0.95", "1,0.8", "seed,accuracy"]
    assert main(["validate"]) == 0


def test_jsonl_and_what_is_left_out(repo: Path, ledger, capsys: pytest.CaptureFixture[str]) -> None:
    init_run_store(repo)
    lines = ['{"seed": 1, "val/loss": 1}', "{", '{"seed": 2, "status": "running"}']
    write(repo, "runs.jsonl", "\n".join(lines))
    words = ["--params", "seed", "--metrics", "loss=val/loss", "--experiment", "E001", "--store"]
    assert main(["import", "jsonl", "runs.jsonl", *words]) == 1
    captured = capsys.readouterr()
    assert "1 run written, 0 already there, 2 left out\n" in captured.out
    assert "aexp: left out: line 2 is not JSON: " in captured.err
    assert "aexp: left out: line 3 has not finished: its status is running\n" in captured.err
    (data,) = ledger().values()
    assert json.loads(data)["metrics"] == {"loss": 1}
    assert captured.out.endswith(
        "1 signac job made in the run store\n"
        "to keep their metrics when they are promoted again, list them:\n"
        '  [tool.aexp.metrics]\n  loss = "loss"\n'
        "next: git add .aexp/ledger, then commit and push\n"
    )
    assert [job.doc["loss"] for job in find_runs(seed=1)] == [1]


def test_the_metrics_of_the_settings_are_the_default(repo: Path, ledger) -> None:
    write(repo, "pyproject.toml", '[tool.aexp.metrics]\nval_loss = "eval/loss"\nf1 = "f1"\n')
    write(repo, "runs.jsonl", '{"params": {"seed": 1}, "eval": {"loss": 2}, "x": 3}')
    assert main(["import", "jsonl", "runs.jsonl", "--experiment", "E001"]) == 0
    (data,) = ledger().values()
    assert json.loads(data)["metrics"] == {"val_loss": 2}


def test_a_name_that_no_metric_can_have(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "all.csv", CSV)
    words = ["--params", "C,seed", "--metrics", "mean=accuracy", "--experiment", "E001"]
    assert main(["import", "csv", "all.csv", *words]) == 2
    assert '--metrics: the name "mean" is that of a function' in capsys.readouterr().err


def test_without_a_store_no_job_is_promised(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "all.csv", CSV)
    words = ["--params", "C,seed", "--experiment", "E001", "--store"]
    assert main(["import", "csv", "all.csv", *words]) == 2
    assert "aexp install" in capsys.readouterr().err
    assert ledger() == {}


def test_an_entry_can_be_imported_again(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "all.csv", CSV)
    asked = ["--params", "C,seed", "--metrics", "accuracy", "--experiment", "E001"]
    assert main(["import", "csv", "all.csv", *asked]) == 0
    before = ledger()
    capsys.readouterr()
    assert main(["ledger", "list", "--format", "jsonl"]) == 0
    write(repo, "runs.jsonl", capsys.readouterr().out)
    for path in (repo / ".aexp/ledger").glob("*.json"):
        path.unlink()
    assert main(["import", "jsonl", "runs.jsonl", "--experiment", "E001"]) == 0
    assert ledger().keys() == before.keys()


def test_redaction_is_said_with_the_way_out(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "all.csv", "root,seed\n/home/me,1\n")
    assert main(["import", "csv", "all.csv", "--params", "root,seed", "--experiment", "E001"]) == 0
    said = capsys.readouterr().out
    assert "root was redacted in 1 entry: leave it out of --params" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["csv", "none.csv", "--experiment", "E001", "--params", "a"], "there is no file none.csv"),
        (["csv", "all.csv", "--experiment", "E001"], "say which columns are parameters"),
        (["csv", "all.csv", "--experiment", "5", "--params", "C"], '"5" is'),
        (
            ["csv", "all.csv", "--experiment", "E001", "--params", "c"],
            "there is C, seed and accuracy",
        ),
        (["hydra", "none", "--experiment", "E001"], "there is no folder none"),
        (["hydra", ".", "--experiment", "E001"], "no run of Hydra was found"),
        (["mlflow", "none.db", "--experiment", "E001"], "there is no MLflow store at none.db"),
        (["mlflow", "all.csv", "--experiment", "E001"], "is not an MLflow database"),
        (
            ["mlflow", "x", "--experiment", "E001", "--experiment", "a=E002"],
            "give --experiment E### once for all",
        ),
    ],
)
def test_wrong_usage(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    write(repo, "all.csv", CSV)
    assert main(["import", *words]) == 2
    assert said in capsys.readouterr().err
    assert ledger() == {}


def test_without_mlflow_the_command_that_installs_it_is_named(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", None)
    (repo / "mlruns").mkdir()
    assert main(["import", "mlflow", "mlruns", "--experiment", "E001"]) == 2
    assert f"run `{sys.executable} -m pip install mlflow`" in capsys.readouterr().err
