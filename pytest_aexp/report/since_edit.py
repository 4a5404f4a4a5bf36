"""Which runs of a finding are new in the ledger, or changed, since it was last edited."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise
from pathlib import Path

from pytest_aexp.ground.git.run import git_or_none, own_environment
from pytest_aexp.ground.text import counted
from pytest_aexp.model.entry import LEDGER_DIR

_SHALLOW = ("rev-parse", "--is-shallow-repository")
_HEAD = ("rev-parse", "HEAD^{tree}")
# A name that needs quotes begins with one: it is no path that is looked for.
_LOG = (
    *("-c", "core.quotePath=false", "--literal-pathspecs", "log", "--no-show-signature"),
    *("--no-renames", "--relative", "--name-only", "--format=%x00%T %h %cs", "--"),
)
_DIFF = ("diff-tree", "--stdin", "-r", "--relative", "--name-status", "--", LEDGER_DIR)
_STATUS = re.compile(rf"([AMD])\t{re.escape(LEDGER_DIR)}/([0-9a-f]{{32}})\.json")


class SinceEdit:
    """Compares the ledger in HEAD with the ledger in the last commit of each finding.

    A few git processes for all findings, however many: the commits are compared in a chain, from
    HEAD back. Without history (no repository, a shallow clone) it knows nothing.
    """

    def __init__(self, root: Path, paths: Collection[str]) -> None:
        self._root = root
        self._edits: dict[str, tuple[int, str]] = {}
        self._statuses: dict[str, list[tuple[int, str]]] = defaultdict(list)
        if paths and self._git(_SHALLOW) == "false\n":
            self._compare([self._git(_HEAD).strip(), *self._read_log(set(paths))])

    def of(self, path: str, job_ids: Iterable[str]) -> str:
        """``since its last edit in 3f2a1b0 of 2026-05-20: 2 runs new``; empty if none."""
        place, edit = self._edits.get(path, (0, ""))
        counts = Counter(filter(None, (self._status(job_id, place) for job_id in job_ids)))
        what = [f"{counted(number, 'run')} {kind}" for kind, number in sorted(counts.items())]
        return f"since its last edit in {edit}: {', '.join(what)}" if what else ""

    def _status(self, job_id: str, place: int) -> str:
        """What became of an entry in the comparisons before ``place``; the oldest one decides."""
        before = [status for number, status in self._statuses.get(job_id, ()) if number < place]
        return "" if not before else "new" if before[-1] == "A" else "changed"

    def _read_log(self, paths: set[str]) -> list[str]:
        """The trees of the commits in which a finding was edited last, the latest first."""
        folder = os.path.commonpath([os.path.dirname(path) for path in paths]) or "."
        trees: list[str] = []
        for commit in self._git((*_LOG, folder)).split("\0")[1:]:
            head, *names = commit.splitlines()
            edited = paths.intersection(names) - self._edits.keys()
            if edited:
                tree, name, day = head.split()
                trees.append(tree)
                self._edits |= dict.fromkeys(edited, (len(trees), f"{name} of {day}"))
        return trees

    def _compare(self, trees: list[str]) -> None:
        pairs = [f"{old} {new}" for new, old in pairwise(trees)]
        place = -1
        for line in self._git(_DIFF, "".join(f"{pair}\n" for pair in pairs)).splitlines():
            counts = _STATUS.fullmatch(line)
            if counts:
                self._statuses[counts[2]].append((place, counts[1]))
            elif line in pairs[place + 1 :]:
                place = pairs.index(line, place + 1)

    def _git(self, arguments: Collection[str], stdin: str = "") -> str:
        environment = own_environment()
        answer = git_or_none([*arguments], self._root, stdin=stdin.encode(), env=environment)
        return (answer or b"").decode("utf-8", "surrogateescape")
