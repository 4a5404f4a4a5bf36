"""A repository for pytest to run in, with the plugin active."""

from __future__ import annotations

from pathlib import Path

from repositories import add_entry, add_finding, batch, job

QUIET = ("-W", "always::pytest_aexp.CitationWarning", "-p", "no:hypothesispytest")
UNKNOWN = "deadbeef" * 4
POINT = {"experiment_id": "E001", "condition": "a", "seed": 1}


class Repo:
    """A repository with one good finding and one that has a good and a broken citation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.job_id = add_entry(path, POINT)
        add_finding(path, "F001-good", job(self.job_id), batch("E001", "{condition: a}"))
        add_finding(path, "F004-broken", job(self.job_id), job(UNKNOWN))
