"""A link that a repository holds is not written through, wherever it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, add_jobs, job, write

from pytest_aexp.cli import main
from pytest_aexp.ground.containment import link_on_the_way


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the repository, in which nothing may change."""
    write(tmp_path, "outside/profile", "export A=1\n")
    return tmp_path / "outside"


def test_the_first_link_on_the_way(repo: Path, outside: Path) -> None:
    write(repo, "a/b/file", "")
    (repo / "a/link").symlink_to(outside)
    (repo / "a/b/target").symlink_to(outside / "profile")
    assert link_on_the_way(repo, repo / "a/b/file") is None
    assert link_on_the_way(repo, repo / "a/new/file") is None
    assert link_on_the_way(repo, repo / "a/link/deep/file") == "a/link"
    assert link_on_the_way(repo, repo / "a/b/target") == "a/b/target"
    assert link_on_the_way(repo, outside / "profile") is None


def test_a_repository_that_is_reached_by_a_link(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(repo)
    (repo / "target").symlink_to("nowhere")
    assert link_on_the_way(repo, tmp_path / "way/file") is None
    assert link_on_the_way(repo, tmp_path / "way/target") == "target"


def report(repo: Path) -> list[str]:
    return ["report", "--html", "report.html"]


def install(repo: Path) -> list[str]:
    return ["install", "--agent-commands"]


def promote(repo: Path) -> list[str]:
    [job_id] = add_jobs(repo, [{"statepoint": {"seed": 2}, "doc": {"status": "complete"}}])
    return ["ledger", "promote", job_id]


@pytest.mark.parametrize(
    ("link", "command"),
    [
        ("report.html", report),
        (".aexp", install),
        (".aexp/ledger", install),
        (".claude", install),
        (".claude/commands", install),
        (".gitignore", install),
        (".gitattributes", install),
        (".aexp/installed.json", install),
        (".aexp", promote),
        (".aexp/ledger", promote),
    ],
)
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_nothing_is_written_through_it(
    repo: Path, outside: Path, link: str, command: Callable[[Path], list[str]], kind: str
) -> None:
    words = command(repo)
    (repo / link).parent.mkdir(parents=True, exist_ok=True)
    (repo / link).symlink_to(outside / "profile" if kind == "file" else outside)
    main(words)
    assert [path.name for path in outside.iterdir()] == ["profile"]
    assert (outside / "profile").read_text() == "export A=1\n"


@pytest.mark.parametrize(
    "configured", ["/tmp/report.html", "../report.html", ".git/config", "link.html"]
)
@pytest.mark.parametrize("setting", ["aexp_report = {}", "addopts = --aexp-report={}"])
def test_a_configuration_file_cannot_name_any_file(
    pytester: pytest.Pytester, configured: str, setting: str, tmp_path: Path
) -> None:
    root = pytester.path
    (root / ".git").mkdir()
    write(root, ".git/config", "[core]\n")
    (root / "link.html").symlink_to(tmp_path / "anything")
    add_finding(root, "F001-x", job(add_entry(root, {"seed": 1})))
    pytester.makeini(f"[pytest]\n{setting.format(configured)}\n")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert (root / ".git/config").read_text() == "[core]\n"
    assert not (tmp_path / "anything").exists()
    assert not (root.parent / "report.html").exists()


def test_a_run_is_not_marked_through_a_link(repo: Path, outside: Path) -> None:
    write(repo, "../outside/settings.json", '{"a": 1}')
    [job_id] = add_jobs(repo, [{"statepoint": {"seed": 2}, "doc": {"status": "running"}}])
    document = repo / f".runs/workspace/{job_id}/signac_job_document.json"
    document.unlink()
    document.symlink_to(outside / "settings.json")
    main(["mark", job_id, "complete"])
    assert json.loads((outside / "settings.json").read_text()) == {"a": 1}
