"""Where a repository's root is. Imports next to nothing: every pytest run asks."""

from __future__ import annotations

import os
from pathlib import Path

MARKER_REL = Path(".aexp") / "installed.json"


def nearest_root(start: Path) -> Path | None:
    """The nearest folder from ``start`` upwards that holds ``.git`` or the install marker."""
    for folder in (start, *start.parents):
        if os.path.exists(folder / ".git") or os.path.isfile(folder / MARKER_REL):
            return folder
    return None
