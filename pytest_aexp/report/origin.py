"""Which commit the page was made at, as git knows it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_aexp.ground.git.run import git_or_none, own_environment
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.settings.configuration import CONFIG
from pytest_aexp.ground.settings.globs import fixed_part
from pytest_aexp.model.entry import LEDGER_DIR
from pytest_aexp.model.runs.machine_index import INDEX_DIR

_HEAD = ("log", "-1", "--no-show-signature", "--format=%H %cs")
_STATUS = ("--no-optional-locks", "--literal-pathspecs", "status", "--porcelain", "--")


@dataclass(frozen=True, slots=True)
class Origin:
    """A commit and its date; ``changed`` where findings or the ledger are not as it has them."""

    commit: str
    date: str
    changed: bool


def origin_of(repository: Repository) -> Origin | None:
    """The commit of the repository's work tree; None if git knows none."""
    environment = own_environment()
    head = git_or_none(_HEAD, repository.root, env=environment)
    commit, _, date = (head or b"").decode("ascii", "replace").strip().partition(" ")
    if not commit:
        return None
    globs = repository.configuration.findings
    folders = sorted({fixed_part(glob.split("/")) or "." for glob in globs})
    paths = (LEDGER_DIR, INDEX_DIR, CONFIG, *folders)
    changed = git_or_none((*_STATUS, *paths), repository.root, env=environment)
    return Origin(commit, date, bool(changed and changed.strip()))
