"""Files in the ledger folder that look like entries or segments and are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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

    An entry's own path is that of a folder in its place.
    """
    for name in names:
        # In any case of letters: an entry is read only under its name as it is written.
        if name.lower().endswith(".json") and not is_entry_name(name):
            yield f"{LEDGER_DIR}/{name}"
    for path in view.spelled_otherwise(LEDGER_DIR):
        if path.lower().endswith(_KINDS):
            yield path
    for folder in view.folders(LEDGER_DIR):
        if is_entry_name(folder):
            yield f"{LEDGER_DIR}/{folder}"
        elif not folder.startswith(".") and folder != _RETRACTIONS:
            yield from (
                path
                for path in view.walk(f"{LEDGER_DIR}/{folder}")
                if path.lower().endswith(_KINDS) and not (folder == _PACKS and is_segment(path))
            )


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
    return path if below.lower().endswith(kinds) and not is_segment(path) else None
