"""aexp-findings: what findings cite must be in the commit, and must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import FINDING, NOWHERE, Hooks, Said, add_run, commit, entry_of_run, snapshot, stage
from repositories import add_entry, add_finding, batch, entry_of, entry_text, git, job, write

from pytest_aexp.model import batch_cache


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
        said = hooks.findings()
        assert (said.status, said.out, said.err) == (0, "", "")

    def test_a_broken_citation_names_place_code_and_next_step(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(held), job(NOWHERE))
        stage(repo)
        said = hooks.findings()
        assert said.status == 1
        assert said.out.startswith(f"{FINDING}:5:21: error: run {NOWHERE} was not found")
        assert said.codes == ["finding.broken_run_citation"]
        assert "    next: check the id" in said.out
        assert said.out.endswith("1 finding, 2 citations, 1 ledger entry: 1 error, 0 warnings\n")

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
        said = hooks.findings()
        assert (said.status, said.codes) == (1, ["finding.broken_run_citation"])
        assert "2 findings, 2 citations" in said.out

    def test_a_renamed_finding_is_judged_under_its_new_name(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        git(repo, "mv", FINDING, "kb/research/findings/F002-new.md")
        said = hooks.findings()
        assert said.status == 1
        assert said.out.startswith("kb/research/findings/F002-new.md:4:21: error: ")

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
        said = hooks.findings()
        assert (said.status, said.codes) == (0, ["finding.unfinished_run_citation"])


@pytest.fixture(params=[2000, 0], ids=["read", "remembered"])
def remembering(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ledgers are read, large ones remembered; here once each."""
    monkeypatch.setattr(batch_cache, "MANY", request.param)


@pytest.mark.usefixtures("remembering")
class TestEvidence:
    """A commit that changes an entry answers for every finding that cites it."""

    @pytest.mark.parametrize("cited", ["job", "batch", "both"])
    def test_a_commit_that_only_deletes_a_cited_entry(
        self, repo: Path, held: str, hooks: Hooks, cited: str
    ) -> None:
        citations = {"job": [job(held)], "batch": [batch("E001", "{seed: 0}")]}
        add_finding(repo, "F001-x", *citations.get(cited, [*citations["job"], *citations["batch"]]))
        add_finding(repo, "F002-other", job(add_entry(repo, {"experiment_id": "E002"})))
        commit(repo)
        git(repo, "rm", "-q", entry_of_run(held))
        said = hooks.findings()
        expected = {"job": "finding.broken_run_citation", "batch": "finding.empty_batch"}
        assert said.status == 1
        assert said.codes == ([expected[cited]] if cited in expected else list(expected.values()))
        assert "1 finding, " in said.out

    def test_a_commit_that_deletes_the_last_entry_of_all(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        git(repo, "rm", "-q", entry_of_run(held))
        assert not (repo / ".aexp").exists()
        assert hooks.findings().codes == ["finding.broken_run_citation", "ledger.invalid_entry"]

    def test_an_entry_nobody_cites_may_go(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        git(repo, "rm", "-q", entry_of_run(held))
        assert hooks.findings().status == 0

    def test_a_batch_that_keeps_a_run_holds(self, repo: Path, held: str, hooks: Hooks) -> None:
        other = add_entry(repo, {"experiment_id": "E001", "seed": 1})
        add_finding(repo, "F001-x", batch("E001"))
        commit(repo)
        git(repo, "rm", "-q", entry_of_run(other))
        assert hooks.findings().status == 0

    def test_a_renamed_entry_is_gone(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        git(repo, "mv", entry_of_run(held), entry_of_run(NOWHERE))
        assert hooks.findings().codes == ["finding.broken_run_citation"]

    def test_an_edited_entry_proves_nothing(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", batch("E001"))
        commit(repo)
        edited = {**entry_of({"experiment_id": "E001", "seed": 7}), "job_id": held}
        write(repo, entry_of_run(held), entry_text(edited))
        stage(repo)
        assert hooks.findings().codes == ["ledger.identity_mismatch"]

    def test_an_entry_whose_experiment_changes_leaves_its_batch(
        self, repo: Path, hooks: Hooks
    ) -> None:
        link = {"experiment_id": "E007"}
        add_entry(repo, {"seed": 5}, run_link=link)
        add_finding(repo, "F001-x", batch("E007"))
        commit(repo)
        add_entry(repo, {"seed": 5}, run_link={"experiment_id": "E008"})
        stage(repo)
        assert hooks.findings().codes == ["finding.empty_batch"]

    def test_a_new_entry_that_cannot_be_used_matters_to_who_cites_it(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        write(repo, entry_of_run(NOWHERE), "{}")
        stage(repo)
        assert hooks.findings().codes == ["ledger.invalid_entry"]

    def test_a_new_entry_that_is_right_matters_to_nobody(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE), batch("E001"))
        commit(repo)
        add_entry(repo, {"experiment_id": "E001", "seed": 3})
        stage(repo)
        assert hooks.findings().status == 0

    def test_a_deleted_machine_index_was_evidence_too(self, repo: Path, hooks: Hooks) -> None:
        index = (
            f'{{"schema_version": 1, "machine_label": "m", "entries": [{{"job_id": "{NOWHERE}"}}]}}'
        )
        write(repo, ".aexp/runs-index/m.json", index)
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        assert hooks.findings().codes == ["finding.absent_run_citation"]
        git(repo, "rm", "-q", ".aexp/runs-index/m.json")
        assert hooks.findings().codes == ["finding.broken_run_citation"]

    def test_a_configuration_of_other_programs_concerns_nobody(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        write(repo, "pyproject.toml", "[tool.other]\na = 1\n")
        stage(repo)
        assert hooks.findings().out == ""
        git(repo, "commit", "-qm", "x")
        git(repo, "rm", "-q", "pyproject.toml")
        assert hooks.findings().out == ""

    @pytest.mark.parametrize(
        "setting", ['findings = "notes/*.md"', '"severity"."finding.unreadable" = "warning"']
    )
    def test_a_changed_configuration_concerns_all(
        self, repo: Path, held: str, hooks: Hooks, setting: str
    ) -> None:
        write(repo, "notes/a.md", "no front matter")
        write(repo, FINDING, "no front matter")
        write(repo, "pyproject.toml", "[tool.other]\na = 1\n")
        commit(repo)
        write(repo, "pyproject.toml", "[tool.other]\na = 2\n")
        stage(repo)
        assert hooks.findings().codes == []
        write(repo, "pyproject.toml", f"[tool.aexp]\n{setting}\n")
        stage(repo)
        assert hooks.findings().codes[-1] == "finding.unreadable"
        write(repo, "pyproject.toml", "[tool.aexp]\nfindings = 1\n")
        commit(repo)
        git(repo, "rm", "-q", "pyproject.toml")
        assert hooks.findings().codes == ["finding.unreadable"]

    def test_the_configuration_that_counts_is_the_staged_one(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        write(repo, "pyproject.toml", '[tool.aexp]\nfindings = "notes/*.md"\n')
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        write(repo, "pyproject.toml", "")
        assert hooks.findings().status == 0
        write(repo, "notes/a.md", "no front matter")
        stage(repo, "notes")
        assert hooks.findings().codes == ["finding.unreadable"]


@pytest.mark.usefixtures("remembering")
class TestWhatIsNotRead:
    """Findings that a commit hides are a problem of that commit."""

    @pytest.mark.parametrize("place", ["kb", "kb/research/findings"])
    def test_a_link_in_the_place_of_their_folder(
        self, repo: Path, held: str, hooks: Hooks, place: str
    ) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        (repo / place).rename(repo / "elsewhere")
        (repo / place).symlink_to(repo / "elsewhere")
        stage(repo)
        said = hooks.findings()
        assert (said.status, said.codes) == (1, ["finding.none_collected"])
        assert said.out.startswith(f"{place}:1:1: error: no findings of kb/research/findings")

    @pytest.mark.parametrize("place", ["kb", "kb/research", "kb/research/findings"])
    def test_a_link_there_that_is_changed_to_another(
        self, repo: Path, held: str, hooks: Hooks, place: str
    ) -> None:
        (repo / place).parent.mkdir(parents=True, exist_ok=True)
        (repo / place).symlink_to("one")
        commit(repo)
        (repo / place).unlink()
        (repo / place).symlink_to("another")
        stage(repo)
        assert hooks.findings().codes == ["finding.none_collected"]

    def test_a_link_to_a_folder_with_findings(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "elsewhere/F009-old.md", "no front matter")
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        (repo / "kb/research/findings/more").symlink_to("../../../elsewhere")
        stage(repo)
        said = hooks.findings()
        assert (said.status, said.codes) == (1, ["finding.none_collected"])
        assert said.out.startswith("kb/research/findings/more:")

    def test_a_link_to_another_folder(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "elsewhere/picture.png", "")
        add_finding(repo, "F001-x", job(held))
        (repo / "kb/research/findings/more").symlink_to("../../../elsewhere")
        stage(repo)
        assert hooks.findings() == Said(0, "", "")

    def test_a_finding_that_is_a_link(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "notes/first.md", "---\na: 1\n---\n")
        (repo / "kb/research/findings").mkdir(parents=True)
        (repo / FINDING).symlink_to("../../../notes/first.md")
        stage(repo)
        said = hooks.findings()
        assert (said.status, said.codes) == (1, ["finding.unreadable"])
        assert "links are not followed" in said.out

    def test_a_folder_that_is_renamed(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        git(repo, "mv", "kb/research/findings", "kb/research/Findings")
        said = hooks.findings()
        assert (said.status, said.codes) == (1, ["finding.none_collected"])
        assert "git mv kb/research/Findings kb/research/findings" in said.out

    def test_all_findings_deleted(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        git(repo, "rm", "-rq", "kb")
        said = hooks.findings()
        assert (said.status, said.codes) == (0, ["finding.none_collected"])

    def test_a_ledger_that_is_a_link(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        (repo / ".aexp/ledger").rename(repo / "shared")
        (repo / ".aexp/ledger").symlink_to("../shared")
        stage(repo)
        said = hooks.findings()
        assert said.status == 1
        assert ".aexp/ledger:1:1: error: the ledger is a symbolic link" in said.out


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
        said = hooks.findings()
        assert (said.status, said.out.split(":")[0]) == (1, FINDING)

    def test_outside_any_repository_it_cannot_be_done(
        self, tmp_path: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        said = hooks.findings()
        assert said.status == 2
        assert said.err.startswith("aexp-findings: no repository at ")

    def test_a_configuration_that_cannot_be_used_stops_it(
        self, repo: Path, held: str, hooks: Hooks
    ) -> None:
        write(repo, "pyproject.toml", "[tool.aexp]\nstrict_run = 1\n")
        stage(repo)
        said = hooks.findings()
        assert said.status == 2
        assert 'pyproject.toml: [tool.aexp] has no setting "strict_run"' in said.err

    @pytest.mark.parametrize(
        ("strictness", "status", "severity"), [("error", 1, "error"), ("warn", 0, "warning")]
    )
    def test_strictness_may_be_given(
        self, repo: Path, held: str, hooks: Hooks, strictness: str, status: int, severity: str
    ) -> None:
        add_finding(repo, "F001-x", job(NOWHERE))
        stage(repo)
        said = hooks.findings(f"--strict-runs={strictness}")
        assert said.status == status
        assert f":4:21: {severity}: " in said.out
        assert hooks.findings("--strict-runs=off").out == ""

    def test_strictness_may_be_configured(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "pyproject.toml", '[tool.aexp]\nstrict_runs = "warn"\n')
        add_finding(repo, "F001-x", job(NOWHERE))
        commit(repo)
        add_finding(repo, "F001-x", job(NOWHERE), job(NOWHERE))
        stage(repo)
        assert hooks.findings().status == 0
        assert hooks.findings("--strict-runs=error").status == 1

    @pytest.mark.parametrize("argument", ["--strict-runs=strict", "--nope"])
    def test_wrong_usage_ends_in_status_2(
        self, repo: Path, held: str, argument: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(repo, "README", "x")
        stage(repo)
        with pytest.raises(SystemExit) as ended:
            Hooks(capsys).findings(argument)
        assert ended.value.code == 2
        assert "usage: aexp-findings" in capsys.readouterr().err

    def test_nothing_in_a_file_can_forge_a_line(self, repo: Path, held: str, hooks: Hooks) -> None:
        write(repo, "kb/research/findings/F1\n::error::x\x1b[31m.md", "no front matter")
        stage(repo)
        said = hooks.findings()
        assert said.status == 1
        assert "\x1b" not in said.out
        assert len(said.out.splitlines()) == 3


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
        for said in (hooks.findings(), hooks.ledger()):
            assert (said.status, said.codes) == (1, ["ledger.invalid_entry"])
            assert f"next: run `aexp ledger resolve {job_id}`" in said.out

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
