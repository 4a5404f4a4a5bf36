"""``aexp fix`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding, job, write

from pytest_aexp.cli import main

POINT = {"experiment_id": "E005", "condition": "full", "seed": 1}


@pytest.fixture
def cited(repo: Path) -> tuple[Path, str]:
    job_id = add_entry(repo, POINT)
    return add_finding(repo, "F001-x"), job_id


def test_fix_shows_and_makes_the_same_change(cited, capsys: pytest.CaptureFixture[str]) -> None:
    path, job_id = cited
    path.write_text(
        path.read_text().replace("id: F001\n", f"id: F001\nsupporting_run: [{job_id[:8]}]\n")
    )
    before = path.read_bytes()
    assert main(["fix", "--diff"]) == 1
    shown = capsys.readouterr().out
    assert f"-supporting_run: [{job_id[:8]}]\n" in shown
    assert f"+supporting_runs: [{{type: job, id: {job_id}}}]\n" in shown
    assert path.read_bytes() == before
    assert main(["fix"]) == 0
    assert "1 finding changed" in capsys.readouterr().out
    assert main(["validate"]) == 0
    assert main(["fix", "--diff"]) == 0


def test_fix_goes_on_past_a_finding_it_cannot_read(
    cited, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "kb/research/findings/F000-bad.md", "no front matter\n")
    path, job_id = cited
    add_finding(repo, "F001-x", job(job_id.upper()))
    assert main(["fix", "--diff"]) == 2
    assert f"+  - {{type: job, id: {job_id}}}" in capsys.readouterr().out
    assert main(["fix"]) == 2
    assert "F000-bad.md cannot be edited" in capsys.readouterr().err
    assert job_id in path.read_text()


def test_fix_goes_on_past_a_link(cited, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, job_id = cited
    path.write_text(f"---\nsupporting_runs: [{job_id}]\n---\n")
    path.rename(repo / "real.md")
    path.symlink_to("../../../real.md")
    later = add_finding(repo, "F002-x", job(job_id.upper()))
    assert main(["fix"]) == 2
    assert "F001-x.md is a link; edit the file it leads to" in capsys.readouterr().err
    assert job_id in later.read_text()
