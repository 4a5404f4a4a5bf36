"""``aexp cite`` as it is typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_jobs

from pytest_aexp.cli import main

POINT = {"experiment_id": "E005", "condition": "full", "seed": 1}


@pytest.fixture
def cited(repo: Path) -> tuple[Path, str]:
    job_id = add_entry(repo, POINT)
    return add_finding(repo, "F001-x"), job_id


def test_a_run_is_cited_by_how_its_id_begins(cited, capsys: pytest.CaptureFixture[str]) -> None:
    path, job_id = cited
    before = path.read_text()
    assert main(["cite", "F001", job_id[:6]]) == 0
    assert f"added {{type: job, id: {job_id}}}" in capsys.readouterr().out
    added = f"supporting_runs:\n  - {{type: job, id: {job_id}}}\n"
    assert path.read_text() == before.replace("---\n\n", f"{added}---\n\n")
    assert main(["validate"]) == 0


def test_a_batch_is_cited_with_typed_values(cited, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = cited
    assert main(["cite", str(path), "--batch", "E005", "condition=full", "seed=1"]) == 0
    expected = "{type: batch, experiment_id: E005, selector: {condition: full, seed: 1}}"
    assert f"  - {expected}\n" in path.read_text()
    assert main(["cite", "F001", "--batch", "E005"]) == 0
    assert "  - {type: batch, experiment_id: E005}\n" in path.read_text()


def test_what_is_cited_already_is_not_added_again(
    cited, capsys: pytest.CaptureFixture[str]
) -> None:
    path, job_id = cited
    assert main(["cite", "F001", job_id]) == 0
    text = path.read_text()
    assert main(["cite", "F001", job_id]) == 0
    assert "already" in capsys.readouterr().out
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["0123456789"], 2, "no run whose id begins with"),
        ([], 2, "then runs or a batch"),
        (["--batch", "E005", "condition"], 2, "write key=value"),
        (["--batch", "E005", "seed<3"], 2, "a citation selects by key=value"),
        (["--batch", "E005", 'seed="1"'], 1, "drop the quotes"),
        (["--batch", "E009"], 1, "nothing was changed"),
        (["--batch", "E005", "data_dir=/scratch/c10"], 1, "no machine can find the runs by it"),
        (
            ["--batch", "experiment"],
            2,
            '"experiment" is not an experiment id: write E and three digits',
        ),
        (["--batch", "E005}, x: {"], 2, "is not an experiment id"),
        (["--batch", "E005", "seed=1", "seed=2"], 2, '"seed" is given twice'),
        (["--batch", "E005", "seed=1", "F001"], 2, "before --batch: aexp cite F004"),
    ],
)
def test_what_would_not_hold_is_refused(
    cited, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    path, _ = cited
    before = path.read_bytes()
    assert main(["cite", "F001", *arguments]) == status
    assert said in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_run_that_is_only_here_is_cited_with_a_warning(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (job_id,) = add_jobs(repo, [{"statepoint": POINT, "doc": {"status": "complete"}}])
    path = add_finding(repo, "F001-x")
    assert main(["cite", "F001", job_id]) == 0
    assert f"aexp ledger promote {job_id}" in capsys.readouterr().err
    assert job_id in path.read_text()


def test_the_finding_comes_first(cited, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "--batch", "E005", "condition=full", "F001"]) == 2
    assert "name the finding, then runs or a batch: aexp cite F004 RUN" in capsys.readouterr().err


def test_what_is_to_be_mended_is_mended_first(cited, capsys: pytest.CaptureFixture[str]) -> None:
    path, job_id = cited
    for yaml in (f"supporting_runs: [{job_id[:8]}]", f"supporting_run: [{job_id}]"):
        path.write_text(f"---\n{yaml}\n---\n")
        assert main(["cite", "F001", job_id]) == 2
        said = capsys.readouterr().err
        assert "`aexp fix kb/research/findings/F001-x.md`" in said
        assert path.read_text() == f"---\n{yaml}\n---\n"


def test_where_nothing_can_be_known_nothing_is_cited(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = add_finding(repo, "F001-x")
    before = path.read_bytes()
    assert main(["cite", "F001", "--batch", "E777"]) == 1
    said = capsys.readouterr().err
    assert "nothing to check against" in said
    assert "nothing was changed" in said
    assert path.read_bytes() == before


def test_nothing_in_a_file_or_its_name_reaches_the_terminal_raw(
    cited, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, job_id = cited
    odd = "\x1b]0;x\x07\u202e\r::error::y"
    path = repo / "kb/research/findings/F002-\x1b[31m.md"
    path.write_text(f"---\nsupporting_runs: [{job_id[:8]}]\n---\n{odd}\n\tx\n", newline="")
    assert main(["fix", "--diff"]) == 1
    shown = capsys.readouterr().out
    assert r" \x1b]0;x\x07\u202e\x0d::error::y" in shown.split("\n")
    assert "\n \tx\n" in shown
    assert main(["fix"]) == 0
    assert main(["cite", "F002", "--batch", "E005"]) == 0
    shown += capsys.readouterr().out
    assert not [c for c in shown if not c.isprintable() and c not in "\n\t"]
    assert odd.encode() in path.read_bytes()


def test_a_value_that_must_be_text_is_shown_as_a_shell_takes_it(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_entry(repo, {"experiment_id": "E005", "seed": "3"})
    add_finding(repo, "F001-x")
    assert main(["cite", "F001", "--batch", "E005", "seed=3"]) == 1
    err = capsys.readouterr().err
    assert "aexp fix" not in err  # it mends what is in a file, and this was not written
    typed = re.search(r"; next: type it as (.*)$", err, re.MULTILINE)
    assert typed is not None
    assert typed[1] == """'seed="3"'"""
    assert main(["cite", "F001", "--batch", "E005", *shlex.split(typed[1])]) == 0
