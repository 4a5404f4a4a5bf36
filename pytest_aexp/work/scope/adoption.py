"""Whether a repository uses the ledger even though its folder is missing from what is read."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.find_root import BLOCK_FILES, BLOCK_LIMIT, BLOCK_MARK
from pytest_aexp.ground.git.listing import earlier_revision_with
from pytest_aexp.ground.git.sparse import (
    how_to_absorb_submodule,
    how_to_check_out_submodule,
    is_checked_out,
    missing_submodule,
)
from pytest_aexp.ground.git.view import A_SUBMODULE
from pytest_aexp.ground.views import View, WorkTree, above
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.findings.citation import Citation
from pytest_aexp.model.packs.segment import PACKS_DIR
from pytest_aexp.model.problems import MISSING_LEDGER, Fault
from pytest_aexp.model.retractions import RETRACTIONS_DIR

A_REPOSITORY = Unreadable("is a git submodule: its files are not in this repository's commits")


def has_adopted(root: Path, view: View) -> bool:
    """Whether the files of ``view``, or the commit before, say that there should be a ledger."""
    for name in BLOCK_FILES:
        data = view.read(name, BLOCK_LIMIT)
        if isinstance(data, bytes) and BLOCK_MARK in data:
            return True
    if _in_its_place(root, view) is not None or _earlier(root, view) is not None:
        return True
    return bool(view.spelled_otherwise(LEDGER_DIR))


def missing_ledger_fault(root: Path, view: View, due: Citation, *, is_new: bool) -> Fault | None:
    """Why there is no ledger to check ``due`` against; None if there is one.

    ``is_new`` says that this machine has runs or a ledger of its own, which may be the first.
    """
    is_there, is_on_disk = view.has_folder(LEDGER_DIR), isinstance(view, WorkTree)
    stop = None if is_there and not is_on_disk else _in_its_place(root, view)
    if stop is not None:
        return Fault(MISSING_LEDGER, stop[0], *_blocked(*stop))
    missing = _left_out(root, view) if is_on_disk else None
    if missing is not None:
        message = f"{missing} is a git submodule that is not checked out here"
        return Fault(MISSING_LEDGER, missing, message, how_to_check_out_submodule(missing))
    if is_there and not (is_on_disk and not is_checked_out(root, LEDGER_DIR)):
        return None
    # Git keeps no empty folder: before the first entry there is none, which is no fault.
    if is_there or (is_new and _earlier(root, view) is None):
        return None
    others = view.spelled_otherwise(LEDGER_DIR)
    if others:
        other = others[0][: len(LEDGER_DIR)]
        message = f"there is no ledger folder, only {other}: upper and lower case differ"
        return Fault(MISSING_LEDGER, other, message, f"run `git mv {other} {LEDGER_DIR}`")
    message = (
        f"there is no ledger folder in {view.label}, so the runs that {due.path} cites are missing"
    )
    return Fault(MISSING_LEDGER, LEDGER_DIR, message, _restoring(root, view))


def _in_its_place(root: Path, view: View) -> tuple[str, Unreadable] | None:
    """The link or submodule in the place of the ledger folder or above it."""
    stop = view.blocked(LEDGER_DIR)
    if stop is None and isinstance(view, WorkTree):
        own = (path for path in above(LEDGER_DIR) if os.path.lexists(root / path / ".git"))
        return next(((path, A_REPOSITORY) for path in own), None)
    return stop


def _left_out(root: Path, view: View) -> str | None:
    """The submodule in the place of the ledger folder or of one in it that is not checked out."""
    parts = [LEDGER_DIR, *filter(view.has_folder, (RETRACTIONS_DIR, PACKS_DIR))]
    if parts[-1] == PACKS_DIR:
        parts += [f"{PACKS_DIR}/{machine}" for machine in view.folders(PACKS_DIR)]
    return next(filter(None, (missing_submodule(root, part) for part in parts)), None)


def _blocked(path: str, reason: Unreadable) -> tuple[str, str]:
    what = "the ledger" if path == LEDGER_DIR else f"{path}, in which the ledger lies,"
    if reason in (A_REPOSITORY, A_SUBMODULE):
        fix = (
            "that is not supported: keep the ledger in this repository; "
            f"{how_to_absorb_submodule(path)}"
        )
        return f"{what} {reason.reason}", fix
    return f"{what} {reason.reason}", f"put the folder itself at {path}"


def _restoring(root: Path, view: View) -> str:
    earlier = _earlier(root, view)
    if earlier is None:
        return "run `aexp install`, then `aexp ledger backfill` on each machine with runs"
    return restoring(view, LEDGER_DIR, earlier)


def restoring(view: View, folder: str, earlier: str) -> str:
    """What to do to bring back a folder that ``view`` lacks and an earlier commit has."""
    if isinstance(view, WorkTree) or earlier == "HEAD":
        return f"run `git restore --source={earlier} --staged --worktree -- {quote(folder)}`"
    return f"run `git checkout {earlier} -- {quote(folder)}` and commit"


def _earlier(root: Path, view: View) -> str | None:
    """The revision before what ``view`` shows in which git has the ledger."""
    return earlier_revision_with(root, view.earlier, LEDGER_DIR)
