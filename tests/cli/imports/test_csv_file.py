"""``aexp import csv`` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repositories import write

from pytest_aexp.cli import main

if TYPE_CHECKING:
    import pytest

CSV = "C,seed,accuracy\n1.0,0,0.9\n1.0,1,0.8\n1.0,0,0.95\n"


def test_the_rows_of_a_csv_file_become_entries(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_a_metric_keeps_its_digits_and_a_parameter_those_of_a_float(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = "0.12345678901234567890123"
    write(repo, "all.csv", f"C,accuracy\n{digits},{digits}\n")
    words = ["--params", "C", "--metrics", "accuracy", "--experiment", "E001"]
    assert main(["import", "csv", "all.csv", *words]) == 0
    ((path, text),) = ledger().items()
    assert f'"accuracy": {digits}\n'.encode() in text
    assert b'"C": 0.12345678901234568,' in text
    assert main(["ledger", "check"]) == 0
    assert main(["import", "csv", "all.csv", *words]) == 0
    assert ledger() == {path: text}
