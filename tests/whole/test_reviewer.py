"""A reviewer asks four questions of a study of 45 runs; one command answers each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from study import Study, reviewed_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return reviewed_study(tmp_path_factory.mktemp("study"))


def aexp(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "pytest_aexp", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def columns(output: str, *names: str) -> dict[str, list[str]]:
    rows = [line.split(",") for line in output.splitlines()]
    return {row[rows[0].index("id")]: [row[rows[0].index(n)] for n in names] for row in rows[1:]}


def test_which_runs_are_behind_it(study: Study) -> None:
    output = aexp(study.root, "evidence", "F001")
    assert "7 runs: 4 complete, 3 abandoned; 2 commits; seeds 0 to 6" in output
    assert all(job_id in output for job_id in study.svm)


def test_which_code_the_runs_had_is_shown(study: Study) -> None:
    found = columns(aexp(study.root, "evidence", "F001", "--format", "csv"), "code_commit", "notes")
    assert found == {
        **{key: [study.code[0], ""] for key in study.svm[:5]},
        **{key: [study.code[1], ""] for key in study.svm[5:]},
    }


def test_runs_that_were_dropped_are_shown(study: Study) -> None:
    output = aexp(study.root, "ledger", "list", "E001", "model=svm", "status!=complete")
    assert "3 runs, all abandoned; 1 commit; seeds 1, 3 and 4" in output
    output = aexp(study.root, "evidence", "F002")
    assert "18 runs: 15 complete, 2 failed, 1 stopped; 1 commit; 1 retracted" in output
    assert "retracted: the validation split leaked" in output


def test_has_anything_changed_since(study: Study) -> None:
    output = aexp(study.root, "changes", "F001", "F002", "F003")
    day = f"in {study.submitted[:10]} of 2026-05-10"
    assert f"since it was edited {day}: 2 new\n" in output
    assert output.count(f"since it was edited {day}: 1 retracted\n") == 2
    assert f"since it was pinned {day}: 5 ran again\n" in output
    assert "accuracy 0.987 -> 0.9" in output


def test_and_where_else_it_is_cited(study: Study) -> None:
    output = aexp(study.root, "cited-by", study.cancer[0])
    assert output.count("F002") >= 2
