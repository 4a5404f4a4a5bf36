"""Installing into a repository: marker, git's control files, ledger folder, run store, driver."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_aexp.ground.containment import link_on_the_way
from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.files import can_be_named
from pytest_aexp.ground.find_root import MARKER_REL, main_root
from pytest_aexp.ground.git.run import own_environment, run_git
from pytest_aexp.ground.repository import DEFAULT_RUN_STORE, Repository
from pytest_aexp.ground.settings.configuration import Configuration, read_configuration
from pytest_aexp.ground.settings.machine_label import checked_label
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.entry import LEDGER_DIR as LEDGER
from pytest_aexp.work.install.agent_command import planned_agent_command
from pytest_aexp.work.install.control_files import (
    GITIGNORE,
    block_merge_gitignore,
    planned_files,
    whole_folder_rules,
)
from pytest_aexp.work.install.driver import DRIVER_KEY, driver_command, driver_fault
from pytest_aexp.work.install.git_warnings import git_warnings, legacy_warnings
from pytest_aexp.work.install.marker import RUN_STORE, planned_marker
from pytest_aexp.work.install.plan import (
    InstallAction,
    InstallRefused,
    Step,
    carry_out,
    one_at_a_time,
)
from pytest_aexp.work.signac_store import init_run_store, require_openable_store

__all__ = ["InstallAction", "InstallRefused", "block_merge_gitignore", "install_scaffold"]


def install_scaffold(  # noqa: PLR0913 - the names that scripts pass
    repo_root: str | Path,
    *,
    run_store: str | None = None,
    force: bool = False,
    assert_git: bool = True,
    dry_run: bool = False,
    machine_label: str | None = None,
    agent_commands: bool = False,
) -> list[InstallAction]:
    """Install into the repository at ``repo_root``; every action, warnings among them, in order.

    What an earlier install left is kept and extended: ``run_store`` and ``machine_label`` replace
    what the marker says, ``force`` rewrites blocks and settings even if they need no change,
    and ``agent_commands`` adds what a coding agent should know of the check.
    ``dry_run`` changes nothing and returns what would be done. ``assert_git`` requires a ``.git``.

    Raises FileNotFoundError, NotADirectoryError, InstallRefused (also if a file cannot be
    written), UsageError for a value that cannot be used, ConfigurationError, GitError.
    """
    root = _checked_root(repo_root, assert_git=assert_git)
    with one_at_a_time(root):
        if machine_label is not None:
            checked_label(machine_label)
        configured = _configured_store(root, run_store)
        _require_own_marker(root, configured, run_store)
        default = configured or DEFAULT_RUN_STORE
        values, steps = planned_marker(
            root, default, label=machine_label, run_store=run_store, force=force
        )
        store = _store_path(root, configured, values)
        files = planned_files(root, _as_in_main(root, store), force=force)
        commands = [planned_agent_command(root, force=force)] if agent_commands else []
        steps += [*(file.step for file in files.values()), *commands]
        steps += [_ledger_step(root), _store_step(root, store)]
        fault = _git_fault(root)
        steps.append(fault or _driver_step(root, force=force))
        if not dry_run:
            carry_out(steps)
        legacy = whole_folder_rules(files[GITIGNORE].data or b"")
        planned = [name for name, file in files.items() if file.data is not None]
        shared = [*planned, *(step.action.path for step in commands if not step.action.is_warning)]
        done = [step.action for step in steps]
        # git can be asked only about files that are written.
        if fault or dry_run:
            return [*done, *legacy_warnings(legacy)]
        try:
            return [*done, *git_warnings(root, store, legacy, shared=shared)]
        except GitError as error:
            return [*done, _git_warning(error)]


def _checked_root(repo_root: str | Path, *, assert_git: bool) -> Path:
    root = Path(repo_root).resolve()
    if not root.exists():
        raise FileNotFoundError(f"there is no folder {root}")
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is not a folder")
    if assert_git and not (root / ".git").exists():
        raise InstallRefused(
            f"{root} is not a git repository: run `git init` there first "
            "(install_scaffold(…, assert_git=False) installs without)"
        )
    link = link_on_the_way(root, root / LEDGER)
    if link is not None:
        raise InstallRefused(
            f"{link} is a link, which git does not follow and aexp does not write through: put "
            "a folder in its place"
        )
    if (root / LEDGER / ".git").exists():
        raise InstallRefused(
            f"{LEDGER} is a git submodule, which is not supported: keep the ledger in this "
            "repository"
        )
    return root


def _configured_store(root: Path, run_store: str | None) -> str | None:
    configured = read_configuration(root).run_store
    if run_store is not None and configured not in (None, run_store):
        raise UsageError(
            f"pyproject.toml says run_store = {quoted(str(configured))}, which counts for more "
            f"than {quoted(run_store)}: change it there"
        )
    return configured


def _require_own_marker(root: Path, configured: str | None, run_store: str | None) -> None:
    """Raise InstallRefused if a marker that others can write sends the run store elsewhere."""
    foreign = Repository(root, Configuration(run_store=configured)).foreign_store
    if foreign is not None and run_store is None:
        path = MARKER_REL.as_posix()
        raise InstallRefused(
            f"{path} is in git and says that the run store lies at {quoted(foreign)}, out of the "
            f"repository: run `git rm -q --cached {path}`, and look at what it says before you "
            "install again"
        )


def _as_in_main(root: Path, store: Path) -> Path:
    """Where the run store of the main worktree lies in that, for the files that both share."""
    main = main_root(root)
    return root / store.relative_to(main) if main and store.is_relative_to(main) else store


def _store_path(root: Path, configured: str | None, values: Mapping[str, Any]) -> Path:
    if RUN_STORE not in values:
        return Repository(root, Configuration(run_store=configured)).run_store
    written = configured or str(values[RUN_STORE]).strip()
    if not can_be_named(written):
        raise UsageError(
            f"no run store can be named {quoted(written)}: correct {RUN_STORE} in "
            f"{MARKER_REL.as_posix()}"
        )
    try:
        return root / Path(written).expanduser()
    except RuntimeError as error:
        raise UsageError(f"the run store {quoted(written)} names no user's folder") from error


def _ledger_step(root: Path) -> Step:
    if (root / LEDGER).is_dir():
        return Step(InstallAction("skipped_identical", LEDGER))
    make = partial(os.makedirs, root / LEDGER, exist_ok=True)
    return Step(
        InstallAction("created_ledger", LEDGER, "the ledger: commit what appears in it"), make
    )


def _store_step(root: Path, store: Path) -> Step:
    shown = store.relative_to(root).as_posix() if store.is_relative_to(root) else str(store)
    require_openable_store(store)
    if (store / ".signac" / "config").is_file():
        return Step(InstallAction("skipped_identical", shown))
    if find_spec("signac") is None:
        detail = (
            "the run store is not made, for signac is not installed; to make runs on this "
            "machine: pip install 'pytest-aexp[runs]', then `aexp install`"
        )
        return Step(InstallAction("skipped_runs", shown, detail))
    return Step(
        InstallAction("initialized_runs", shown, "the run store, a signac project"),
        partial(init_run_store, root, store),
    )


def _git_fault(root: Path) -> Step | None:
    try:
        run_git(["rev-parse", "--show-toplevel"], root, env=own_environment())
    except GitError as error:
        return Step(_git_warning(error))
    return None


def _git_warning(error: GitError) -> InstallAction:
    return InstallAction(
        "git_warning",
        ".git",
        f"{error}. So it is not known whether git ignores the ledger, and the merge driver may "
        "not be set: once git works here, run `aexp install` again",
    )


def _driver_step(root: Path, *, force: bool) -> Step:
    own, wanted = own_environment(), driver_command(sys.executable)
    command = ["config", "--local", "--get", DRIVER_KEY]
    current = run_git(command, root, env=own, accept=(0, 1)).decode("utf-8", "replace").strip()
    # Another installation may have written its own, which does as well.
    if current == wanted or (driver_fault(current) is None and not force):
        return Step(InstallAction("skipped_identical", ".git/config"))
    # With --replace-all, for git refuses to set a key that it has twice.
    command = ["config", "--local", "--replace-all", DRIVER_KEY, wanted]
    action = InstallAction("set_git_config", ".git/config", DRIVER_KEY)
    return Step(action, partial(run_git, command, root, env=own))
