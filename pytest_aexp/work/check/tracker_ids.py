"""The ids that other trackers have for runs in the ledger: MLflow's look like job ids."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_aexp.ground.files import Unreadable
from pytest_aexp.model.entry import ENTRY_LIMIT, entry_path
from pytest_aexp.model.ledger import Ledger
from pytest_aexp.model.packs.segment import SEGMENT_LIMIT, lines_of, run_of

_RUN_ID = re.compile(rb'"run_id":\s?"([0-9a-f]{32})"')
_MOST_LOOSE = 10_000
"""To look into more files for the sake of one message would take seconds."""


def tracker_ids(ledger: Ledger) -> Mapping[str, str]:
    """The run of each such id, as far as the entries of the ledger tell."""
    runs: dict[str, str] = {}
    loose = ledger.loose if len(ledger.loose) <= _MOST_LOOSE else ()
    paths = {entry_path(job_id): job_id for job_id in loose}
    for path in ledger.packs.paths:
        data = ledger.view.read(path, SEGMENT_LIMIT)
        for line in () if isinstance(data, Unreadable) else lines_of(data):
            _add(runs, line, run_of(line))
    for path, data in ledger.view.read_many(paths, ENTRY_LIMIT):
        if isinstance(data, bytes):
            _add(runs, data, paths[path])
    return runs


def _add(runs: dict[str, str], data: bytes, job_id: str) -> None:
    match = _RUN_ID.search(data)
    if match is not None:
        runs[match[1].decode()] = job_id
