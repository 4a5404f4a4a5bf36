"""An install makes a repository ready, says what it did, and again does nothing."""

from __future__ import annotations

import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import signac
from repositories import add_jobs, git, new_repository, write

from pytest_aexp.ground.errors import AexpError, ConfigurationError, GitError, UsageError
from pytest_aexp.ground.repository import read_machine_label
from pytest_aexp.install import InstallAction, InstallRefused, install_scaffold
from pytest_aexp.work.install.driver import driver_command

DRIVER = driver_command(sys.executable)


def kinds(actions: list[InstallAction]) -> list[str]:
    return [action.kind for action in actions]


def changes(actions: list[InstallAction]) -> list[InstallAction]:
    nothing = ("already_installed", "skipped_identical", "skipped_runs")
    return [action for action in actions if action.kind not in nothing and not action.is_warning]


def tree(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Every file below ``root``, .git included, with mode and content."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = (0, os.readlink(path))
        else:
            found[name] = (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
    return found


def marker(root: Path) -> Any:
    return json.loads((root / ".aexp/installed.json").read_bytes())


def test_an_empty_repository_is_made_ready(repo: Path) -> None:
    write(repo, ".gitignore", "/.runs/\n")
    actions = install_scaffold(repo, machine_label="cluster")
    assert [(action.kind, action.path) for action in actions] == [
        ("wrote_marker", ".aexp/installed.json"),
        ("merged_gitignore", ".gitignore"),
        ("merged_gitattributes", ".gitattributes"),
        ("created_ledger", ".aexp/ledger"),
        ("initialized_runs", ".runs"),
        ("set_git_config", ".git/config"),
    ]
    assert read_machine_label(repo) == "cluster"
    assert marker(repo)["run_store_path"] == ".runs"
    assert signac.get_project(str(repo / ".runs"), search=False).path == str(repo / ".runs")
    assert (repo / ".aexp/ledger").is_dir()
    assert git(repo, "config", "merge.aexp-ledger.driver") == f"{DRIVER}\n"
    git(repo, "add", ".")
    assert git(repo, "ls-files").split() == [".gitattributes", ".gitignore"]


def test_again_changes_nothing(repo: Path) -> None:
    install_scaffold(repo)
    before = tree(repo)
    times = {path: path.stat().st_mtime_ns for path in repo.rglob("*")}
    again = install_scaffold(repo)
    assert changes(again) == []
    assert [action.kind for action in again if action.is_warning] == []
    assert tree(repo) == before
    assert {path: path.stat().st_mtime_ns for path in repo.rglob("*")} == times


def broken(repo: Path) -> None:
    write(repo, ".aexp/installed.json", "{")
    write(repo, ".gitignore", "# agentic-experiments:begin\n*.json\n")


def other_settings(repo: Path) -> None:
    install_scaffold(repo)
    git(repo, "config", "merge.aexp-ledger.driver", "false")


@pytest.mark.parametrize("prepare", [lambda repo: None, broken, install_scaffold, other_settings])
@pytest.mark.parametrize("force", [True, False])
def test_a_dry_run_says_all_that_an_install_does_and_changes_nothing(
    repo: Path, prepare: Any, force: bool
) -> None:
    prepare(repo)
    before = tree(repo)
    dry = install_scaffold(repo, dry_run=True, force=force, machine_label="x")
    assert tree(repo) == before
    done = install_scaffold(repo, force=force, machine_label="x")
    # What git says of files that are not written yet, only an install can ask.
    done = [a for a in done if a.kind not in ("ignored_ledger_warning", "unshared_file_warning")]
    assert kinds(dry) == kinds(done)
    assert [a.path for a in dry] == [a.path for a in done]
    undated = [[a.detail for a in actions if a.kind != "wrote_marker"] for actions in (dry, done)]
    assert undated[0] == undated[1]


def test_what_is_missing_is_restored(repo: Path) -> None:
    install_scaffold(repo)
    (repo / ".gitignore").unlink()
    write(repo, ".gitattributes", "*.md text\n")
    (repo / ".aexp/ledger").rmdir()
    git(repo, "config", "--remove-section", "merge.aexp-ledger")
    assert kinds(changes(install_scaffold(repo))) == [
        "merged_gitignore",
        "merged_gitattributes",
        "created_ledger",
        "set_git_config",
    ]
    assert (repo / ".gitattributes").read_text().startswith("*.md text\n\n#")


def test_the_label_is_sticky(repo: Path) -> None:
    install_scaffold(repo, machine_label="cluster")
    install_scaffold(repo, force=True)
    assert marker(repo)["machine_label"] == "cluster"
    install_scaffold(repo, machine_label="laptop")
    assert marker(repo)["machine_label"] == "laptop"


@pytest.mark.parametrize("label", ["", "../x", "a/b", "a b", "con", "x" * 65, "a\n"])
def test_a_label_that_cannot_name_a_file_is_refused(repo: Path, label: str) -> None:
    before = tree(repo)
    with pytest.raises(UsageError, match=r"cannot be a machine label.* such as "):
        install_scaffold(repo, machine_label=label)
    assert tree(repo) == before


# git's configuration


def test_settings_are_written_only_where_they_differ(repo: Path) -> None:
    install_scaffold(repo)
    git(repo, "config", "--add", "merge.aexp-ledger.driver", "other %A")
    actions = [a for a in install_scaffold(repo) if a.kind == "set_git_config"]
    assert [a.path for a in actions] == [".git/config"]
    assert git(repo, "config", "--get-all", "merge.aexp-ledger.driver") == f"{DRIVER}\n"


def test_a_driver_that_says_where_aexp_is_will_do_unless_forced(repo: Path) -> None:
    own = "/opt/env/bin/aexp ledger merge-driver %O %A %B"
    install_scaffold(repo)
    git(repo, "config", "merge.aexp-ledger.driver", own)
    install_scaffold(repo)
    assert git(repo, "config", "merge.aexp-ledger.driver") == f"{own}\n"
    install_scaffold(repo, force=True)
    assert git(repo, "config", "merge.aexp-ledger.driver") == f"{DRIVER}\n"


def test_git_calls_the_driver_for_an_entry_that_both_sides_changed(repo: Path) -> None:
    install_scaffold(repo)
    git(repo, "config", "merge.aexp-ledger.driver", "echo settled > %A")
    entry = f".aexp/ledger/{'a' * 32}.json"
    git(repo, "add", ".gitignore", ".gitattributes")
    for branch, text in (("main", "0"), ("theirs", "1"), ("main", "2")):
        git(repo, "checkout", "-q", *(["-b"] if branch == "theirs" else []), branch, check=False)
        write(repo, entry, f"{text}\n")
        git(repo, "add", entry)
        git(repo, "commit", "-q", "-m", text)
    git(repo, "merge", "-q", "theirs", "-m", "both")
    assert (repo / entry).read_text() == "settled\n"


def test_only_the_repository_of_that_folder_is_configured(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repository(tmp_path / "other")
    before = tree(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_CONFIG", str(other / ".git/config"))
    install_scaffold(repo)
    assert tree(other) == before
    assert "aexp-ledger" in (repo / ".git/config").read_text()


def test_a_configuration_that_is_locked_is_gits_own_message(repo: Path) -> None:
    write(repo, ".git/config.lock", "")
    with pytest.raises(GitError, match=r"could not lock config file"):
        install_scaffold(repo)


def test_without_git_the_rest_is_done_and_that_is_said(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo, ".gitignore", ".aexp/\n")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    actions = install_scaffold(repo)
    assert kinds(actions)[-2:] == ["git_warning", "gitignore_migration_warning"]
    assert "git was not found: install git" in actions[-2].detail
    assert "run `aexp install` again" in actions[-2].detail
    assert kinds(changes(actions)) == [
        "wrote_marker",
        "merged_gitignore",
        "merged_gitattributes",
        "created_ledger",
        "initialized_runs",
    ]


def test_a_folder_that_is_no_repository_needs_the_callers_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InstallRefused, match="is not a git repository: run `git init`"):
        install_scaffold(tmp_path)
    assert list(tmp_path.iterdir()) == []
    actions = install_scaffold(tmp_path, assert_git=False)
    assert "not a git repository" in next(a for a in actions if a.kind == "git_warning").detail
    assert (tmp_path / ".gitignore").exists()


def test_a_linked_work_tree_is_installed_into(repo: Path, tmp_path: Path) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "first")
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", str(linked))
    actions = install_scaffold(linked)
    assert [a.kind for a in actions if a.is_warning] == []
    assert git(repo, "config", "merge.aexp-ledger.driver") == f"{DRIVER}\n"
    assert not (repo / ".aexp").exists()


def test_a_folder_of_a_larger_repository_is_installed_into(repo: Path) -> None:
    part = repo / "a" / "part"
    part.mkdir(parents=True)
    write(repo, ".gitignore", "*.json\n")
    before = tree(repo)
    dry = install_scaffold(part, assert_git=False, dry_run=True)
    assert tree(repo) == before
    actions = install_scaffold(part, assert_git=False)
    assert [a.kind for a in dry] == [a.kind for a in actions if not a.is_warning]
    warnings = [(a.kind, a.path) for a in actions if a.is_warning]
    assert warnings == [
        ("ignored_ledger_warning", str(repo / ".gitignore")),
    ]


def test_a_bare_repository_is_no_place_for_findings(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", ".git")
    actions = install_scaffold(tmp_path)
    assert "must be run in a work tree" in next(a for a in actions if a.is_warning).detail


# the run store


def test_a_store_that_is_there_is_kept(repo: Path) -> None:
    add_jobs(repo, [{"statepoint": {"a": 1}}], store="data/runs")
    write(repo, ".aexp/installed.json", '{"run_store_path": "data/runs"}')
    before = tree(repo / "data")
    actions = install_scaffold(repo)
    assert ("skipped_identical", "data/runs") in [(a.kind, a.path) for a in actions]
    assert tree(repo / "data") == before
    assert not (repo / ".runs").exists()
    assert marker(repo)["run_store_path"] == "data/runs"


def test_a_marker_that_is_in_git_cannot_send_the_store_elsewhere(
    repo: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(repo, ".aexp/installed.json", json.dumps({"run_store_path": str(elsewhere)}))
    git(repo, "add", "-f", ".aexp/installed.json")
    before = tree(repo)
    with pytest.raises(InstallRefused, match="run `git rm -q --cached "):
        install_scaffold(repo)
    assert (tree(repo), elsewhere.exists()) == (before, False)
    git(repo, "rm", "-q", "--cached", ".aexp/installed.json")
    install_scaffold(repo)
    assert elsewhere.is_dir()


def test_a_store_further_up_is_not_this_repositorys(tmp_path: Path) -> None:
    signac.init_project(str(tmp_path))
    repo = new_repository(tmp_path / "repo")
    install_scaffold(repo)
    assert signac.get_project(str(repo / ".runs"), search=False).path == str(repo / ".runs")


def test_what_pyproject_says_of_the_store_counts(repo: Path) -> None:
    write(repo, "pyproject.toml", '[tool.aexp]\nrun_store = "data/runs"\n')
    install_scaffold(repo)
    assert marker(repo)["run_store_path"] == "data/runs"
    assert (repo / "data/runs/.signac/config").is_file()
    with pytest.raises(UsageError, match="change it there"):
        install_scaffold(repo, run_store="elsewhere")
    assert changes(install_scaffold(repo, run_store="data/runs")) == []


def test_what_pyproject_says_counts_for_more_than_the_marker(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"run_store_path": "old"}')
    write(repo, "pyproject.toml", '[tool.aexp]\nrun_store = "new"\n')
    actions = install_scaffold(repo)
    assert ("initialized_runs", "new") in [(a.kind, a.path) for a in actions]
    assert not (repo / "old").exists()
    assert marker(repo)["run_store_path"] == "old"


def test_a_store_elsewhere_is_made_where_it_is_said(repo: Path, tmp_path: Path) -> None:
    store = tmp_path / "scratch" / "runs"
    actions = install_scaffold(repo, run_store=str(store))
    assert ("initialized_runs", str(store)) in [(a.kind, a.path) for a in actions]
    assert (store / ".signac/config").is_file()
    assert [a for a in actions if a.is_warning] == []


def test_a_store_of_another_version_is_signacs_own_message(repo: Path) -> None:
    write(repo, ".runs/signac.rc", "project = old\nschema_version = 1\n")
    with pytest.raises(AexpError, match=r"no run store can be made at .*: .*migrate"):
        install_scaffold(repo)


@pytest.mark.parametrize(("store", "shown"), [("a\0", r"a\\x00"), ("a\ud800", r"a\\ud800")])
def test_a_store_that_no_folder_can_be_is_refused(repo: Path, store: str, shown: str) -> None:
    written = json.dumps({"run_store_path": store})
    write(repo, ".aexp/installed.json", written)
    with pytest.raises(
        UsageError, match=rf'named "{shown}": correct run_store_path in \.aexp/inst'
    ):
        install_scaffold(repo)
    assert (repo / ".aexp/installed.json").read_text() == written


def test_a_home_that_is_nobodys_is_refused(repo: Path) -> None:
    with pytest.raises(UsageError, match="no-such-user"):
        install_scaffold(repo, run_store="~no-such-user/runs")


def test_without_signac_all_but_the_store_is_made(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "signac", None)
    actions = install_scaffold(repo)
    skipped = next(a for a in actions if a.kind == "skipped_runs")
    assert skipped.path == ".runs"
    assert "pip install 'pytest-aexp[runs]'" in skipped.detail
    assert not (repo / ".runs").exists()
    assert (repo / ".aexp/ledger").is_dir()
    assert [a.kind for a in actions if a.is_warning] == []


# what cannot be done


@pytest.mark.parametrize("folder", [".aexp", ".aexp/ledger"])
def test_a_link_out_of_the_repository_is_not_followed(
    repo: Path, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "outside").mkdir()
    (repo / folder).parent.mkdir(exist_ok=True)
    os.symlink(tmp_path / "outside", repo / folder)
    with pytest.raises(InstallRefused, match=rf"^{folder} is a link"):
        install_scaffold(repo)
    assert list((tmp_path / "outside").iterdir()) == []
    assert not (repo / ".gitignore").exists()


def test_a_linked_gitignore_is_not_followed_and_the_rest_is_done(
    repo: Path, tmp_path: Path
) -> None:
    shared = write(tmp_path, "shared", "*.pyc\n")
    os.symlink(shared, repo / ".gitignore")
    actions = install_scaffold(repo)
    assert shared.read_text() == "*.pyc\n"
    assert ("file_warning", ".gitignore") in [(a.kind, a.path) for a in actions]
    assert "merged_gitattributes" in kinds(actions)


@pytest.mark.parametrize("start", [b"\xff\xfe", b"\xfe\xff"])
def test_what_git_does_not_read_is_left_alone_and_said_once(repo: Path, start: bytes) -> None:
    write(repo, ".gitignore", "/.runs/\n")
    write(repo, ".gitattributes", start + b"a\0")
    for _ in range(2):
        (warning,) = [action for action in install_scaffold(repo) if action.is_warning]
        assert (warning.kind, warning.path) == ("file_warning", ".gitattributes")
        assert warning.detail.startswith("is in UTF-16")


def test_another_driver_is_said_even_where_there_is_no_block(repo: Path) -> None:
    write(repo, ".gitignore", "/.runs/\n")
    write(repo, ".gitattributes", b"\xff\xfea\0")
    write(repo, ".git/info/attributes", "*.json merge=union\n")
    assert kinds(install_scaffold(repo))[-1] == "merge_driver_warning"


@pytest.mark.parametrize("path", [".aexp", ".aexp/ledger", ".runs"])
def test_a_file_in_the_way_is_named(repo: Path, path: str) -> None:
    write(repo, path, "")
    with pytest.raises(InstallRefused, match=rf"^{path}"):
        install_scaffold(repo)
    assert (repo / path).read_text() == ""


@pytest.mark.skipif(not getattr(os, "geteuid", int)(), reason="root may write anywhere")
def test_a_read_only_repository_is_refused(repo: Path) -> None:
    repo.chmod(0o555)
    try:
        with pytest.raises(InstallRefused, match="cannot be written: Permission denied"):
            install_scaffold(repo)
    finally:
        repo.chmod(0o755)


def test_a_pyproject_that_cannot_be_used_stops_it(repo: Path) -> None:
    write(repo, "pyproject.toml", "[tool.aexp]\nrun_store = 5\n")
    before = tree(repo)
    with pytest.raises(ConfigurationError):
        install_scaffold(repo)
    assert tree(repo) == before


def test_a_folder_that_is_missing_or_is_a_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        install_scaffold(tmp_path / "gone")
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        install_scaffold(write(tmp_path, "file", ""))


def test_the_signature_is_the_one_that_callers_know() -> None:
    parameters = inspect.signature(install_scaffold).parameters
    assert set(parameters) == {
        "repo_root", "run_store", "force", "assert_git", "dry_run", "machine_label",
        "agent_commands",
    }  # fmt: skip
    kinds_of = {parameter.kind for parameter in list(parameters.values())[1:]}
    assert kinds_of == {inspect.Parameter.KEYWORD_ONLY}
    action = InstallAction("wrote_marker", "path")
    assert (action.kind, action.path, action.detail) == ("wrote_marker", "path", "")
    with pytest.raises(AttributeError):
        action.path = "other"  # type: ignore[misc]
