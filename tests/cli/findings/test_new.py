"""``aexp finding new`` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from commands import run_aexp
from repositories import add_entry, add_finding, write

if TYPE_CHECKING:
    import pytest

FOLDER = "kb/research/findings"


def test_a_finding_is_begun_cited_in_and_checked(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = add_entry(repo, {"experiment_id": "E001"})
    path = f"{FOLDER}/F001-full-context-is-best.md"
    assert run_aexp(capsys, "finding", "new", "Full context\n is  best!") == (
        0,
        f"{path}\nnext: aexp cite F001 RUN\n",
        "",
    )
    assert (repo / path).read_text() == "---\nid: F001\n---\n\n# Full context is best!\n"
    assert run_aexp(capsys, "cite", "F001", job_id)[0] == 0
    assert run_aexp(capsys, "validate")[0] == 0


def test_the_number_is_the_next_one(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_finding(repo, "F009-x")
    add_finding(repo, "sub/f0041-x")
    assert f"{FOLDER}/F042-ueber-aou.md" in run_aexp(capsys, "finding", "new", "Ueber äöü")[1]
    assert f"{FOLDER}/F043-finding.md" in run_aexp(capsys, "finding", "new", "結論")[1]


def test_it_is_where_the_configuration_looks(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "pyproject.toml", "[tool.aexp]\nfindings = ['notes/F*.md']\n")
    assert run_aexp(capsys, "finding", "new", "x")[1].startswith("notes/F001-x.md\n")
    write(repo, "pyproject.toml", "[tool.aexp]\nfindings = ['notes/result-*.md']\n")
    status, out, err = run_aexp(capsys, "finding", "new", "x")
    assert (status, out) == (2, "")
    assert "would not be a finding" in err


def test_a_finding_without_a_title_is_refused(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_aexp(capsys, "finding", "new", " ")[0] == 2
    assert not (repo / FOLDER).exists()


def test_nothing_is_written_through_a_link(
    repo: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (repo / "kb").symlink_to(outside)
    assert run_aexp(capsys, "finding", "new", "x")[0] == 2
    assert list(outside.iterdir()) == []
