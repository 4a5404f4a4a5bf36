"""Whether folders below git's top level use a ledger, found without reading all of them."""

from __future__ import annotations

from pathlib import Path

from pytest_aexp.ground.errors import GitError, UsageError
from pytest_aexp.ground.find_root import uses_ledger
from pytest_aexp.ground.git.listing import Location, project_of


def uses_ledger_below(top: Path) -> bool:
    """Whether git has a ledger, or our block in a control file, in a folder below ``top``."""
    try:
        paths = Location.of(top).control_paths(None)
    except (GitError, UsageError):
        return False
    folders = {path.rpartition("/")[0] for path in paths} - {""}
    return any(map(project_of, paths)) or any(uses_ledger(top / folder) for folder in folders)
