"""``aexp report``."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, job

from pytest_aexp.cli import main


def test_it_writes_the_page_and_says_what_is_on_it(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = add_entry(repo, {"experiment_id": "E001"})
    add_finding(repo, "F001-a", job(job_id))
    add_finding(repo, "F002-b", job("0" * 32))
    add_finding(repo, "F003-c", job("1" * 32))
    assert main(["report", "--html", "report.html"]) == 0
    output = "report.html: 3 findings: 2 failed; 1 ok\n"
    assert capsys.readouterr().out == output
    assert job_id in (repo / "report.html").read_text(encoding="utf-8")


def test_a_folder_that_it_makes_is_named(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--html", "new/folder/x.html"]) == 0
    assert main(["report", "--html", "new/folder/y.html"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "created: new/folder",
        "new/folder/x.html: 0 findings",
        "new/folder/y.html: 0 findings",
    ]


def test_a_pipe_is_written_to_and_a_link_of_the_repository_is_not(repo: Path) -> None:
    pipe, link, file = repo / "pipe", repo / "link", repo / "file.html"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as others:
        read = others.submit(pipe.read_text, encoding="utf-8")
        assert main(["report", "--html", "pipe"]) == 0
        assert read.result(timeout=30).startswith("<!doctype html>")
    assert pipe.is_fifo()
    file.touch()
    link.symlink_to(file)
    assert main(["report", "--html", "link"]) == 2
    assert link.is_symlink()
    assert file.read_bytes() == b""


def test_a_file_is_asked_for(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report"])
    assert ended.value.code == 2
    assert "--html" in capsys.readouterr().err


def test_without_jinja2_it_says_what_to_install(
    repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", "--html", "report.html"]) == 2
    assert "pip install 'pytest-aexp[report]'" in capsys.readouterr().err


def test_a_folder_that_is_made_is_named(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--html", "new/report.html"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "created: new"
    assert main(["report", "--html", "new/report.html"]) == 0
    assert "created" not in capsys.readouterr().out
