"""aexp-ledger: nothing enters the ledger but whole, true and discreet entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hooking import NOWHERE, Hooks, commit, entry_of_run, stage
from repositories import (
    add_entry,
    add_finding,
    entry_of,
    entry_text,
    git,
    job,
    job_id_of,
    write,
)

POINT = {"experiment_id": "E001", "seed": 0}


@pytest.fixture
def hooks(capsys: pytest.CaptureFixture[str]) -> Hooks:
    return Hooks(capsys)


def put(repo: Path, **fields: Any) -> str:
    """Stage an entry with these fields changed; its path."""
    path = entry_of_run(job_id_of(POINT))
    write(repo, path, entry_text({**entry_of(POINT), **fields}))
    stage(repo)
    return path


class TestStagedEntries:
    def test_one_that_is_right_is_passed_in_silence(self, repo: Path, hooks: Hooks) -> None:
        add_entry(repo, POINT)
        stage(repo)
        output = hooks.ledger()
        assert (output.status, output.out, output.err) == (0, "", "")

    @pytest.mark.parametrize(
        ("fields", "code", "message"),
        [
            ({"status": "running"}, "ledger.invalid_entry", 'status is "running"'),
            ({"job_id": NOWHERE}, "ledger.invalid_entry", "is of run"),
            ({"promoted_at": 5}, "ledger.invalid_entry", "promoted_at"),
            ({"statepoint": {"seed": 1}}, "ledger.identity_mismatch", "edited or damaged"),
            ({"code_commit": "/home/user/x"}, "ledger.leak", "absolute path"),
            ({"tracker": {"url": "https://me:secret@host/"}}, "ledger.leak", "tracker/url"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_one_that_is_not_is_named_with_the_reason(
        self, repo: Path, hooks: Hooks, fields: dict[str, Any], code: str, message: str
    ) -> None:
        path = put(repo, **fields)
        output = hooks.ledger()
        assert (output.status, output.codes) == (1, [code])
        assert output.out.startswith(f"{path}:")
        assert message in output.out
        assert "    next: " in output.out
        assert output.out.endswith("\n1 ledger entry: 1 error, 0 warnings\n")

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"[]", b"\xff", b"<<<<<<< ours\n{}\n=======\n>>>>>>> x\n"]
    )
    def test_one_that_cannot_be_read(self, repo: Path, hooks: Hooks, content: bytes) -> None:
        write(repo, entry_of_run(NOWHERE), content)
        stage(repo)
        assert hooks.ledger().codes == ["ledger.invalid_entry"]

    def test_an_unknown_field_is_only_warned_of(self, repo: Path, hooks: Hooks) -> None:
        put(repo, note="by hand")
        output = hooks.ledger()
        assert (output.status, output.codes) == (0, ["ledger.unknown_field"])

    def test_severity_can_be_configured(self, repo: Path, hooks: Hooks) -> None:
        write(repo, "pyproject.toml", '[tool.aexp.severity]\n"ledger.unknown_field" = "error"\n')
        put(repo, note="by hand")
        assert hooks.ledger().status == 1

    def test_what_is_staged_counts_and_not_what_is_on_disk(self, repo: Path, hooks: Hooks) -> None:
        path = put(repo, status="running")
        add_entry(repo, POINT)
        assert hooks.ledger().status == 1
        stage(repo)
        write(repo, path, "damaged since")
        write(repo, entry_of_run(NOWHERE), "never added")
        assert hooks.ledger().status == 0

    def test_entries_that_are_not_staged_are_left_alone(self, repo: Path, hooks: Hooks) -> None:
        write(repo, entry_of_run(NOWHERE), "{}")
        commit(repo)
        add_entry(repo, POINT)
        stage(repo)
        assert hooks.ledger().status == 0

    def test_with_nothing_staged_all_are_judged(self, repo: Path, hooks: Hooks) -> None:
        write(repo, entry_of_run(NOWHERE), "{}")
        write(repo, ".aexp/ledger/copy.json", "{}")
        add_entry(repo, POINT)
        commit(repo)
        output = hooks.ledger()
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"] * 2)
        assert "2 ledger entries: 2 errors" in output.out

    def test_a_deletion_is_no_concern_of_this_hook(self, repo: Path, hooks: Hooks) -> None:
        add_finding(repo, "F001-x", job(add_entry(repo, POINT)))
        commit(repo)
        git(repo, "rm", "-rq", ".aexp")
        assert hooks.ledger().status == 0

    def test_one_bad_entry_among_hundreds_is_named(self, repo: Path, hooks: Hooks) -> None:
        ids = [add_entry(repo, {"seed": number}) for number in range(600)]
        write(repo, entry_of_run(ids[7]), "{}")
        stage(repo)
        output = hooks.ledger()
        assert output.codes == ["ledger.invalid_entry"]
        assert "600 ledger entries" in output.out


class TestWhatIsNoEntry:
    def test_a_renamed_entry_is_not_of_the_run_it_is_named_for(
        self, repo: Path, hooks: Hooks
    ) -> None:
        job_id = add_entry(repo, POINT)
        commit(repo)
        git(repo, "mv", entry_of_run(job_id), entry_of_run(NOWHERE))
        output = hooks.ledger()
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
        assert (
            f'says that it is of run "{job_id}", but its file is named for {NOWHERE}' in output.out
        )

    @pytest.mark.parametrize(
        "name",
        [
            "run-7.json",
            f"{NOWHERE.upper()}.json",
            f"{NOWHERE}-old.json",
            f"{NOWHERE[:-1]}.json",
            f".{NOWHERE}.tmp",
        ],
    )
    def test_a_file_that_is_named_for_no_run(self, repo: Path, hooks: Hooks, name: str) -> None:
        write(repo, f".aexp/ledger/{name}", entry_text(entry_of(POINT)))
        stage(repo)
        output = hooks.ledger()
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
        assert output.out.startswith(
            f".aexp/ledger/{name}:1:1: error: the file is not a ledger entry"
        )

    def test_an_entry_in_a_folder_of_its_own(self, repo: Path, hooks: Hooks) -> None:
        write(repo, f".aexp/ledger/2026/{NOWHERE}.json", entry_text(entry_of(POINT)))
        stage(repo)
        output = hooks.ledger()
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
        assert f"git mv .aexp/ledger/2026/{NOWHERE}.json .aexp/ledger/{NOWHERE}.json" in output.out

    @pytest.mark.parametrize("name", ["README.md", ".gitkeep", ".gitattributes"])
    def test_files_that_could_be_taken_for_none(self, repo: Path, hooks: Hooks, name: str) -> None:
        write(repo, f".aexp/ledger/{name}", "x")
        stage(repo)
        assert hooks.ledger().status == 0

    def test_an_entry_that_becomes_a_link(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_entry(repo, POINT)
        commit(repo)
        write(repo, "kept.json", (repo / entry_of_run(job_id)).read_bytes())
        (repo / entry_of_run(job_id)).unlink()
        (repo / entry_of_run(job_id)).symlink_to("../../kept.json")
        stage(repo)
        output = hooks.ledger()
        assert (output.status, output.codes) == (1, ["ledger.invalid_entry"])
        assert "is a symbolic link" in output.out
        git(repo, "commit", "-qm", "x")
        assert hooks.ledger().codes == ["ledger.invalid_entry"]

    def test_an_executable_entry_is_one(self, repo: Path, hooks: Hooks) -> None:
        job_id = add_entry(repo, POINT)
        commit(repo)
        (repo / entry_of_run(job_id)).chmod(0o755)
        stage(repo)
        assert "100755" in git(repo, "ls-files", "-s", ".aexp")
        assert hooks.ledger().status == 0

    def test_a_submodule_is_none(self, repo: Path, hooks: Hooks) -> None:
        name = commit(repo)
        about = f"160000,{name},{entry_of_run(NOWHERE)}"
        git(repo, "update-index", "--add", "--cacheinfo", about)
        assert hooks.ledger().codes == ["ledger.invalid_entry"]


class TestUsage:
    def test_before_the_first_commit(self, repo: Path, hooks: Hooks) -> None:
        assert hooks.ledger().status == 0
        put(repo, status="running")
        assert hooks.ledger().status == 1

    def test_outside_any_repository_it_cannot_be_done(
        self, tmp_path: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        output = hooks.ledger()
        assert (output.status, output.err[:27]) == (2, "aexp-ledger: no repository ")

    def test_what_is_pushed_is_judged_on_a_push(
        self, repo: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = commit(repo)
        put(repo, status="running")
        pushed = commit(repo)
        add_entry(repo, POINT)
        commit(repo)
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", first)
        monkeypatch.setenv("PRE_COMMIT_TO_REF", pushed)
        assert hooks.ledger().codes == ["ledger.invalid_entry"]
        monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
        assert hooks.ledger().status == 0

    def test_longer_object_names(
        self, tmp_path: Path, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git(tmp_path, "init", "-q", "--object-format=sha256")
        monkeypatch.chdir(tmp_path)
        put(tmp_path, status="running")
        assert hooks.ledger().status == 1
