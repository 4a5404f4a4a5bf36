"""One run's packed lines in the working tree, found by halving: no run waits for a scan to end.

In a segment that is not sorted a line may be missed, and then the run is promoted again as if it
had not been packed, which does no harm.
"""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.packs.binary_search import lines_in
from pytest_aexp.model.packs.packs import Packs, Version, latest


def packed_version(root: Path, job_id: str) -> Version | None:
    """The latest promotion of a run among the packed ones; None if it is not packed."""
    found = [
        Version(path, 1, line)
        for path in Packs(WorkTree(root)).paths
        for line in lines_in(root / path, job_id)
    ]
    return latest(found) if found else None
