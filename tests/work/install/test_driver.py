"""The merge driver works wherever `aexp` is, and a merge without one is never silent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from repositories import add_entry, add_finding, git, job, write

from pytest_aexp.cli import main
from pytest_aexp.install import install_scaffold
from pytest_aexp.work.install.driver import DRIVER_KEY, driver_command, driver_fault


@pytest.fixture
def diverged(repo: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """Two branches with an entry each of one run, installed with no `aexp` on PATH."""
    install_scaffold(repo, machine_label="laptop")
    git(repo, "add", ".gitignore", ".gitattributes")
    git(repo, "commit", "-qm", "first")
    git(repo, "checkout", "-qb", "other")
    job_id = add_entry(repo, {"seed": 1}, status="complete", registered_machine="cluster")
    git(repo, "add", ".aexp")
    git(repo, "commit", "-qm", "complete")
    git(repo, "checkout", "-q", "main")
    add_entry(repo, {"seed": 1}, status="failed", registered_machine="laptop")
    git(repo, "add", ".aexp")
    git(repo, "commit", "-qm", "failed")
    monkeypatch.setenv("PATH", "/usr/bin:/bin:/usr/local/bin")
    return repo, job_id


def merge(repo: Path) -> int:
    done = subprocess.run(
        ["git", "merge", "-q", "other"], cwd=repo, capture_output=True, check=False
    )
    return done.returncode


def test_without_aexp_on_path(diverged: tuple[Path, str]) -> None:
    repo, job_id = diverged
    assert merge(repo) == 0
    entry = json.loads((repo / f".aexp/ledger/{job_id}.json").read_text())
    assert entry["status"] == "complete"


@pytest.mark.parametrize("program", ["", "#!/bin/sh\nexit 2\n", "#!/bin/sh\nexit 0\n"])
def test_a_merge_that_nobody_could_make_leaves_markers(
    diverged: tuple[Path, str],
    program: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo, job_id = diverged
    git(repo, "config", DRIVER_KEY, driver_command(str(tmp_path / "gone/python")))
    if program:
        write(tmp_path, "bin/aexp", program)
        (tmp_path / "bin/aexp").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin:/usr/local/bin")
    assert merge(repo) == 1
    text = (repo / f".aexp/ledger/{job_id}.json").read_text()
    assert text.startswith("<<<<<<< ours\n")
    assert '"complete"' in text
    assert '"failed"' in text
    add_finding(repo, "F001-x", job(job_id))
    for at in ("worktree", "index"):
        git(repo, "add", "kb")
        assert main(["validate", "--at", at]) == 1
        assert "ledger.invalid_entry" in capsys.readouterr().out
    git(repo, "add", ".aexp")
    assert main(["validate", "--at", "index"]) == 1
    assert list(repo.glob("*.both")) == []


def test_a_merge_that_was_refused_leaves_them_too(diverged: tuple[Path, str]) -> None:
    repo, job_id = diverged
    path = repo / f".aexp/ledger/{job_id}.json"
    path.write_text("{")
    git(repo, "commit", "-qam", "damaged")
    git(repo, "checkout", "-q", "other")
    path.write_text("[")
    git(repo, "commit", "-qam", "damaged")
    git(repo, "checkout", "-q", "main")
    assert merge(repo) == 1
    assert path.read_text().startswith("<<<<<<< ours\n")


def test_resolve_settles_a_merge_that_was_not_driven(diverged: tuple[Path, str]) -> None:
    repo, job_id = diverged
    git(repo, "config", DRIVER_KEY, driver_command("/gone/python"))
    assert merge(repo) == 1
    assert main(["ledger", "resolve"]) == 0
    entry = json.loads((repo / f".aexp/ledger/{job_id}.json").read_text())
    assert entry["status"] == "complete"


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (driver_command(sys.executable), None),
        ("/opt/env/bin/aexp ledger merge-driver %O %A %B", None),
        (driver_command("/gone/python"), "which is not there"),
        (driver_command("/gone/with a blank/python"), "which is not there"),
        ("aexp ledger merge-driver %O %A %B", "not on PATH"),
        ("false", "another program"),
        ("", "another program"),
    ],
)
def test_a_command_that_cannot_work(
    command: str, fault: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    found = driver_fault(command)
    assert found is None if fault is None else fault in str(found)


def test_an_environment_that_has_lost_the_package(tmp_path: Path) -> None:
    write(tmp_path, "bin/python", "#!/bin/sh\n")
    (tmp_path / "bin/python").chmod(0o755)
    command = driver_command(str(tmp_path / "bin/python"))
    assert driver_fault(command) is None
    write(tmp_path, "pyvenv.cfg", "include-system-site-packages = false\n")
    assert "has no pytest-aexp" in str(driver_fault(command))
    (tmp_path / "lib/python3.11/site-packages/pytest_aexp-0.1.0.dist-info").mkdir(parents=True)
    assert driver_fault(command) is None


def test_validate_and_install_notice_a_driver_that_no_longer_works(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install_scaffold(repo)
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    assert main(["validate", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
    git(repo, "config", DRIVER_KEY, driver_command("/gone/python"))
    assert main(["validate", "--format", "json"]) == 0
    problems: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["code"], p["fix"]) for p in problems] == [
        ("ledger.merge_driver", "run `aexp install`")
    ]
    install_scaffold(repo)
    assert driver_fault(git(repo, "config", DRIVER_KEY).strip()) is None
