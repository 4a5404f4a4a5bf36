"""What a commit does to segments of packed entries: it may add some, and must not change one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.packs.segment import is_segment
from pytest_aexp.model.problems import INVALID_ENTRY, Fault

from .commit import Candidate, ledger_folder
from .early_exit import Change

if TYPE_CHECKING:
    from pytest_aexp.model.ledger import Ledger


def changed_segments(candidate: Candidate) -> dict[str, Change]:
    """The changes of segments, by path below the repository's root."""
    folder = ledger_folder(candidate)
    below = {
        f"{LEDGER_DIR}/{change.path.removeprefix(f'{folder}/')}": change
        for change in candidate.changes or ()
        if change.path.startswith(f"{folder}/packs/")
    }
    return {path: change for path, change in below.items() if is_segment(path)}


def segment_faults(candidate: Candidate, ledger: Ledger) -> Iterator[Fault]:
    """The faults of the segments that the commit adds or changes, and of their lines."""
    changes = {p: c for p, c in changed_segments(candidate).items() if c.status != "D"}
    found = ledger.survey_segments(tuple(sorted(changes)))
    for entry in found.notable:
        yield from entry.faults
    yield from found.faults
    for path, change in changes.items():
        if change.status != "A":
            yield Fault(
                INVALID_ENTRY,
                path,
                "the segment is not as it was packed: the commit would change it, and a segment "
                "never changes",
                f"run `git restore --source=HEAD --staged --worktree -- {path}`; a run that has "
                "changed is promoted again with `aexp ledger promote`",
            )
