"""A folder of a clone that is laid out as a bare repository is never obeyed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import add_entry, add_finding, git, job, new_repository, write

from pytest_aexp.cli import main
from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.git.listing import bare_root
from pytest_aexp.ground.git.run import (
    bare_around,
    git_or_none,
    own_environment,
    run_git,
    start_git,
)
from pytest_aexp.work.check.evidence.history import History

ORDERS = """\
[core]
\trepositoryformatversion = 0
\tbare = false
\tworktree = .
\tfsmonitor = "sh -c 'echo fsmonitor >> {log}' --"
\thooksPath = {hooks}
"""
VERBS = [
    ["install", "--dry-run"],
    ["install"],
    ["ledger", "pack", "--dry-run"],
    ["report", "--html", "page.html"],
    ["new-run", "--experiment", "E001"],
    ["validate"],
    ["validate", "--at", "HEAD"],
    ["validate", "--at", "index"],
    ["ledger", "check"],
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def embedded(clone: Path, log: Path) -> Path:
    """A folder of ``clone`` whose files, all of which git can hold, make it a repository."""
    sub = clone / "sub"
    hook = write(sub, "hooks/post-index-change", f"#!/bin/sh\necho hook >> {log}\n")
    hook.chmod(0o755)
    write(sub, "HEAD", "ref: refs/heads/main\n")
    write(sub, "config", ORDERS.format(log=log, hooks=hook.parent))
    write(sub, "refs/.keep", "")
    write(sub, "objects/.keep", "")
    write(sub, ".aexp/installed.json", "{}")
    add_finding(sub, "F001-x", job(add_entry(sub, {"experiment_id": "E001", "seed": 1})))
    quietly = ("-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null")
    git(sub, "--git-dir=.", "--work-tree=.", *quietly, "add", "kb", ".aexp")
    git(sub, "--git-dir=.", "--work-tree=.", *quietly, "commit", "-q", "-m", "x")
    return sub


@pytest.fixture
def sub(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = embedded(new_repository(tmp_path / "clone"), log)
    monkeypatch.chdir(folder)
    return folder


def test_what_would_be_obeyed(sub: Path, log: Path) -> None:
    """Else the tests below show nothing."""
    plainly = ["git", "-c", "safe.bareRepository=all", "status"]
    subprocess.run(plainly, cwd=sub, check=True, capture_output=True)
    assert "fsmonitor" in log.read_text()


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_no_verb_runs_what_its_configuration_names(
    sub: Path, log: Path, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (sub / ".runs").mkdir()
    if verb[0] == "new-run":
        main(["install"])
    main(verb)
    assert not log.exists(), capsys.readouterr().out


def test_pytest_runs_nothing_of_a_bare_repository_either(sub: Path, log: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--aexp-report=r.html"]
    done = subprocess.run(
        [*command, "--aexp"], cwd=sub, check=False, capture_output=True, text=True
    )
    assert "1 passed" in done.stdout or "2 passed" in done.stdout, done.stdout
    assert not log.exists()


PROMISES = """\
[core]
\trepositoryformatversion = 1
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = /nowhere
\tpromisor = true
\tuploadpack = "echo fetched >> {log};"
"""


@pytest.fixture
def promising(sub: Path, log: Path) -> Path:
    """One that names a program to fetch what is missing, and misses its last commit."""
    write(sub, "config", PROMISES.format(log=log))
    write(sub, "refs/heads/main", f"{'1' * 40}\n")
    write(sub, ".gitignore", "# agentic-experiments:begin\n")
    shutil.rmtree(sub / ".aexp")
    return sub


def test_what_would_be_fetched(promising: Path, log: Path) -> None:
    """Else the test below shows nothing."""
    git_or_none([f"--git-dir={promising}", "ls-tree", "HEAD"], promising)
    assert "fetched" in log.read_text()


def test_nothing_is_fetched_by_a_program_that_its_configuration_names(
    promising: Path, log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for named in (None, str(promising.parent / ".git")):
        if named:
            monkeypatch.setenv("GIT_DIR", named)
        main(["validate"])
        assert not log.exists(), capsys.readouterr().out
        assert History(promising).has("1111111") is not True
        assert not log.exists()


@pytest.mark.parametrize("below", [".", "refs", "kb/research"])
def test_a_git_that_does_not_know_the_danger_is_not_even_started(
    sub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    old = write(tmp_path, "bin/git", f"#!/bin/sh\ntouch {tmp_path}/started\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    for environment in (None, own_environment()):
        with pytest.raises(GitError, match="laid out as a bare git repository"):
            run_git(["status", "--", "--git-dir=x"], sub / below, env=environment)
    with pytest.raises(GitError, match="laid out as a bare git repository"):
        start_git(["cat-file", "--batch"], sub / below)
    assert not (tmp_path / "started").exists()


def test_an_old_git_is_told_to_run_no_monitor_and_no_hook(sub: Path, log: Path) -> None:
    """Where it is sent there on purpose, so that nothing else keeps it from it."""
    write(sub, "file", "x")
    at = [f"--git-dir={sub}", f"--work-tree={sub}"]
    run_git([*at, "status"], sub)
    run_git([*at, "add", "file"], sub)
    assert not log.exists()


@pytest.mark.parametrize("names", [("HEAD", "refs"), ("HEAD", "commondir")])
def test_what_git_takes_for_bare(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write(tmp_path, f"inner/{name}", "")
    (tmp_path / "link").symlink_to("inner/below")
    (tmp_path / "inner/below").mkdir()
    inner = (tmp_path / "inner").resolve()
    assert bare_around(tmp_path / "link") == bare_around(inner) == inner
    assert bare_around(tmp_path) is None
    (inner / "below/.git").mkdir()
    assert bare_around(tmp_path / "link") is None


class TestTheUsersOwn:
    """A bare repository that came with no clone can be judged at a commit."""

    @pytest.fixture
    def bare(self, tmp_path: Path) -> Path:
        source = new_repository(tmp_path / "source")
        add_finding(source, "F001-x", job(add_entry(source, {"seed": 1})))
        git(source, "add", ".")
        git(source, "commit", "-q", "-m", "x")
        git(source, "clone", "-q", "--bare", ".", str(tmp_path / "mirror.git"))
        return tmp_path / "mirror.git"

    def test_is_judged_and_runs_nothing(
        self, bare: Path, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git(bare, "config", "core.fsmonitor", f"echo x >> {log}; :")
        monkeypatch.chdir(bare)
        assert main(["validate", "--at", "HEAD", "F001"]) == 0
        assert main(["validate", "--at", "nothing"]) == 2
        assert not log.exists()

    def test_under_the_policy_of_a_commit(
        self, bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(bare)
        assert main(["validate", "--at", "HEAD", "--policy-from", "HEAD"]) == 0
        assert capsys.readouterr().err == ""

    @pytest.mark.parametrize("file", [".aexp/ledger/x.json", ".gitignore"])
    def test_folders_in_it_that_are_not_looked_into_are_named(
        self,
        bare: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        file: str,
    ) -> None:
        source = bare.parent / "source"
        write(source, f"sub/{file}", "# agentic-experiments:begin\n")
        git(source, "add", "-A")
        git(source, "commit", "-q", "-m", "y")
        git(source, "push", "-q", str(bare), "main")
        monkeypatch.chdir(bare)
        assert main(["validate", "--at", "HEAD"]) == 2
        assert "in which folders use a ledger (sub)" in capsys.readouterr().err

    def test_within_a_repository_it_must_be_named(
        self,
        bare: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        outer = new_repository(tmp_path / "outer")
        bare = bare.rename(outer / "mirror.git").resolve()
        monkeypatch.chdir(bare / "refs")
        assert main(["validate", "--at", "HEAD"]) == 2
        assert capsys.readouterr().err == (
            f"aexp: {bare} is laid out as a bare git repository within the repository {outer}, so "
            f"it may be somebody else's; if it is yours, run `GIT_DIR={bare} aexp …`\n"
        )
        monkeypatch.setenv("GIT_DIR", str(bare))
        assert main(["validate", "--at", "HEAD", "F001"]) == 0


def test_one_of_a_clone_is_not_judged(sub: Path, log: Path) -> None:
    with pytest.raises(UsageError, match="within the repository"):
        bare_root(sub / "kb")
    assert not log.exists()
