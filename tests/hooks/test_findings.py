"""aexp-findings: what findings cite must be in the commit, and must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import FINDING, NOWHERE, Hooks, add_run, commit, entry_of_run, stage
from repositories import add_entry, add_finding, batch, git, job, write


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture
def held(repo: Path) -> str:
    """A run with an entry, both in a first commit."""
    job_id = add_entry(repo, {"experiment_id": "E001", "seed": 0})
    commit(repo)
    return job_id


class TestStagedFindings:
    """What is staged is judged, as it is staged."""

    def test_one_that_holds_is_passed_in_silence(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held), batch("E001", "{seed: 0}"))
        stage(repo)
        output = hooks.findings()
        assert (output.status, output.out, output.err) == (0, "", "")

    def test_a_broken_citation_names_place_code_and_next_step(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(held), job(NOWHERE))
        stage(repo)
        output = hooks.findings()
        assert output.status == 1
        assert output.out.startswith(f"{FINDING}:5:21: error: run {NOWHERE} was not found")
        assert output.codes == ["finding.broken_run_citation"]
        assert "    next: check the id" in output.out
        assert output.out.endswith("1 finding, 2 citations, 1 ledger entry: 1 error, 0 warnings\n")

    def test_what_is_not_staged_does_not_count(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        stage(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        add_finding(repo, "F002-y", job(NOWHERE))
        assert hooks.findings().status == 0

    def test_what_is_only_mended_on_disk_still_counts(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        add_finding(repo, "F001-x", job(held))
        assert hooks.findings().status == 1

    def test_findings_that_are_not_staged_are_left_alone(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        add_finding(repo, "F002-y", job(held))
        stage(repo)
        assert hooks.findings().status == 0

    def test_with_nothing_staged_all_are_judged(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        add_finding(repo, "F002-y", job(held))
        commit(repo)
        output = hooks.findings()
        assert (output.status, output.codes) == (1, ["finding.broken_run_citation"])
        assert "2 findings, 2 citations" in output.out

    def test_a_renamed_finding_is_judged_under_its_new_name(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        git(repo, "mv", FINDING, "kb/research/findings/F002-new.md")
        output = hooks.findings()
        assert output.status == 1
        assert output.out.startswith("kb/research/findings/F002-new.md:4:21: error: ")

    def test_a_deleted_finding_needs_no_evidence(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        git(repo, "rm", "-q", FINDING)
        assert hooks.findings().status == 0

    def test_an_unreadable_finding(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, FINDING, "---\nnever closed\n")
        stage(repo)
        assert hooks.findings().codes == ["finding.unreadable"]

    def test_a_warning_is_said_and_passes(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_run(repo, 1, "running")
        add_finding(repo, "F001-x", batch("E001", "{seed: 1}"))
        stage(repo)
        output = hooks.findings()
        assert (output.status, output.codes) == (0, ["finding.unfinished_run_citation"])


class TestConflict:
    def test_an_entry_in_conflict_names_the_command(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_entry(repo, {"seed": 1})
        add_finding(repo, "F001-x", job(job_id))
        commit(repo)
        git(repo, "checkout", "-qb", "theirs")
        add_entry(repo, {"seed": 1}, status="failed")
        commit(repo)
        git(repo, "checkout", "-q", "main")
        add_entry(repo, {"seed": 1}, status="stopped")
        commit(repo)
        git(repo, "merge", "-q", "theirs", check=False)
        for output in (hooks.findings(), hooks.ledger()):
            assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
            assert f"next: run `aexp ledger resolve {job_id}`" in output.out

    def test_a_clean_merge_answers_for_what_it_brings_together(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        git(repo, "checkout", "-qb", "theirs")
        git(repo, "rm", "-q", entry_of_run(held))
        commit(repo)
        git(repo, "checkout", "-q", "main")
        add_finding(repo, "F001-x", job(held))
        write(repo, ".aexp/ledger/README", "")
        commit(repo)
        git(repo, "merge", "-q", "--no-commit", "theirs")
        assert hooks.findings().codes == ["finding.broken_run_citation"]
