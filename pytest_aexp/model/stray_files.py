"""Files in the ledger folder that look like entries or segments and are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.ground.views import View
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.job_id import JOB_ID
from pytest_aexp.model.packs.segment import PACKS_DIR, is_segment
from pytest_aexp.model.retractions import RETRACTIONS_DIR

is_entry_name = re.compile(rf"{JOB_ID.pattern}\.json", re.ASCII).fullmatch
"""Whether a name is that of an entry's file."""

_PACKS, _RETRACTIONS = (path.rpartition("/")[2] for path in (PACKS_DIR, RETRACTIONS_DIR))
_KINDS = (".json", ".jsonl")


def strays_in(view: View, names: Iterable[str]) -> Iterator[str]:
    """The paths of what nobody reads, ``names`` being those of the files directly in the folder.

    An entry's own path is that of a folder in its place, a folder's that of what is in its place.
    """
    for name in names:
        # In any case of letters: an entry is read only under its name as it is written.
        path = f"{LEDGER_DIR}/{name}"
        if not is_entry_name(name) and name != _RETRACTIONS and _is_taken(view, path, ".json"):
            yield path
    for path in view.spelled_otherwise(LEDGER_DIR):
        if path.lower().endswith(_KINDS):
            yield path
    for folder in view.folders(LEDGER_DIR):
        if is_entry_name(folder):
            yield f"{LEDGER_DIR}/{folder}"
        elif folder != _RETRACTIONS:
            yield from (
                path
                for path in view.walk(f"{LEDGER_DIR}/{folder}", hidden=True)
                if not is_segment(path) and _is_taken(view, path, *_KINDS)
            )


def _is_taken(view: View, path: str, *kinds: str) -> bool:
    """Whether what lies there may be taken for a part of the ledger."""
    if path.lower().endswith(kinds) or _is_folder_of_packs(path):
        return True
    data = view.read(path, 0, whole=False)
    # What a link leads to is not read, and may be a folder of entries.
    return isinstance(data, Unreadable) and data.is_link


def _is_folder_of_packs(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return path == PACKS_DIR or (folder == PACKS_DIR and "." not in name)


def stray_at(below: str) -> str | None:
    """The path to report for a file ``below`` the folder; None if there is nothing to report.

    The file is not an entry: nothing is there any more, or it is not a regular file.
    """
    first, _, deeper = below.partition("/")
    if deeper and first == _RETRACTIONS:
        return None
    if deeper and is_entry_name(first):
        return f"{LEDGER_DIR}/{first}"
    kinds = (".tmp", *(_KINDS if deeper else _KINDS[:1]))
    path = f"{LEDGER_DIR}/{below}"
    is_taken = below.lower().endswith(kinds) or _is_folder_of_packs(path)
    return path if is_taken and not is_segment(path) else None
