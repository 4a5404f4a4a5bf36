"""``aexp install --agent-commands``: what it tells an agent, and that a user's file is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import understood
from repositories import git, write

from pytest_aexp.cli import main
from pytest_aexp.model.codes import CODES
from pytest_aexp.work.install.agent_command import (
    AGENT_COMMAND,
    CITATION_MAY_BE_WRONG,
    agent_command,
)

OWN = "my own words\n"


@pytest.fixture
def install(repo: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    write(repo, ".gitignore", "/.runs/\n")
    assert main(["install"]) == 0
    capsys.readouterr()
    return repo


def lines(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["install", *options]) == 0
    return [line for line in capsys.readouterr().out.splitlines() if "unchanged" not in line]


def test_it_is_written_and_to_be_committed(
    install: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines(capsys, "--agent-commands") == [
        f"wrote: {AGENT_COMMAND}: what an agent should know",
        f"next: git add {AGENT_COMMAND} && git commit",
    ]
    assert (install / AGENT_COMMAND).read_text() == agent_command()
    git(install, "add", AGENT_COMMAND)


def test_without_the_option_it_is_not(install: Path) -> None:
    assert not (install / ".claude").exists()


def test_again_there_is_nothing_to_do(install: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines(capsys, "--agent-commands")
    before = (install / AGENT_COMMAND).stat()
    assert lines(capsys, "--agent-commands") == []
    after = (install / AGENT_COMMAND).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_dry_run_writes_nothing(install: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "--agent-commands", "--dry-run")[0].startswith("would write: .claude/")
    assert not (install / ".claude").exists()


def test_what_somebody_wrote_there_is_kept_until_they_say_otherwise(
    install: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(install, AGENT_COMMAND, OWN)
    [warning] = lines(capsys, "--agent-commands")
    assert warning.startswith(f"WARNING: {AGENT_COMMAND}: is not what this version writes")
    assert path.read_text() == OWN
    command = warning.split("`")[1]
    assert understood(command)
    assert main(command.split()[1:]) == 0
    assert path.read_text() == agent_command()


def test_force_alone_does_not_touch_it(install: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(install, AGENT_COMMAND, OWN)
    lines(capsys, "--force")
    assert path.read_text() == OWN


@pytest.mark.parametrize("link", [".claude", ".claude/commands", AGENT_COMMAND])
def test_nothing_is_written_through_a_link_out_of_the_repository(
    install: Path, tmp_path: Path, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside / "file" if link == AGENT_COMMAND else outside
    if link == AGENT_COMMAND:
        target.write_text(OWN)
    (install / link).parent.mkdir(parents=True, exist_ok=True)
    (install / link).symlink_to(target)
    [warning] = lines(capsys, "--agent-commands", "--force")
    assert warning.startswith("WARNING: ")
    assert "link" in warning
    assert [path.read_text() for path in outside.rglob("*") if path.is_file()] == (
        [OWN] if link == AGENT_COMMAND else []
    )


def test_every_code_stands_where_the_agent_learns_whether_to_touch_the_citation() -> None:
    alone, wrong = agent_command().split("## Leave the citation alone")[1].split("## The citation")
    for code in CODES.values():
        section = wrong if code.name in CITATION_MAY_BE_WRONG else alone
        assert f"- `{code.name}`: {code.meaning} {code.fix}\n" in section
    assert agent_command().count("\n- `") == len(CODES)


def test_a_run_that_is_elsewhere_is_never_the_citations_fault() -> None:
    elsewhere = {
        *("finding.absent_run_citation", "finding.absent_batch_runs"),
        *("finding.unpromoted_run_citation", "finding.unfinished_run_citation"),
        *("finding.no_run_store", "finding.unstaged_ledger_entry"),
    }
    assert elsewhere <= set(CODES)
    assert not elsewhere & CITATION_MAY_BE_WRONG
    assert {code for code in CODES if "eave the citation alone" in CODES[code].fix} <= elsewhere


def test_it_begins_as_the_commands_of_an_agent_do() -> None:
    head, _, body = agent_command().removeprefix("---\n").partition("---\n")
    assert [line.partition(":")[0] for line in head.splitlines()] == [
        "description",
        "allowed-tools",
    ]
    assert "$ARGUMENTS" in body
    assert 'Never "repair" a citation' in body


def test_the_agent_may_run_what_it_is_told_to_run() -> None:
    allowed = agent_command().split("allowed-tools: ")[1].split("\n")[0]
    for command in ("aexp validate", "aexp fix --diff"):
        assert f"`{command}" in agent_command()
        assert f"Bash({command}:*)" in allowed
    assert "Bash(aexp fix:*)" not in allowed
