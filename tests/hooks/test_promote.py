"""Finished runs of this machine enter the ledger before a finding that cites them is committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hooking import FINDING, Hooks, add_run, commit, entry_of_run, stage
from repositories import add_entry, add_finding, batch, git, job, write

from pytest_aexp.cli import main

UNSTAGED = "finding.unstaged_ledger_entry"
POINT = {"experiment_id": "E001", "seed": 1}


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture(autouse=True)
def label(repo: Path) -> None:
    write(repo, ".aexp/installed.json", '{"machine_label": "laptop"}')
    write(repo, ".gitignore", ".runs/\n.aexp/installed.json\n")
    commit(repo)


def entry(repo: Path, job_id: str) -> dict[str, object]:
    read: dict[str, object] = json.loads((repo / entry_of_run(job_id)).read_text())
    return read


def change(repo: Path, job_id: str, **document: object) -> None:
    """What a run's document says from now on."""
    file = repo / f".runs/workspace/{job_id}/signac_job_document.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **document}))


class TestJobs:
    def test_the_first_commit_is_refused_with_what_to_add_and_the_second_passes(
        self, repo: Path, hooks: Hooks
    ) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        output = hooks.findings()
        assert (output.status, output.codes) == (1, [UNSTAGED])
        assert output.out.startswith(f"{FINDING}:4:21: error: run {job_id} is finished and its ")
        assert f"    next: run `git add {entry_of_run(job_id)}`\n" in output.out
        assert entry(repo, job_id)["registered_machine"] == "laptop"
        assert hooks.findings().status == 1
        stage(repo, entry_of_run(job_id))
        assert hooks.findings().out == ""
        assert hooks.ledger().status == 0
        git(repo, "commit", "-qm", "x")
        assert hooks.findings().out == ""

    def test_a_run_that_was_linked_since_is_promoted_again(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        hooks.findings()
        commit(repo)
        change(repo, job_id, aexp={"experiment_id": "E009"})
        add_finding(repo, "F001-x", job(job_id), extra="more: true\n")
        stage(repo, "kb")
        output = hooks.findings()
        assert (output.status, output.codes) == (1, [UNSTAGED])
        assert f"run {job_id} was linked or marked anew" in output.out
        assert entry(repo, job_id)["run_link"] == {"experiment_id": "E009"}
        stage(repo, ".aexp")
        assert hooks.findings().status == 0

    def test_what_has_not_changed_stays_to_the_byte(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        hooks.findings()
        file = repo / entry_of_run(job_id)
        before = file.read_bytes(), file.stat().st_mtime_ns
        stage(repo)
        assert hooks.findings().status == 0
        assert (file.read_bytes(), file.stat().st_mtime_ns) == before

    def test_a_run_that_has_not_finished_is_only_warned_of(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo, status="running")
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        output = hooks.findings()
        assert (output.status, output.codes) == (0, ["finding.unfinished_run_citation"])
        assert not (repo / entry_of_run(job_id)).exists()

    def test_a_run_that_cannot_enter_the_ledger_is_told_with_the_reason(
        self, repo: Path, hooks: Hooks
    ) -> None:
        job_id = add_run(repo, seed=float("nan"))  # type: ignore[arg-type]
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        output = hooks.findings()
        assert output.codes == ["finding.unpromoted_run_citation"]
        assert "its statepoint holds NaN or Infinity" in output.out

    def test_runs_of_findings_that_are_not_staged_wait(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        commit(repo, "kb")
        write(repo, "README", "x")
        stage(repo, "README")
        assert hooks.findings().status == 0
        assert not (repo / entry_of_run(job_id)).exists()

    def test_with_nothing_staged_nothing_is_written(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        commit(repo, "kb")
        output = hooks.findings()
        assert (output.status, output.codes) == (0, ["finding.unpromoted_run_citation"])
        assert not (repo / entry_of_run(job_id)).exists()

    def test_a_deleted_entry_of_a_run_that_is_here_comes_back(
        self, repo: Path, hooks: Hooks
    ) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        hooks.findings()
        commit(repo)
        git(repo, "rm", "-q", entry_of_run(job_id))
        output = hooks.findings()
        assert (output.status, output.codes) == (1, [UNSTAGED, "ledger.invalid_entry"])
        assert (repo / entry_of_run(job_id)).exists()

    def test_a_run_store_elsewhere(self, repo: Path, hooks: Hooks) -> None:
        write(repo, "pyproject.toml", '[tool.aexp]\nrun_store = "data/runs"\n')
        job_id = add_run(repo)
        (repo / "data").mkdir()
        (repo / ".runs").rename(repo / "data/runs")
        add_finding(repo, "F001-x", job(job_id))
        stage(repo, "pyproject.toml", "kb")
        assert hooks.findings().codes == [UNSTAGED]
        assert (repo / entry_of_run(job_id)).exists()

    def test_line_ends_that_git_converts_are_no_change(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_run(repo)
        write(repo, ".gitattributes", ".aexp/ledger/*.json text eol=crlf\n")
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        hooks.findings()
        commit(repo)
        (repo / entry_of_run(job_id)).unlink()
        git(repo, "checkout", "-q", "--", ".aexp")
        assert b"\r\n" in (repo / entry_of_run(job_id)).read_bytes()
        add_finding(repo, "F001-x", job(job_id), extra="more: true\n")
        stage(repo)
        assert hooks.findings().out == ""


class TestBatches:
    def test_every_finished_run_of_the_batch_is_promoted(self, repo: Path, hooks: Hooks) -> None:
        ids = [add_run(repo, seed) for seed in (1, 2)]
        running, other = add_run(repo, 3, "running"), add_run(repo, 4)
        for job_id in (*ids, running):
            change(repo, job_id, aexp={"experiment_id": "E005"})
        add_finding(repo, "F001-x", batch("E005"))
        stage(repo)
        output = hooks.findings()
        assert (output.status, output.codes) == (1, [UNSTAGED])
        assert "2 finished runs of the batch of E005 on this machine" in output.out
        assert [(repo / entry_of_run(each)).exists() for each in (*ids, running, other)] == [
            True,
            True,
            False,
            False,
        ]
        stage(repo)
        assert hooks.findings().status == 0

    def test_one_more_run_of_a_batch_that_holds(self, repo: Path, hooks: Hooks) -> None:
        add_entry(repo, {"experiment_id": "E001", "seed": 0})
        job_id = add_run(repo)
        add_finding(repo, "F001-x", batch("E001"))
        stage(repo)
        output = hooks.findings()
        assert output.codes == [UNSTAGED]
        assert f"git add {entry_of_run(job_id)}`" in output.out


class TestOtherMachines:
    """What another machine tells of another attempt is not this machine's to change."""

    @pytest.mark.parametrize(
        ("theirs", "ours", "kept"),
        [
            ("complete", "failed", True),
            ("complete", "complete", True),
            ("stopped", "failed", True),
            ("failed", "complete", False),
        ],
    )
    def test_of_two_attempts_the_one_that_ranks_higher_is_kept(
        self, repo: Path, hooks: Hooks, theirs: str, ours: str, kept: bool
    ) -> None:
        job_id = add_entry(repo, POINT, status=theirs, ended_at="2026-01-01T00:00:00Z")
        add_run(repo, 1, ours, ended_at="2026-02-02T00:00:00Z")
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        before = (repo / entry_of_run(job_id)).read_bytes()
        output = hooks.findings()
        assert ((repo / entry_of_run(job_id)).read_bytes() == before) is kept
        assert output.status == (0 if kept else 1)

    def test_the_same_attempt_that_was_linked_here_is_kept_with_the_command_that_overrules(
        self, repo: Path, hooks: Hooks
    ) -> None:
        job_id = add_entry(repo, POINT)
        add_run(repo, aexp={"experiment_id": "E002"})
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        output = hooks.findings()
        assert output.status == 0
        assert f"`aexp ledger promote {job_id} --replace`" in output.err
        assert main(["ledger", "promote", job_id, "--replace"]) == 0
        assert entry(repo, job_id)["run_link"] == {"experiment_id": "E002"}

    @pytest.mark.parametrize("ours", ["complete", "failed"])
    def test_an_entry_that_cannot_be_used_is_written_anew(
        self, repo: Path, hooks: Hooks, ours: str
    ) -> None:
        job_id = add_run(repo, status=ours)
        theirs = '{"registered_machine": "cluster", "status": "complete"}'
        write(repo, entry_of_run(job_id), theirs)
        add_finding(repo, "F001-x", job(job_id))
        stage(repo)
        output = hooks.findings()
        assert output.status == 1
        assert entry(repo, job_id)["registered_machine"] == "laptop"
        stage(repo)
        assert hooks.findings().status == 0

    def test_promoting_by_hand_follows_the_same_rule(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        job_id = add_entry(repo, POINT, status="stopped", ended_at="2026-01-01T00:00:00Z")
        add_run(repo, 1, "failed")
        assert main(["ledger", "promote", job_id]) == 0
        assert entry(repo, job_id)["status"] == "stopped"
        assert capsys.readouterr().err == (
            f"aexp: run {job_id}: kept its ledger entry (stopped, 2026-01-01T00:00:00Z, cluster) "
            "over what this machine has (failed, laptop); to replace it, run "
            f"`aexp ledger promote {job_id} --replace`\n"
        )
        assert main(["ledger", "promote", job_id, "--replace"]) == 0
        assert entry(repo, job_id)["status"] == "failed"
