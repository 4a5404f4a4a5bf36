"""Make a repository ready: the marker, the managed blocks of .gitignore and
.gitattributes, the ledger's folder, the run store and the merge driver. Run it
once in every clone; running it again is safe.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pytest_aexp.cli.output import at_root
from pytest_aexp.ground.repository import find_repo_root
from pytest_aexp.ground.text import clean
from pytest_aexp.install import InstallAction, install_scaffold

STATUSES = {0: "the repository is ready; read the warnings, if there are any"}
EXAMPLES = """\
aexp install                           in every clone, once; may be repeated
aexp install --machine-label cluster   one name for all nodes of a cluster
aexp install --agent-commands          also tell coding agents what to do
aexp install --dry-run                 what would be done
"""

VERBS = {
    "wrote_marker": ("wrote", "would write"),
    "merged_gitignore": ("wrote", "would write"),
    "merged_gitattributes": ("wrote", "would write"),
    "wrote_agent_command": ("wrote", "would write"),
    "created_ledger": ("created", "would create"),
    "initialized_runs": ("created", "would create"),
    "set_git_config": ("set", "would set"),
    "already_installed": ("unchanged", "unchanged"),
    "skipped_identical": ("unchanged", "unchanged"),
    "skipped_runs": ("skipped", "skipped"),
}
"""What the line of each kind of action begins with, and what in a dry run."""

_TO_COMMIT = ("merged_gitignore", "merged_gitattributes", "wrote_agent_command")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--machine-label",
        metavar="LABEL",
        help="what ledger entries call this machine (default: as before, else the host name)",
    )
    parser.add_argument(
        "--agent-commands",
        action="store_true",
        help="also write .claude/commands/aexp-validate.md: how an agent should read the check",
    )
    parser.add_argument(
        "--run-store",
        metavar="FOLDER",
        help="where this machine keeps its runs (default: as before, else .runs)",
    )
    parser.add_argument("--dry-run", action="store_true", help="change nothing")
    # What scripts pass to agentic-experiments: nothing is asked here, and .git is looked for.
    for names in (("-y", "--yes"), ("--dev",), ("--allow-self-install",)):
        parser.add_argument(*names, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--require-git",
        action=argparse.BooleanOptionalAction,
        default=False,
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="rewrite blocks and settings even if they need no change",
    )


def run(arguments: argparse.Namespace) -> int:
    root = find_repo_root()
    actions = install_scaffold(
        root,
        force=arguments.force,
        assert_git=arguments.require_git,
        run_store=arguments.run_store,
        dry_run=arguments.dry_run,
        machine_label=arguments.machine_label,
        agent_commands=arguments.agent_commands,
    )
    for action in actions:
        print(_line(action, dry_run=arguments.dry_run))
    written = _to_commit(actions)
    if written and not arguments.dry_run:
        command = at_root(root, f"git add {' '.join(written)} && git commit")
        warned = any(action.is_warning for action in actions)
        print(f"next: {'do what the warnings say, then ' if warned else ''}{command}")
    return 0


def _to_commit(actions: Sequence[InstallAction]) -> list[str]:
    """The files for everybody that were written, and those that a warning says to edit."""
    ignored = {action.path for action in actions if action.kind == "unshared_file_warning"}
    advised = {action.path for action in actions if action.kind == "unignored_runs_warning"}
    paths = [a.path for a in actions if a.kind in _TO_COMMIT and a.path not in ignored]
    return [*sorted(advised - {*paths, *ignored}), *paths] if paths else []


def _line(action: InstallAction, *, dry_run: bool) -> str:
    verb = "WARNING" if action.is_warning else VERBS[action.kind][dry_run]
    return clean(": ".join(filter(None, (verb, action.path, action.detail))))
