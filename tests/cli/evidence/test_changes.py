"""``aexp changes`` as it is typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from repositories import git

from pytest_aexp.cli import main
from pytest_aexp.cli.run_table import FORMATS

if TYPE_CHECKING:
    from study import Study


def test_reruns_since_the_pin(output_of, study: Study) -> None:
    output = output_of("changes", "F003", status=1)
    assert f"since it was pinned in {study.submitted[:10]} of 2026-05-10: 5 ran again\n" in output
    assert "ended 2026-05-05T11:00:00Z -> 2026-05-14T11:00:00Z" in output


def test_nothing_since_a_commit(output_of) -> None:
    assert "since HEAD: nothing has changed\n" in output_of("changes", "F001", "--since", "HEAD")


def test_changes_are_printed_as_json_and_csv(output_of, study: Study) -> None:
    records = json.loads(output_of("changes", "F001", "F002", "--format", "json", status=1))
    assert [(r["finding"], r["change"]) for r in records] == [
        *(("F001", "new"), ("F001", "new")),
        *(("F002", "retracted"), ("F002", "retracted")),
    ]
    assert records[0]["since"] == study.submitted
    text = output_of("changes", "F002", "--format", "csv", status=1)
    (first, _) = csv.DictReader(io.StringIO(text))
    assert first["details"] == f'"the validation split leaked" (record {study.retraction})'


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("words", "status"),
    [("changes F001", 1), ("evidence F001", 0), ("cited-by --experiment E001", 0)],
)
def test_the_three_directions_have_every_format(
    words: str, status: int, form: str, output_of, study: Study
) -> None:
    text = output_of(*words.split(), "--format", form, status=status)
    shows_runs = not (words.startswith("cited-by") and form in ("table", "markdown"))
    assert (study.svm[-1] if shows_runs else "E001 model=svm") in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_shallow_clone_says_that_it_cannot_tell(
    form: str,
    study: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{study.root}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert main(["changes", "F001", "--format", form]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "this clone is shallow, so what has changed cannot be shown" in captured.err


def test_what_cannot_be_told_is_no_pass(output_of) -> None:
    assert "nowhere" in output_of("changes", "F001", "--since", "nowhere", status=2)
