"""``aexp import jsonl`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from repositories import write

from pytest_aexp.cli import main
from pytest_aexp.runs import find_runs, init_run_store

if TYPE_CHECKING:
    import pytest

CSV = "C,seed,accuracy\n1.0,0,0.9\n1.0,1,0.8\n1.0,0,0.95\n"


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


def test_an_entry_can_be_imported_again(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "all.csv", CSV)
    options = ["--params", "C,seed", "--metrics", "accuracy", "--experiment", "E001"]
    assert main(["import", "csv", "all.csv", *options]) == 0
    before = ledger()
    capsys.readouterr()
    assert main(["ledger", "list", "--format", "jsonl"]) == 0
    write(repo, "runs.jsonl", capsys.readouterr().out)
    for path in (repo / ".aexp/ledger").glob("*.json"):
        path.unlink()
    assert main(["import", "jsonl", "runs.jsonl", "--experiment", "E001"]) == 0
    assert ledger().keys() == before.keys()


def test_a_run_that_no_entry_can_hold_is_named_by_its_line(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["import", "jsonl", "runs.jsonl", "--experiment", "E001", "--params", "x"]
    deep = "[" * 98 + "]" * 98
    write(repo, "runs.jsonl", f'{{"x": NaN}}\n{{"x": [{deep}]}}\n')
    assert main(words) == 1
    err = capsys.readouterr().err
    assert "left out: line 1: run " in err
    assert "its statepoint holds NaN" in err
    assert "left out: line 2 has parameters nested more than 98 deep" in err
    assert ledger() == {}
    write(repo, "runs.jsonl", f'{{"x": {deep}}}\n')
    assert main(words) == 0
    assert main(["ledger", "check"]) == 0
