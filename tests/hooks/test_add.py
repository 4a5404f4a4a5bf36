"""Entries that the commit lacks are added to it, or it is said exactly how."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import FINDING, Hooks, add_run, commit, entry_of_run, stage
from repositories import add_entry, add_finding, batch, git, job, write

UNSTAGED = "finding.unstaged_ledger_entry"


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture(autouse=True)
def ignored_store(repo: Path) -> None:
    write(repo, ".gitignore", ".runs/\n")
    commit(repo)


def staged(repo: Path) -> set[str]:
    return set(git(repo, "diff", "--cached", "--name-only").split())


class TestSaying:
    def test_an_entry_that_was_never_added(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_entry(repo, {"experiment_id": "E001"})
        add_finding(repo, "F001-x", job(job_id))
        stage(repo, "kb")
        output = hooks.findings()
        assert (output.status, output.codes) == (1, [UNSTAGED])
        assert f"next: run `git add {entry_of_run(job_id)}`\n" in output.out

    def test_an_entry_that_was_only_announced(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_entry(repo, {"experiment_id": "E001"})
        add_finding(repo, "F001-x", job(job_id))
        stage(repo, "kb")
        git(repo, "add", "-N", entry_of_run(job_id))
        assert hooks.findings().codes == [UNSTAGED]

    def test_more_than_can_be_named(self, repo: Path, hooks: Hooks) -> None:
        for seed in range(21):
            add_run(repo, seed)
        add_finding(repo, "F001-x", batch("E001"))
        stage(repo, "kb")
        assert "next: run `git add .aexp/ledger`\n" in hooks.findings().out

    def test_a_rule_that_ignores_the_ledger(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_entry(repo, {"experiment_id": "E001"})
        write(repo, ".gitignore", "# mine\n.aexp/\n")
        add_finding(repo, "F001-x", job(job_id))
        stage(repo, "kb", ".gitignore")
        expected = (
            "next: git ignores it (.gitignore:2: .aexp/): run "
            f"`git add -f {entry_of_run(job_id)}`; `aexp install` says how to end that\n"
        )
        assert expected in hooks.findings().out
        assert expected in hooks.findings("--stage").out
        assert staged(repo) == {FINDING, ".gitignore"}

    def test_git_commit_path_takes_nothing_else(
        self, repo: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        # As git does it for the hooks of `git commit PATH`.
        git(repo, "read-tree", "HEAD", GIT_INDEX_FILE=".git/next-index-1.lock")
        git(repo, "add", FINDING, GIT_INDEX_FILE=".git/next-index-1.lock")
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
        for output in (hooks.findings(), hooks.findings("--stage")):
            assert (output.status, output.codes) == (1, [UNSTAGED])
            assert "and name it in `git commit` too, which takes only the files it is" in output.out


class TestStaging:
    def test_entries_of_runs_that_are_here(self, repo: Path, hooks: Hooks) -> None:
        ids = sorted(add_run(repo, seed) for seed in (1, 2))
        add_finding(repo, "F001-x", job(ids[0]), batch("E001"))
        stage(repo, "kb")
        output = hooks.findings("--stage")
        assert output.status == 0
        assert output.out == f"added to the commit: {' '.join(map(entry_of_run, ids))}\n"
        assert staged(repo) == {FINDING, *map(entry_of_run, ids)}
        assert hooks.findings("--stage").out == ""

    @pytest.mark.parametrize("kind", ["job", "batch"])
    def test_entries_that_lie_on_disk(self, repo: Path, hooks: Hooks, kind: str) -> None:
        job_id = add_entry(repo, {"experiment_id": "E001"})
        uncited = add_entry(repo, {"experiment_id": "E002"})
        add_finding(repo, "F001-x", job(job_id) if kind == "job" else batch("E001"))
        stage(repo, "kb")
        assert hooks.findings("--stage").status == 0
        assert staged(repo) == {FINDING, entry_of_run(job_id)}
        assert entry_of_run(uncited) not in staged(repo)

    def test_what_was_promoted_anew(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo, "kb")
        assert hooks.findings("--stage").status == 0
        git(repo, "commit", "-qm", "x")
        document = repo / f".runs/workspace/{job_id}/signac_job_document.json"
        document.write_text('{"status": "complete", "aexp": {"experiment_id": "E009"}}')
        add_finding(repo, "F001-x", job(job_id), extra="more: true\n")
        stage(repo, "kb")
        assert hooks.findings("--stage").out == f"added to the commit: {entry_of_run(job_id)}\n"
        assert '"E009"' in git(repo, "show", f":{entry_of_run(job_id)}")

    def test_an_entry_that_is_in_git_though_it_is_ignored(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo, "kb")
        assert hooks.findings("--stage").status == 0
        git(repo, "commit", "-qm", "x")
        write(repo, ".gitignore", ".runs/\n.aexp/\n")
        commit(repo, ".gitignore")
        document = repo / f".runs/workspace/{job_id}/signac_job_document.json"
        document.write_text('{"status": "complete", "aexp": {"experiment_id": "E009"}}')
        add_finding(repo, "F001-x", job(job_id), extra="more: true\n")
        stage(repo, "kb")
        assert f"next: run `git add -f {entry_of_run(job_id)}`" in hooks.findings().out
        assert hooks.findings("--stage").out == f"added to the commit: {entry_of_run(job_id)}\n"

    def test_what_was_added_is_judged_with_the_rest(self, repo: Path, hooks: Hooks) -> None:
        write(repo, entry_of_run("0" * 32), "{}")
        add_finding(repo, "F001-x", job("0" * 32))
        stage(repo, "kb")
        output = hooks.findings("--stage")
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])

    def test_in_a_root_below_gits_own(
        self, repo: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = repo / "study [1]"
        write(inner, ".aexp/installed.json", "{}")
        (inner / ".aexp/ledger").mkdir()  # as an install leaves it
        job_id = add_run(inner)
        add_finding(inner, "F001-x", job(job_id))
        stage(repo, "study [1]/kb")
        monkeypatch.chdir(inner)
        assert hooks.findings().codes == [UNSTAGED]
        assert hooks.findings("--stage").status == 0
        assert staged(inner) == set(git(inner, "diff", "--cached", "--name-only").split())
        names = git(inner, "diff", "--cached", "--name-only", "--relative").split()
        assert set(names) == {FINDING, entry_of_run(job_id)}
