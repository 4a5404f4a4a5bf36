"""Findings as people name them on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import add_entry, add_finding, job, job_id_of, write

from pytest_aexp.cli import main

POINT = {"experiment_id": "E001", "seed": 1}

A = job_id_of(POINT)

DEAD = "deadbeef" * 4

FOLDER = "kb/research/findings"


@pytest.fixture
def sound(repo: Path) -> Path:
    """A repository in which one finding cites one entry."""
    add_entry(repo, POINT)
    add_finding(repo, "F001-x", job(A))
    return repo


@pytest.fixture
def broken(sound: Path) -> Path:
    """The same with a finding whose citation leads nowhere."""
    add_finding(sound, "F002-y", job(DEAD))
    return sound


@pytest.mark.parametrize(
    ("cwd", "written"),
    [
        (".", f"{FOLDER}/F001-x.md"),
        (".", f"./{FOLDER}/../findings/F001-x.md"),
        (".", "F001"),
        (".", "f001"),
        (FOLDER, "F001-x.md"),
        (FOLDER, "F001"),
        ("kb", "research/findings/F001-x.md"),
        ("kb", f"{FOLDER}/F001-x.md"),
    ],
)
def test_one_finding_by_path_from_anywhere_or_by_id(
    broken: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    cwd: str,
    written: str,
) -> None:
    monkeypatch.chdir(broken / cwd)
    assert main(["validate", written]) == 0
    assert capsys.readouterr().out.startswith("1 finding, 1 citation, ")
    assert main(["validate", str(broken / FOLDER / "F001-x.md")]) == 0
    assert main(["validate", written, "F002"]) == 1


@pytest.mark.parametrize("again", ["F002", "f002", f"{FOLDER}/F002-y.md"])
def test_a_finding_named_twice_is_judged_once(
    broken: Path, again: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "F002", again]) == 1
    output = capsys.readouterr().out
    assert output.count("finding.broken_run_citation") == 1
    assert output.splitlines()[-1].startswith("1 finding, 1 citation: 1 error")


def test_by_a_path_through_a_link(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(broken)
    assert main(["validate", str(tmp_path / "link" / FOLDER / "F001-x.md")]) == 0
    assert capsys.readouterr().out.startswith("1 finding, ")


def test_an_unknown_finding_is_wrong_usage(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(broken, "docs/F001.md", "x")
    for written in (
        "F009",
        "nowhere.md",
        "docs/F001.md",
        "",
        "x\x1b[2J\n::error::",
        "/",
        "..",
        FOLDER,
    ):
        assert main(["validate", written]) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert " is not a finding: give a finding's path or its id, " in output.err
        assert output.err.endswith("`aexp finding new TITLE`\n")
        assert output.err[:-1].isprintable()


def test_an_id_of_several_findings_names_them(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(broken, "sub/F001-z", job(A))
    assert main(["validate", "F001"]) == 2
    both = f"{FOLDER}/F001-x.md and {FOLDER}/sub/F001-z.md"
    output = capsys.readouterr().err
    assert output == f"aexp: F001 names 2 findings: {both}; give the path\n"
