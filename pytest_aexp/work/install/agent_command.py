"""The command file for coding agents: how to read the check, and what not to repair."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib.resources import files
from pathlib import Path

from pytest_aexp.ground.containment import link_on_the_way
from pytest_aexp.ground.files import Unreadable, read_bounded, write_atomic
from pytest_aexp.ground.settings.configuration import CONFIG_LIMIT
from pytest_aexp.model.codes import CODES, Code
from pytest_aexp.model.problems import BROKEN, EMPTY_BATCH, SUSPICIOUS_KEY, UNREADABLE
from pytest_aexp.work.install.plan import InstallAction, Step

AGENT_COMMAND = ".claude/commands/aexp-validate.md"
CITATION_MAY_BE_WRONG = frozenset(
    rule.code for rule in (BROKEN, EMPTY_BATCH, UNREADABLE, SUSPICIOUS_KEY)
)
"""With every other code the citation is right, and something else has to change."""

ALLOWED = ("aexp validate", "aexp ledger check", "aexp ledger show", "aexp fix --diff")
"""What the agent may run unasked: nothing that changes a file."""


def planned_agent_command(root: Path, *, force: bool) -> Step:
    """What to do to the agent's command at ``root``; a file that somebody changed is kept."""
    path = root / AGENT_COMMAND
    if link_on_the_way(root, path.parent) is not None:
        return _left_alone("lies behind a link, which aexp does not write through")
    data = read_bounded(path, CONFIG_LIMIT, follow=False)
    if isinstance(data, Unreadable) and not data.missing:
        return _left_alone(f"{data.reason}: put a plain text file in its place")
    wanted = agent_command().encode()
    if data == wanted:
        return Step(InstallAction("skipped_identical", AGENT_COMMAND))
    # Somebody may have adapted it, and what an older version wrote looks the same.
    if isinstance(data, bytes) and not force:
        return _left_alone(
            "is not what this version writes, and was left as it is; to have it written anew: "
            "`aexp install --agent-commands --force`"
        )
    action = InstallAction("wrote_agent_command", AGENT_COMMAND, "what an agent should know")
    return Step(action, partial(write_atomic, path, wanted))


def agent_command() -> str:
    """The text of the command, every code of the table in it."""
    alone = (code for code in CODES.values() if code.name not in CITATION_MAY_BE_WRONG)
    wrong = (code for code in CODES.values() if code.name in CITATION_MAY_BE_WRONG)
    tools = ", ".join(f"Bash({command}:*)" for command in ALLOWED)
    template = files(__package__).joinpath("agent_command.md").read_text(encoding="utf-8")
    template = template.replace("\r\n", "\n")
    return template.format(tools=tools, alone=_listed(alone), wrong=_listed(wrong))


def _listed(codes: Iterable[Code]) -> str:
    return "".join(f"- `{code.name}`: {code.meaning} {code.fix}\n" for code in codes)


def _left_alone(fault: str) -> Step:
    return Step(InstallAction("file_warning", AGENT_COMMAND, fault))
