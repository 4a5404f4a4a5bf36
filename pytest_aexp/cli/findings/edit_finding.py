"""What the verbs that edit findings share: the checker, and writing a finding back."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from pytest_aexp.ground.containment import link_on_the_way
from pytest_aexp.ground.errors import UsageError
from pytest_aexp.ground.files import write_atomic
from pytest_aexp.ground.repository import Repository
from pytest_aexp.ground.text import clean
from pytest_aexp.ground.views import WorkTree
from pytest_aexp.model.findings.front_matter import READ_LIMIT, FrontMatter
from pytest_aexp.model.problems import Policy
from pytest_aexp.work.check.checker import Checker
from pytest_aexp.work.edit.finding_text import open_for_edit


def open_checker() -> Checker:
    """A checker of the repository around the current folder, strict whatever is configured."""
    repository = Repository.open()
    policy = Policy(severity=repository.configuration.severity)
    return Checker(repository, WorkTree(repository.root), policy)


def open_finding(checker: Checker, path: str) -> FrontMatter:
    """The front matter of a finding, to be edited; raises UsageError if it cannot be read."""
    return open_for_edit(path, checker.view.read(path, READ_LIMIT, whole=False))


def write_finding(checker: Checker, path: str, text: str) -> None:
    """Replace a finding's text; a link is refused."""
    target = checker.repository.root / path
    link = link_on_the_way(checker.repository.root, target)
    if link is not None:
        raise UsageError(f"{link} is a link; edit the file it leads to")
    write_atomic(target, text.encode())


def diff_lines(path: str, old: str, new: str) -> Iterator[str]:
    """The lines of a unified diff of two texts of a file, fit to be printed."""
    before, after = old.split("\n"), new.split("\n")
    for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""):
        yield "\t".join(map(clean, line.removesuffix("\r").split("\t"))) + "\n"
