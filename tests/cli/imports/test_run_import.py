"""``aexp import`` as it is typed. The real MLflow and Hydra are in tests/whole/test_imports.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from repositories import write

from pytest_aexp.cli import main

CSV = "C,seed,accuracy\n1.0,0,0.9\n1.0,1,0.8\n1.0,0,0.95\n"


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


def test_redaction_is_said_with_the_way_out(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "all.csv", "root,seed\n/home/me,1\n")
    assert main(["import", "csv", "all.csv", "--params", "root,seed", "--experiment", "E001"]) == 0
    said = capsys.readouterr().out
    assert "root was redacted in 1 entry: leave it out of --params" in said


def test_an_earlier_file_does_not_replace_a_later_attempt(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "import csv all.csv --params C --metrics f1 --experiment E001".split()
    write(repo, "all.csv", "C,f1,ended_at\n1,0.9,2026-05-02T10:00:00Z\n")
    assert main(words) == 0
    (later,) = ledger().values()
    write(repo, "all.csv", "C,f1,ended_at\n1,0.1,2026-05-01T10:00:00Z\n")
    capsys.readouterr()
    assert main(words) == 0
    assert list(ledger().values()) == [later]
    kept = capsys.readouterr().err
    assert "kept its ledger entry (complete, 2026-05-02T10:00:00Z" in kept
    # The advice does what it says.
    (command,) = re.findall("`(rm .*?)`", kept)
    (repo / command.split()[1]).unlink()
    assert main(words) == 0
    assert b"0.1" in next(iter(ledger().values()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["csv", "none.csv", "--experiment", "E001", "--params", "a"], "there is no file none.csv"),
        (["csv", "all.csv", "--experiment", "E001"], "say which columns are parameters"),
        (["csv", "all.csv", "--experiment", "5", "--params", "C"], '"5" is'),
        (
            ["csv", "all.csv", "--experiment", "E001", "--params", "c"],
            'did you mean "C"?',
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
def test_a_wrong_import_is_refused_and_writes_nothing(
    repo: Path, ledger, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    write(repo, "all.csv", CSV)
    assert main(["import", *words]) == 2
    assert said in capsys.readouterr().err
    assert ledger() == {}
