"""``aexp ledger diff`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import write
from study import Study, reviewed_study

from pytest_aexp.cli import main


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return reviewed_study(tmp_path_factory.mktemp("study"))


def test_what_the_entries_say_now(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(study.root)
    assert main(["ledger", "diff", study.submitted]) == 1
    output = capsys.readouterr().out
    assert f"since {study.submitted}: 2 new, 5 ran again, 1 retracted\n" in output
    assert main(["ledger", "diff", study.submitted, "E003", "seed=1", "--format", "json"]) == 1
    (change,) = json.loads(capsys.readouterr().out)
    assert (change["change"], change["statepoint"]["scale"]) == ("ran again", True)
    assert main(["ledger", "diff", "HEAD"]) == 0
    assert capsys.readouterr().out == "since HEAD: nothing has changed\n"
    assert main(["ledger", "diff", "nowhere"]) == 2
    assert main(["ledger", "diff", study.submitted, "--format", "markdown"]) == 1
    assert capsys.readouterr().out.splitlines()[2].startswith("| ")


def test_what_cannot_be_compared_is_counted_and_csv_always_has_its_heading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = reviewed_study(tmp_path)
    monkeypatch.chdir(study.root)
    assert main(["ledger", "diff", "HEAD", "--format", "csv"]) == 0
    assert capsys.readouterr().out == "change,id,details\n"
    write(study.root, f".aexp/ledger/{study.svm[0]}.json", "{")
    assert main(["ledger", "diff", "HEAD"]) == 1
    captured = capsys.readouterr()
    assert "since HEAD: 1 gone\n" in captured.out
    assert "1 entry cannot be used and was left out; next: aexp ledger check" in captured.err
