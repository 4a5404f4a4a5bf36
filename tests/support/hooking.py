"""What the tests of the hooks share: a repository to commit in, and the hooks run in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_aexp.hooks import findings, ledger
from repositories import add_jobs, git

if TYPE_CHECKING:
    import pytest

NOWHERE = "deadbeefdeadbeefdeadbeefdeadbeef"
FINDING = "kb/research/findings/F001-x.md"


@dataclass(frozen=True)
class Said:
    """How a hook ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def codes(self) -> list[str]:
        """The codes of the problems it told of, in order."""
        return re.findall(r"\[([a-z_]+\.[a-z_]+)\]$", self.out, re.MULTILINE)


class Hooks:
    """The hooks, run in this process in the current folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def findings(self, *arguments: str) -> Said:
        """``aexp-findings``."""
        return self._said(findings.main(list(arguments)))

    def ledger(self, *arguments: str) -> Said:
        """``aexp-ledger``."""
        return self._said(ledger.main(list(arguments)))

    def _said(self, status: int) -> Said:
        reported = self._capsys.readouterr()
        return Said(status, reported.out, reported.err)


def stage(repo: Path, *paths: str) -> None:
    """``git add``, everything if there are no ``paths``, the run store aside."""
    git(repo, "add", "--all", "--", *(paths or (".",)))
    git(repo, "rm", "-rq", "--cached", "--ignore-unmatch", ".runs")


def commit(repo: Path, *paths: str) -> str:
    """Stage and commit; the commit's name."""
    stage(repo, *paths)
    git(repo, "commit", "-q", "--allow-empty", "-m", "change")
    return git(repo, "rev-parse", "HEAD").strip()


def add_run(repo: Path, seed: int = 1, status: str = "complete", **document: Any) -> str:
    """A run of E001 in the local store; its job id."""
    described: Mapping[str, Any] = {
        "statepoint": {"experiment_id": "E001", "seed": seed},
        "doc": {"status": status, **document},
    }
    return add_jobs(repo, [described])[0]


def entry_of_run(job_id: str) -> str:
    """The path of a run's ledger entry."""
    return f".aexp/ledger/{job_id}.json"


def snapshot(repo: Path) -> dict[str, bytes]:
    """Every file below ``repo`` but for git's own."""
    return {
        os.path.join(folder, name): Path(folder, name).read_bytes()
        for folder, _, names in os.walk(repo)
        if ".git" not in Path(folder).parts
        for name in names
    }
