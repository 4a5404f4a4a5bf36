"""What commands and runs print to be typed next works when it is typed."""

from __future__ import annotations

import pytest
from advice.commands import COMMANDS, Typed, advised, printed
from advice.following import Case, type_in
from repositories import git


@pytest.mark.tree
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_printed_can_be_typed(case: Case, name: str) -> None:
    typed = COMMANDS[name]
    typed.make(case)
    before = printed(case, typed.command, typed.before)
    assert typed.says in before
    start = before.rfind("\n", 0, before.index(typed.says)) + 1
    commands = advised(before[start:])
    for number in typed.pick:
        chosen = commands[number]
        for placeholder, text in typed.fill.items():
            chosen = chosen.replace(placeholder, text)
        follow(case, chosen, typed)
    assert typed.says not in printed(case, typed.then or typed.command)
    assert not (case.repo / "pwned").exists()


def follow(case: Case, command: str, typed: Typed) -> None:
    """Type a command; to look at what is damaged is answered with 1."""
    if typed.elsewhere:
        type_in(case.cluster, command)
        git(case.cluster, "add", "-A")
        git(case.cluster, "commit", "-qm", "runs")
        git(case.cluster, "push", "-q")
        command = "git pull"
    elif command.startswith("aexp ledger check"):
        command += " || [ $? = 1 ]"
    type_in(case.repo, f"{typed.before or ':'}; {command}")
