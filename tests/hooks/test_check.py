"""How a hook runs: what it may change, where it starts, and what its command line decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import FINDING, NOWHERE, Hooks, add_run, commit, entry_of_run, snapshot, stage
from repositories import add_entry, add_finding, git, job, write


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


@pytest.fixture
def held(repo: Path) -> str:
    """A run with an entry, both in a first commit."""
    job_id = add_entry(repo, {"experiment_id": "E001", "seed": 0})
    commit(repo)
    return job_id


class TestOrder:
    """What the hook may and may not do."""

    def test_it_changes_no_file_but_the_ledger(self, repo: Path, held: str, hooks: Hooks) -> None:
        job_id = add_run(repo)
        add_finding(repo, "F001-x", job(job_id), job(NOWHERE))
        stage(repo)
        before, index = snapshot(repo), git(repo, "ls-files", "-s")
        hooks.findings()
        after = snapshot(repo)
        assert git(repo, "ls-files", "-s") == index
        assert set(after) - set(before) == {str(repo / entry_of_run(job_id))}
        assert {path: data for path, data in after.items() if path in before} == before

    def test_before_the_first_commit_all_is_new(self, repo: Path, hooks: Hooks) -> None:
        add_entry(repo, {"seed": 0})
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        assert hooks.findings().codes == ["finding.broken_run_citation"]

    def test_an_empty_repository_passes(self, repo: Path, hooks: Hooks) -> None:
        assert hooks.findings().status == 0

    def test_from_a_folder_further_down(
        self, repo: Path, held: str, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        monkeypatch.chdir(repo / "kb/research")
        assert hooks.findings().out.startswith(f"{FINDING}:4:21: ")

    def test_in_a_root_below_gits_own(
        self, repo: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = repo / "study"
        write(inner, ".aexp/installed.json", "{}")
        write(repo, ".gitignore", "installed.json\n")
        job_id = add_entry(inner, {"seed": 0})
        add_finding(inner, "F001-x", job(job_id))
        commit(repo)
        monkeypatch.chdir(inner)
        write(repo, "outside", "x")
        stage(repo)
        assert hooks.findings().status == 0
        git(repo, "rm", "-q", f"study/{entry_of_run(job_id)}")
        output = hooks.findings()
        assert (output.status, output.out.split(":")[0]) == (1, FINDING)

    def test_outside_any_repository_it_cannot_be_done(
        self, tmp_path: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        output = hooks.findings()
        assert output.status == 2
        assert output.err.startswith("aexp-findings: no repository at ")

    def test_a_configuration_that_cannot_be_used_stops_it(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        write(repo, "pyproject.toml", "[tool.aexp]\nstrict_run = 1\n")
        stage(repo)
        output = hooks.findings()
        assert output.status == 2
        assert 'pyproject.toml: [tool.aexp] has no setting "strict_run"' in output.err

    @pytest.mark.parametrize(
        ("strictness", "status", "severity"), [("error", 1, "error"), ("warn", 0, "warning")]
    )
    def test_strictness_may_be_given(
        self, repo: Path, held: str, hooks: Hooks, strictness: str, status: int, severity: str
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        output = hooks.findings(f"--strict-runs={strictness}")
        assert output.status == status
        assert f":4:21: {severity}: " in output.out
        counted = "whether the runs of 1 citation exist was not judged"
        assert counted in hooks.findings("--strict-runs=off").out

    def test_strictness_may_be_configured(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "pyproject.toml", '[tool.aexp]\nstrict_runs = "warn"\n')
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE), job(NOWHERE))
        stage(repo)
        assert hooks.findings().status == 0
        assert hooks.findings("--strict-runs=error").status == 1

    def test_nothing_in_a_file_can_forge_a_line(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "kb/research/findings/F1\n::error::x\x1b[31m.md", "no front matter")
        stage(repo)
        output = hooks.findings()
        assert output.status == 1
        assert "\x1b" not in output.out
        assert len(output.out.splitlines()) == 3
