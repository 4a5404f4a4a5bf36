"""``aexp ledger resolve``, and merges by git with the driver and without."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from lanes import a_few
from repositories import add_finding, entry_text, git, job, job_id_of, write
from sides import COMPLETE, E1, E2, EARLY, FAILED, LATE, entry

from pytest_aexp.cli import main
from pytest_aexp.model.entry import entry_path

RUN = job_id_of({"seed": 3})

PATH = entry_path(RUN)

EDITED = entry_text(json.loads(entry(FAILED)) | {"statepoint": {"seed": 4}}).encode()

COMMAND = f"{shlex.quote(sys.executable)} -m pytest_aexp ledger merge-driver %O %A %B"

CASES = {
    "both added": (None, entry(COMPLETE, EARLY), entry(FAILED, LATE), entry(COMPLETE, EARLY)),
    "linked and run again": (
        entry(FAILED, EARLY, run_link=E1),
        entry(FAILED, LATE, run_link=E2),
        entry(COMPLETE, promoted_at="2026-01-02T01:00:02Z", run_link=E1),
        entry(COMPLETE, promoted_at="2026-01-02T01:00:02Z", run_link=E2),
    ),
    "promoted twice": (None, entry(COMPLETE, LATE), entry(COMPLETE, EARLY), entry(COMPLETE, EARLY)),
}

WAYS = {
    "merge": (("merge", "-q", "--no-edit", "other"), ("commit", "-q", "--no-edit")),
    "rebase": (("rebase", "-q", "other"), ("rebase", "--continue")),
    "cherry-pick": (
        ("cherry-pick", "--keep-redundant-commits", "other"),
        ("cherry-pick", "--continue"),
    ),
}


@pytest.fixture
def driven(repo: Path) -> Path:
    """A repository whose clone has the driver, as after `aexp install`."""
    write(repo, ".gitattributes", ".aexp/ledger/*.json merge=aexp-ledger\n")
    git(repo, "config", "merge.aexp-ledger.driver", COMMAND)
    return repo


def diverge(repo: Path, base: bytes | None, ours: bytes, theirs: bytes) -> None:
    """A branch ``other`` with their version, and ``main``, which is checked out, with ours."""
    add_finding(repo, "F001-x", job(RUN))
    for branch, content, start in (
        ("main", base, ()),
        ("other", theirs, ()),
        ("main", ours, ("main",)),
    ):
        if start:
            git(repo, "checkout", "-q", branch)
        elif content is theirs:
            git(repo, "checkout", "-q", "-b", branch)
        if content is not None:
            write(repo, PATH, content)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "--allow-empty", "-m", branch)


def check_clean(repo: Path, expected: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything is committed, and what was committed is the expected entry."""
    assert (repo / PATH).read_bytes() == expected
    assert git(repo, "status", "--porcelain") == ""
    capsys.readouterr()
    assert main(["validate"]) == 0
    assert "ledger.invalid_entry" not in capsys.readouterr().out


@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
@pytest.mark.parametrize("way", a_few(list(WAYS), 1))
@pytest.mark.parametrize("case", CASES)
def test_with_the_driver_nobody_sees_a_conflict(
    driven: Path, case: str, way: str, swapped: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    base, ours, theirs, expected = CASES[case]
    diverge(driven, base, *((theirs, ours) if swapped else (ours, theirs)))
    git(driven, *WAYS[way][0])
    check_clean(driven, expected, capsys)


@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
@pytest.mark.parametrize("way", a_few(list(WAYS), 1))
@pytest.mark.parametrize("case", CASES)
def test_without_it_one_command_resolves_the_conflict(
    repo: Path, case: str, way: str, swapped: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    base, ours, theirs, expected = CASES[case]
    diverge(repo, base, *((theirs, ours) if swapped else (ours, theirs)))
    start, go_on = WAYS[way]
    git(repo, *start, check=False)
    assert b"<<<<<<< " in (repo / PATH).read_bytes()
    assert main(["validate"]) == 1
    output = capsys.readouterr().out
    assert "ledger.invalid_entry" in output
    assert f"aexp ledger resolve {RUN}" in output
    assert main(["ledger", "resolve", RUN]) == 0
    output, wrong = capsys.readouterr()
    assert output.startswith(f"{PATH}: resolved and staged: kept ")
    assert output.count("\n") == 1
    assert wrong == ""
    if git(repo, "diff", "--cached", "--name-only"):
        git(repo, *go_on, GIT_EDITOR="true")
    else:
        git(repo, way, "--skip" if way != "merge" else "--continue", GIT_EDITOR="true")
    check_clean(repo, expected, capsys)


@pytest.mark.parametrize("way", WAYS)
def test_what_the_driver_refuses_is_a_conflict_without_markers(driven: Path, way: str) -> None:
    diverge(driven, None, entry(COMPLETE), EDITED)
    git(driven, *WAYS[way][0], check=False)
    assert len(git(driven, "ls-files", "-u").splitlines()) == 2
    ours = EDITED if way == "rebase" else entry(COMPLETE)
    assert (driven / PATH).read_bytes() == ours


def test_the_driver_speaks_through_git(driven: Path, capfd: pytest.CaptureFixture[str]) -> None:
    diverge(driven, None, entry(COMPLETE), EDITED)
    with pytest.raises(AssertionError) as failed:
        git(driven, "merge", "other")
    output = str(failed.value)
    assert f"aexp: ledger entry {RUN}: the two versions have different statepoints" in output
    assert f"`git checkout --ours -- {PATH}`" in output
    git(driven, "checkout", "--ours", "--", PATH)
    git(driven, "add", PATH)
    git(driven, "commit", "-q", "--no-edit")
    assert (driven / PATH).read_bytes() == entry(COMPLETE)


def test_of_several_conflicts_those_that_can_be_are_resolved(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = entry_path(job_id_of({"seed": 5}))
    diverge(repo, None, entry(COMPLETE), EDITED)
    git(repo, "checkout", "-q", "other")
    for branch, status in (("other", "failed"), ("main", "complete")):
        git(repo, "checkout", "-q", branch)
        document = json.loads(entry(status=status)) | {"statepoint": {"seed": 5}}
        write(repo, good, entry_text(document | {"job_id": job_id_of({"seed": 5})}))
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "one more")
    git(repo, "merge", "-q", "other", check=False)
    assert main(["ledger", "resolve"]) == 1
    output, wrong = capsys.readouterr()
    assert output == f"{good}: resolved and staged: kept complete, cluster over failed, cluster\n"
    assert wrong.startswith(f"aexp: {PATH}: not resolved: the two versions have different statepoi")
    again = f"run `aexp ledger promote {RUN} --replace`"
    assert f"or `git checkout --theirs -- {PATH}`, or {again}" in wrong
    assert wrong.count("\n") == 1
    assert [line.split()[-1] for line in git(repo, "ls-files", "-u").splitlines()] == [PATH] * 2


def test_without_a_conflict_there_is_nothing_to_resolve(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, PATH, entry(COMPLETE))
    assert main(["ledger", "resolve"]) == 0
    assert capsys.readouterr().out == "nothing to resolve: no ledger entry is in conflict\n"
    assert main(["ledger", "resolve", RUN[:8]]) == 0
    assert capsys.readouterr().out == "nothing to resolve: that ledger entry is not in conflict\n"


@pytest.mark.parametrize("written", ["0" * 32, "E005", "../x", ""])
def test_a_run_without_an_entry_is_wrong_usage(
    repo: Path, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, PATH, entry(COMPLETE))
    assert main(["ledger", "resolve", written]) == 2
    assert capsys.readouterr().err.startswith("aexp: ")


@pytest.mark.parametrize("verb", ["resolve", "merge-driver"])
def test_help_shows_the_usage_of_the_verb(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ledger", verb, "--help"])
    assert ended.value.code == 0
    assert f"usage: aexp ledger {verb} " in capsys.readouterr().out
