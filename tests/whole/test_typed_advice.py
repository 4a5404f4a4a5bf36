"""What ``next:`` says works when it is typed, in a shell, in the state that it is said in."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from advice.citations import CITATIONS
from advice.commands import COMMANDS, printed
from advice.commits import COMMITS
from advice.entries import ENTRIES
from advice.evidence import EVIDENCE
from advice.following import FACES, Case, Row, copied
from advice.losses import LOSSES
from advice.places import PLACES
from advice.templates import templates
from tree import ROOT

from pytest_aexp.model.codes import CODES

ROWS: dict[str, Row] = {**CITATIONS, **ENTRIES, **PLACES, **EVIDENCE, **LOSSES, **COMMITS}
NOTHING_TO_TYPE = {
    "finding.not_collected": "which number a finding gets is its author's to say",
    "finding.malformed_number": "the expression is its author's",
    "finding.retracted_premise": "whether the finding holds without it, its author decides",
    "finding.at_risk": "the same",
    "finding.broken_premise": "which finding is meant, nobody else can know",
    "evidence.failed_run": "whether the run belongs, its author decides: what to write is named",
    "evidence.repeated_run": "the same",
    "evidence.stopped_run": "the same",
    "evidence.dirty_code": "the same",
    "evidence.foreign_experiment": "the same",
    "ledger.unverified_identity": "what was redacted is gone: it is to be kept out of new runs",
    "policy.weakened": "somebody has to be asked",
}
"""Codes whose advice is followed with an editor, and why."""
FOLLOWED = [(name, face) for name, row in ROWS.items() for face in row.on]
ALIKE = {
    "an id in capitals",
    "a bare id",
    "jobs",
    "e005",
    "selctor",
    "runs of this machine",
    "a batch that nobody named",
    "nothing to pull",
    "pointers of Git LFS",
    "a number without its metric",
    "a marker that is damaged",
    "a run that ran again",
    "entries that are promoted now",
}
"""States whose advice is that of another one, or that take long."""
QUICK = {
    *{(ROWS[name].code, face): (name, face) for name, face in reversed(FOLLOWED)}.values(),
    *((name, row.on[0]) for name, row in ROWS.items() if name not in ALIKE),
}
"""Each state once, and each code once on each face."""


def test_every_code_is_followed_by_what_can_be_typed() -> None:
    typed = {row.code for row in ROWS.values() if not row.is_written}
    written = {row.code for row in ROWS.values() if row.is_written}
    assert set(CODES) - typed == set(NOTHING_TO_TYPE)
    assert written >= set(NOTHING_TO_TYPE)


def test_both_hooks_and_both_commands_are_followed() -> None:
    assert {face for _, face in FOLLOWED} == set(FACES)


MESSAGES = [
    path
    for folder in ("pytest_aexp", "hooks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    # What a code means in general, what a verb does, and what an agent is to know.
    if path.name not in ("codes.py", "verbs.py", "agent_command.py")
]
UNREACHED = {
    "add.py: git commit": "somebody has just typed it",
    "build.py: aexp changes {}": "it stands on the page",
    "completion.py: pip install 'pytest-aexp[completion]'": "the tests have the extra",
    "git_warnings.py: git add .": "it is warned of",
    "merge_driver.py: aexp ledger resolve": "the tests of resolve make that merge",
    "pack.py: aexp ledger check": "twenty entries are named before",
    "page.py: pip install 'pytest-aexp[report]'": "the tests have the extra",
    "resolve_conflicts.py: git fsck": "git's objects are damaged",
}
"""What no state has to be made for, and why."""


@pytest.mark.slow
@pytest.mark.tree
def test_every_command_that_a_message_names_is_followed(world: Path, tmp_path: Path) -> None:
    commands = set()
    for number, row in enumerate(ROWS.values()):
        if row.needs and shutil.which(row.needs) is None:
            continue
        case = copied(world, tmp_path / str(number))
        row.make(case)
        for reported in FACES[row.on[-1]](case.repo):
            commands.update(re.findall("`([^`]+)`", f"{reported.message} {reported.fix}"))
    for number, typed in enumerate(COMMANDS.values()):
        case = copied(world, tmp_path / f"typed {number}")
        typed.make(case)
        commands.update(re.findall("`([^`]+)`", printed(case, typed.command, typed.before)))
    named = dict(templates(MESSAGES))
    assert len(named) > 40
    unreached = {n for n, like in named.items() if not any(map(like.fullmatch, commands))}
    assert unreached == set(UNREACHED)


@pytest.mark.parametrize("face", FACES)
def test_the_state_before_has_no_problem(case: Case, face: str) -> None:
    if face != "policy":
        assert FACES[face](case.repo) == []


@pytest.mark.tree
@pytest.mark.parametrize(
    ("name", "face"),
    [pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.slow) for pair in FOLLOWED],
)
def test_what_is_next_ends_the_problem(case: Case, name: str, face: str) -> None:
    row = ROWS[name]
    if row.needs and shutil.which(row.needs) is None:
        pytest.skip(f"{row.needs} is not here")
    row.make(case)
    every = FACES[face](case.repo)
    reported = next((reported for reported in every if reported.code == row.code), None)
    assert reported is not None, every
    row.follow(case, reported)
    if face == "validate HEAD":
        case.commit()
    left = [reported for reported in FACES[face](case.repo) if reported.code not in row.after]
    assert left == []
    assert not (case.repo / "pwned").exists()
