"""Which findings a commit affects: its own, and those whose evidence it changes or hides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooking import FINDING, NOWHERE, Hooks, Said, commit, entry_of_run, stage
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
        output = hooks.findings()
        expected = {"job": "finding.broken_run_citation", "batch": "finding.empty_batch"}
        assert output.status == 1
        assert output.codes == ([expected[cited]] if cited in expected else list(expected.values()))
        assert "1 finding, " in output.out

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
        output = hooks.findings()
        assert (output.status, output.codes) == (1, ["finding.none_collected"])
        assert output.out.startswith(f"{place}:1:1: error: no findings of kb/research/findings")

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
        output = hooks.findings()
        assert (output.status, output.codes) == (1, ["finding.none_collected"])
        assert output.out.startswith("kb/research/findings/more:")

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
        output = hooks.findings()
        assert (output.status, output.codes) == (1, ["finding.unreadable"])
        assert "links are not followed" in output.out

    def test_a_folder_that_is_renamed(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        git(repo, "mv", "kb/research/findings", "kb/research/Findings")
        output = hooks.findings()
        assert (output.status, output.codes) == (1, ["finding.none_collected"])
        assert "git mv kb/research/Findings kb/research/findings" in output.out

    def test_all_findings_deleted(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        git(repo, "rm", "-rq", "kb")
        output = hooks.findings()
        assert (output.status, output.codes) == (0, ["finding.none_collected"])

    def test_a_ledger_that_is_a_link(self, repo: Path, held: str, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(held))
        commit(repo)
        (repo / ".aexp/ledger").rename(repo / "shared")
        (repo / ".aexp/ledger").symlink_to("../shared")
        stage(repo)
        output = hooks.findings()
        assert output.status == 1
        assert ".aexp/ledger:1:1: error: the ledger is a symbolic link" in output.out
