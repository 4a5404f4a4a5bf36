"""What is judged: the index, or what is pushed, each ref of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hooking import NOWHERE, Hooks, add_run, commit, entry_of_run, stage
from repositories import add_entry, add_finding, git, job, new_repository, write

BROKEN = "finding.broken_run_citation"
MISSING = "ledger.invalid_entry"
Z40 = "0" * 40


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture
def pushing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT", "1")


class Push:
    """What pre-commit says of a push."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def range(self, before: str, pushed: str) -> None:
        self._monkeypatch.setenv("PRE_COMMIT_FROM_REF", before)
        self._monkeypatch.setenv("PRE_COMMIT_TO_REF", pushed)

    def branch(self, name: str) -> None:
        self._monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", name)


@pytest.fixture
def push(monkeypatch: pytest.MonkeyPatch) -> Push:
    return Push(monkeypatch)


class TestRange:
    def test_its_end_is_judged_whatever_is_staged_or_on_disk(
        self, repo: Path, hooks: Hooks, push: Push
    ) -> None:
        held = add_entry(repo, {"seed": 0})
        before = commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        pushed = commit(repo)
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        push.range(before, pushed)
        assert hooks.findings().codes == [BROKEN]
        push.range(before, "HEAD")
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        assert hooks.findings().status == 0

    def test_only_what_it_changes_is_judged(self, repo: Path, hooks: Hooks, push: Push) -> None:
        held = add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-old", job(NOWHERE))
        before = commit(repo)
        add_finding(repo, "F002-new", job(held))
        push.range(before, commit(repo))
        assert hooks.findings().status == 0

    def test_an_entry_that_it_deletes(self, repo: Path, hooks: Hooks, push: Push) -> None:
        held = add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-x", job(held))
        before = commit(repo)
        git(repo, "rm", "-rq", ".aexp")
        push.range(before, commit(repo))
        assert hooks.findings().codes == [BROKEN, MISSING]

    def test_what_the_other_side_gained_since_is_not_taken_for_deleted(
        self, repo: Path, hooks: Hooks, push: Push
    ) -> None:
        add_finding(repo, "F001-old", job(NOWHERE))
        add_entry(repo, {"seed": 0})
        commit(repo)
        git(repo, "checkout", "-qb", "feature")
        write(repo, "README", "x")
        pushed = commit(repo)
        git(repo, "checkout", "-q", "main")
        add_entry(repo, {"seed": 1})
        write(repo, entry_of_run(NOWHERE), "{}")
        before = commit(repo)
        push.range(before, pushed)
        assert hooks.findings().status == 0

    @pytest.mark.parametrize("before", [Z40, "deadbeef", "-x", "--all"])
    def test_a_beginning_that_is_not_here_leaves_all_to_be_judged(
        self, repo: Path, hooks: Hooks, push: Push, before: str
    ) -> None:
        add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        write(repo, "README", "x")
        push.range(before, commit(repo))
        assert hooks.findings().codes == [BROKEN]

    @pytest.mark.parametrize("end", ["nope", "-x"])
    def test_an_end_that_is_not_here_cannot_be_judged(
        self, repo: Path, hooks: Hooks, push: Push, end: str
    ) -> None:
        push.range(commit(repo), end)
        output = hooks.findings()
        assert (output.status, output.out) == (2, "")
        assert f'git knows no commit, branch or tag "{end}" here' in output.err

    def test_histories_that_never_met(self, repo: Path, hooks: Hooks, push: Push) -> None:
        before = commit(repo)
        git(repo, "checkout", "-q", "--orphan", "new")
        add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-x", job(NOWHERE))
        push.range(before, commit(repo))
        assert hooks.findings().codes == [BROKEN]

    def test_its_own_configuration_counts(self, repo: Path, hooks: Hooks, push: Push) -> None:
        add_entry(repo, {"seed": 0})
        before = commit(repo)
        write(repo, "pyproject.toml", '[tool.aexp]\nstrict_runs = "warn"\n')
        add_finding(repo, "F001-x", job(NOWHERE))
        pushed = commit(repo)
        write(repo, "pyproject.toml", "[tool.aexp]\nno_such = 1\n")
        push.range(before, pushed)
        output = hooks.findings()
        assert (output.status, output.codes) == (0, ["policy.weakened", BROKEN])

    def test_a_run_that_is_only_here_is_promoted_and_must_be_committed(
        self, repo: Path, hooks: Hooks, push: Push
    ) -> None:
        write(repo, ".gitignore", ".runs/\n")
        before = commit(repo)
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        push.range(before, commit(repo))
        output = hooks.findings("--stage")
        assert output.status == 1
        fix = f"run `git add {entry_of_run(job_id)}`, commit, and push again\n"
        assert f"next: {fix}" in output.out
        assert git(repo, "diff", "--cached", "--name-only") == ""
        push.range(before, commit(repo))
        assert hooks.findings().status == 0


class TestFirstPush:
    """Of a branch's first push pre-commit tells no range."""

    def test_all_of_the_branch_is_judged(self, repo: Path, hooks: Hooks, push: Push) -> None:
        add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        git(repo, "rm", "-rq", "--cached", ".")
        push.branch("refs/heads/main")
        assert hooks.findings().codes == [BROKEN]

    def test_runs_that_are_only_here_are_promoted(
        self, repo: Path, hooks: Hooks, push: Push
    ) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        commit(repo)
        push.branch("refs/heads/main")
        assert hooks.findings().codes == ["finding.unstaged_ledger_entry"]


class TestIndex:
    def test_the_index_that_a_hook_is_given_is_judged(
        self, repo: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_entry(repo, {"seed": 0})
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        git(repo, "read-tree", "HEAD", GIT_INDEX_FILE=".git/index.other")
        git(repo, "add", "kb", GIT_INDEX_FILE=".git/index.other")
        write(repo, "README", "x")
        git(repo, "add", "README")
        assert hooks.findings().status == 0
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.other")
        assert hooks.findings().codes == [BROKEN]

    @pytest.mark.parametrize("exported", [False, True])
    def test_a_linked_work_tree(
        self,
        repo: Path,
        tmp_path: Path,
        hooks: Hooks,
        monkeypatch: pytest.MonkeyPatch,
        exported: bool,
    ) -> None:
        held = add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        linked = tmp_path / "linked"
        git(repo, "worktree", "add", "-q", str(linked))
        git(linked, "rm", "-rq", ".aexp")
        monkeypatch.chdir(linked)
        if exported:
            monkeypatch.setenv("GIT_DIR", git(linked, "rev-parse", "--absolute-git-dir").strip())
        assert hooks.findings().codes == [BROKEN, MISSING]
        monkeypatch.chdir(linked / "kb")
        assert hooks.findings().codes == [BROKEN, MISSING]

    def test_what_was_only_announced_with_add_n_is_not_staged(
        self, repo: Path, hooks: Hooks
    ) -> None:
        add_entry(repo, {"seed": 0})
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        git(repo, "add", "-N", "kb")
        write(repo, "README", "x")
        git(repo, "add", "README")
        assert hooks.findings().status == 0

    def test_a_configuration_that_is_a_link_is_refused(self, repo: Path, hooks: Hooks) -> None:
        write(repo, "conf/aexp.toml", '[tool.aexp]\nstrict_runs = "warn"\n')
        (repo / "pyproject.toml").symlink_to("conf/aexp.toml")
        add_entry(repo, {"seed": 0})
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        output = hooks.findings()
        assert output.status == 2
        assert "pyproject.toml: is a symbolic link" in output.err

    def test_one_of_the_two_names_of_a_range_is_no_range(
        self, repo: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_entry(repo, {"seed": 0})
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
        assert hooks.findings().codes == [BROKEN]


# As a plain pre-push hook


HOOK = "#!/bin/sh\nexec {python} -m pytest_aexp.hooks.{name}{arguments}\n"


@pytest.fixture
def pushed(repo: Path, tmp_path: Path) -> Path:
    """A repository with a remote, and a hook that runs before a push."""
    add_finding(repo, "F001-x", job(add_entry(repo, {"seed": 1})))
    commit(repo)
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "origin", "main")
    install_hook(repo, "findings")
    return repo


def install_hook(repo: Path, name: str, arguments: str = "") -> None:
    write(
        repo,
        ".git/hooks/pre-push",
        HOOK.format(python=sys.executable, name=name, arguments=arguments),
    )
    (repo / ".git/hooks/pre-push").chmod(0o755)


def git_push(repo: Path, *refs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "push", "origin", *refs], cwd=repo, capture_output=True, text=True, check=False
    )


def break_a_finding(repo: Path) -> None:
    add_finding(repo, "F002-y", job(NOWHERE))
    commit(repo)


@pytest.mark.parametrize("arguments", ["", ' "$@"'])
def test_what_is_staged_does_not_matter(pushed: Path, arguments: str) -> None:
    install_hook(pushed, "findings", arguments)
    break_a_finding(pushed)
    write(pushed, "README", "staged, and unrelated")
    git(pushed, "add", "README")
    done = git_push(pushed, "main")
    assert done.returncode != 0
    assert "finding.broken_run_citation" in done.stdout + done.stderr


def test_every_branch_is_checked(pushed: Path) -> None:
    git(pushed, "checkout", "-qb", "good")
    write(pushed, "README", "x")
    commit(pushed)
    git(pushed, "checkout", "-qb", "bad", "main")
    break_a_finding(pushed)
    git(pushed, "checkout", "-q", "good")
    assert git_push(pushed, "good", "bad").returncode != 0
    assert git_push(pushed, "good").returncode == 0


def test_a_branch_that_is_deleted_holds_nothing_to_check(pushed: Path) -> None:
    git(pushed, "push", "-q", "--no-verify", "origin", "main:other")
    break_a_finding(pushed)
    assert git_push(pushed, "--delete", "other").returncode == 0


def test_a_commit_of_many_tags_is_checked_once(pushed: Path) -> None:
    break_a_finding(pushed)
    tags = [f"v{number}" for number in range(3)]
    for tag in tags:
        git(pushed, "tag", tag)
    done = git_push(pushed, *tags)
    assert "\n2 findings, 2 citations" in done.stdout + done.stderr


def test_entries_are_checked_too(pushed: Path) -> None:
    install_hook(pushed, "ledger")
    write(pushed, f".aexp/ledger/{NOWHERE}.json", "{}")
    commit(pushed)
    write(pushed, "README", "x")
    git(pushed, "add", "README")
    assert git_push(pushed, "main").returncode != 0


def test_an_input_that_says_nothing_is_not_waited_for_long(pushed: Path) -> None:
    write(pushed, "README", "x")
    git(pushed, "add", "README")
    command = [sys.executable, "-m", "pytest_aexp.hooks.findings"]
    with subprocess.Popen(command, cwd=pushed, stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=30) == 0


def test_variables_that_are_left_over_are_named(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_aexp.hooks import findings

    commit(repo)
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
    findings.main([])
    assert "PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF set" in capsys.readouterr().err


@pytest.mark.parametrize("program", ["findings", "ledger"])
def test_file_names_are_refused_with_what_to_do(
    repo: Path, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    from importlib import import_module

    main = import_module(f"pytest_aexp.hooks.{program}").main
    assert main(["kb/research/findings/F001-x.md"]) == 2
    err = capsys.readouterr().err
    assert "takes no file names" in err
    assert "pass_filenames: false" in err


def test_every_repository_of_a_work_tree_is_checked(tmp_path: Path) -> None:
    top = new_repository(tmp_path / "top")
    add_entry(top / "sub", {"seed": 1})
    add_finding(top / "sub", "F001-x", job(NOWHERE))
    git(top, "add", "-A")
    command = [sys.executable, "-m", "pytest_aexp.hooks.findings"]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert "sub/kb/research/findings/F001-x.md:" in done.stdout


@pytest.mark.parametrize("staged", ["finding", "deleted entry"])
def test_a_repository_in_a_folder_is_found_by_what_is_staged_in_it(
    tmp_path: Path, staged: str
) -> None:
    top = new_repository(tmp_path / "top")
    cited, _ = (add_entry(top / "sub", {"seed": seed}) for seed in (1, 2))
    add_finding(top / "sub", "F001-x", job(cited))
    commit(top)
    if staged == "finding":
        add_finding(top / "sub", "F001-x", job(NOWHERE))
        stage(top)
    else:
        git(top, "rm", "-q", f"sub/{entry_of_run(cited)}")
    command = [sys.executable, "-m", "pytest_aexp.hooks.findings"]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert "sub/kb/research/findings/F001-x.md:" in done.stdout
