"""Which code a run is made with, and that evidence is no part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import git, new_repository, write

from pytest_aexp.ground.settings.configuration import Configuration, RunSettings
from pytest_aexp.work.runs.code_state import (
    UNKNOWN,
    CodeState,
    code_state,
    put_code,
    warn_of_dirty_code,
)

DEFAULTS = Configuration()


@pytest.fixture
def committed(repo: Path) -> str:
    write(repo, "train.py", "print()\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "begin")
    return git(repo, "rev-parse", "HEAD").strip()


def test_a_clean_work_tree_is_its_commit(repo: Path, committed: str) -> None:
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)


@pytest.mark.parametrize("change", ["edit", "stage", "delete", "untracked"])
def test_a_work_tree_that_differs(repo: Path, committed: str, change: str) -> None:
    path = "sub/new.py" if change == "untracked" else "train.py"
    if change == "delete":
        (repo / "train.py").unlink()
    else:
        write(repo, path, "print(1)\n")
    if change == "stage":
        git(repo, "add", ".")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=True, changed=(path,))


def test_a_renamed_file_is_one_change(repo: Path, committed: str) -> None:
    git(repo, "mv", "train.py", "other.py")
    assert code_state(repo, DEFAULTS).changed == ("other.py",)


EVIDENCE = (
    f".aexp/ledger/{'a' * 32}.json",
    ".aexp/runs-index/here.json",
    "sub/.aexp/ledger/x.json",
    "kb/research/findings/F001-x.md",
    "kb/notes.py",
)


@pytest.mark.parametrize("path", EVIDENCE)
def test_evidence_is_no_code_committed_or_not(repo: Path, committed: str, path: str) -> None:
    write(repo, path, "{}")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)
    git(repo, "add", ".")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)
    git(repo, "commit", "-q", "-m", "evidence")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)


def test_merging_evidence_of_another_machine_leaves_the_code_as_it_is(
    repo: Path, committed: str
) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    write(repo, EVIDENCE[0], "{}")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "theirs")
    git(repo, "checkout", "-q", "main")
    write(repo, EVIDENCE[3], "x")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "ours")
    git(repo, "merge", "-q", "--no-edit", "other")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)


def test_findings_elsewhere_are_no_code_either(repo: Path, committed: str) -> None:
    write(repo, "docs/F001-x.md", "x")
    git(repo, "add", ".")
    assert code_state(repo, DEFAULTS).dirty
    assert not code_state(repo, Configuration(findings=("docs/F*.md",))).dirty


@pytest.mark.parametrize("name", ["slurm-123.out", "wandb/run/files/x.json", "Untitled.txt"])
def test_what_runs_leave_beside_the_code_is_no_difference(
    repo: Path, committed: str, name: str
) -> None:
    write(repo, name, "x")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)


@pytest.mark.parametrize(("name", "dirty"), [("slurm.out", False), ("train.py", True)])
def test_what_runs_leave_in_a_submodule_is_no_difference(
    repo: Path, tmp_path: Path, name: str, dirty: bool
) -> None:
    library = new_repository(tmp_path / "library")
    write(library, "train.py", "pass\n")
    git(library, "add", ".")
    git(library, "commit", "-q", "-m", "begin")
    git(
        repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "sub"
    )
    git(repo, "commit", "-q", "-m", "submodule")
    write(repo, f"sub/{name}", "new\n")
    assert code_state(repo, DEFAULTS).dirty is dirty


def test_a_clone_whose_history_begins_with_the_code_of_the_run_is_told_of(
    repo: Path, committed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "kb/notes.md", "later\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "evidence")
    git(tmp_path, "clone", "-q", "--depth", "1", repo.as_uri(), "shallow")
    state = code_state(tmp_path / "shallow", DEFAULTS)
    assert state.commit != code_state(repo, DEFAULTS).commit == committed
    err = capsys.readouterr().err
    assert f"history begins with commit {str(state.commit)[:12]}" in err
    assert err.count("\n") == 1
    git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
    assert code_state(tmp_path / "shallow", DEFAULTS).commit == committed
    assert capsys.readouterr().err == ""


def test_ignored_files_are_no_difference(repo: Path, committed: str) -> None:
    write(repo, ".git/info/exclude", "*.py\n")
    write(repo, "a.py", "")
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)


def test_the_configuration_says_what_is_code(repo: Path, committed: str) -> None:
    configuration = Configuration(runs=RunSettings(code=("src", "*.yaml")))
    assert code_state(repo, configuration) == CodeState(None, dirty=False)
    write(repo, "src/a.py", "")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "source")
    second = git(repo, "rev-parse", "HEAD").strip()
    write(repo, "train.py", "changed")
    assert code_state(repo, configuration) == CodeState(second, dirty=False)
    write(repo, "conf/new.yaml", "x")
    assert code_state(repo, configuration).changed == ("conf/new.yaml",)


def test_of_several_repositories_below_one_git_each_has_its_own_code(
    repo: Path, committed: str
) -> None:
    write(repo, "a/train.py", "x")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "a")
    of_a = git(repo, "rev-parse", "HEAD").strip()
    write(repo, "b/train.py", "x")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "b")
    write(repo, "b/more.py", "x")
    assert code_state(repo / "a", DEFAULTS) == CodeState(of_a, dirty=False)


def test_before_the_first_commit(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_state(repo, DEFAULTS) == CodeState(None, dirty=False)
    write(repo, "train.py", "")
    assert code_state(repo, DEFAULTS) == CodeState(None, dirty=True, changed=("train.py",))
    assert capsys.readouterr().err == ""


def test_without_a_repository_nothing_is_known_and_nothing_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_state(tmp_path, DEFAULTS) == UNKNOWN
    assert UNKNOWN.fields == {"code_commit": None, "code_dirty": None}
    assert capsys.readouterr().err == ""


def test_code_is_recorded_beside_a_statepoint_without_it_until_the_run_has_started() -> None:
    first, second = CodeState("a" * 40, dirty=True), CodeState("b" * 40, dirty=False)
    document: dict[str, Any] = {}
    put_code(document, {"seed": 1}, first)
    assert document == first.fields
    put_code(document, {"seed": 1}, UNKNOWN)
    assert document == {}
    document = {"started_at": "2026-01-01T00:00:00Z", **first.fields}
    put_code(document, {"seed": 1}, second)
    assert document["code_commit"] == "a" * 40
    document = {}
    put_code(document, {"seed": 1, "code_commit": None}, second)
    assert document == {}


def test_the_first_files_of_dirty_code_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_dirty_code(
        "x", CodeState("a" * 40, dirty=True, changed=("a.py", "b.py", "c.py", "d.py"))
    )
    assert capsys.readouterr().err == (
        'aexp: the code of run x differs from commit aaaaaaaaaaaa: "a.py", "b.py", "c.py" '
        "and 1 more\n"
    )
    warn_of_dirty_code("x", CodeState("a" * 40, dirty=False))
    assert capsys.readouterr().err == ""


def test_a_repository_that_git_refuses_is_told_of(
    repo: Path, committed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".git/HEAD", "nonsense")
    assert code_state(repo, DEFAULTS) == UNKNOWN
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("aexp: the run is registered without its commit, for git ")


def test_the_environment_of_a_hook_of_another_repository_does_not_count(
    tmp_path: Path, repo: Path, committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert code_state(repo, DEFAULTS) == CodeState(committed, dirty=False)
