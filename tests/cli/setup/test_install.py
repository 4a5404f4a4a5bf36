"""``aexp install`` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import add_jobs, git, write

from pytest_aexp.cli import main
from pytest_aexp.cli.setup.install import VERBS
from pytest_aexp.work.install.plan import ActionKind


def test_each_action_has_a_line_and_the_next_command_is_named(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".gitignore", "/.runs/\n")
    assert main(["install", "--machine-label", "cluster"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["wrote", ".aexp/installed.json"],
        ["wrote", ".gitignore"],
        ["wrote", ".gitattributes"],
        ["created", ".aexp/ledger"],
        ["created", ".runs"],
        ["set", ".git/config"],
        ["next", "git add .gitignore .gitattributes && git commit"],
    ]
    assert 'machine_label "cluster"' in lines[0]
    subprocess.run(lines[-1].removeprefix("next: ") + " -qm installed", shell=True, check=True)
    assert git(repo, "status", "--short") == ""


def test_again_nothing_is_next(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repo, ".gitignore", "/.runs/\n")
    main(["install"])
    capsys.readouterr()
    assert main(["install"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split(": ")[0] for line in lines} == {"unchanged"}


def test_warnings_are_marked_and_leave_the_status_0(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".gitignore", ".aexp/\n")
    assert main(["install"]) == 0
    warnings = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("WARNING: ")
    ]
    assert warnings[0].startswith('WARNING: .gitignore: line 1, ".aexp/", ignores the whole folder')
    assert len(warnings) == 1


def test_what_is_warned_of_comes_before_the_commit(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".git/info/exclude", "*.json\n")
    assert main(["install"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "next: do what the warnings say, then git add .gitignore .gitattributes && git commit"
    )


def test_what_was_written_is_to_be_committed(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["install"])
    git(repo, "add", ".gitignore")
    (repo / ".gitattributes").unlink()
    capsys.readouterr()
    main(["install"])
    assert capsys.readouterr().out.endswith(" git add .gitattributes && git commit\n")
    main(["install"])
    assert "next: " not in capsys.readouterr().out


def test_what_git_ignores_is_not_to_be_added(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".gitignore", "*\n!*/\n!.gitignore\n")
    assert main(["install"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("WARNING: .gitattributes: git ignores it (.gitig") for line in lines)
    command = lines[-1].removeprefix("next: do what the warnings say, then ")
    assert command == "git add .gitignore && git commit"
    subprocess.run(f"{command} -qm installed", shell=True, check=True)


def test_in_a_folder_below_the_next_command_goes_to_the_root_first(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".gitignore", "/.runs/\n")
    monkeypatch.chdir(write(repo, "deep/er/x", "").parent)
    assert main(["install"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "next: cd ../.. && git add .gitignore .gitattributes && git commit"
    add_jobs(repo, [{"statepoint": {"a": 1}, "doc": {"status": "complete"}}])
    assert main(["ledger", "backfill"]) == 0
    said = "next: cd ../.. && git add .aexp/ledger, then commit and push\n"
    assert capsys.readouterr().out.endswith(said)
    assert main(["ledger", "pack"]) == 0
    assert capsys.readouterr().out.endswith(said)


def test_a_dry_run_speaks_of_what_would_be(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split(": ")[0] for line in lines} == {
        "would write", "would create", "would set"
    }  # fmt: skip
    assert sorted(path.name for path in repo.iterdir()) == [".git"]


def test_it_installs_at_the_root_from_wherever_it_is_typed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(repo / "deep" / "er")
    assert main(["install"]) == 0
    assert (repo / ".aexp/installed.json").is_file()
    assert list((repo / "deep").rglob(".*")) == []


def test_force_rewrites_what_would_do(repo: Path) -> None:
    main(["install"])
    path = repo / ".gitignore"
    path.write_text(path.read_text().replace("# This", "# That"))
    assert main(["install"]) == 0
    assert "# That" in path.read_text()
    assert main(["install", "--force"]) == 0
    assert "# That" not in path.read_text()


def test_outside_a_repository_the_status_is_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["install"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no repository at" in said.err
    assert "git init" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "in_the_way", "said"),
    [
        (["--machine-label", "a/b"], None, 'aexp: "a/b" cannot be a machine label'),
        ([], ".aexp", "aexp: .aexp/installed.json "),
        ([], ".aexp/ledger", "aexp: .aexp/ledger cannot be written"),
        ([], ".runs", "aexp: .runs cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_the_status_is_2(
    repo: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], in_the_way: str | None,
    said: str
) -> None:  # fmt: skip
    if in_the_way:
        write(repo, in_the_way, "")
    assert main(["install", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_every_kind_of_action_has_a_verb() -> None:
    kinds = {kind for kind in ActionKind.__args__ if not kind.endswith("_warning")}
    assert set(VERBS) == kinds


def test_a_value_from_a_file_cannot_forge_a_line(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, ".aexp/installed.json", json.dumps({"run_store_path": "a\nWARNING: forged\x1b[2J"}))
    assert main(["install"]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert not any(line.startswith("WARNING: forged") for line in printed.splitlines())


def test_the_module_is_the_command_too(repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_aexp", "install"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("wrote: .aexp/installed.json")
    assert done.stderr == ""


@pytest.mark.parametrize(
    "options", [["-y"], ["--yes", "--dev"], ["--require-git"], ["--run-store", "data/runs"]]
)
def test_what_scripts_of_agentic_experiments_pass_is_taken(repo: Path, options: list[str]) -> None:
    assert main(["install", *options]) == 0
    store = "data/runs" if "data/runs" in options else ".runs"
    assert (repo / store / ".signac/config").is_file()
    assert f"/{store}/" in (repo / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("label", ["3f9a1c7be204", "10", "localhost", "ip-10-0-0-5"])
def test_a_host_name_that_says_little_is_asked_for(
    repo: Path,
    label: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: label)
    assert main(["install"]) == 0
    assert "run `aexp install --machine-label LABEL`" in capsys.readouterr().out
    assert main(["install", "--machine-label", "cluster"]) == 0
    assert "--machine-label" not in capsys.readouterr().out
