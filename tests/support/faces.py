"""One repository judged on every face."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from cases import ARGUMENTS
from hooking import Hooks
from repositories import git

from pytest_aexp.cli import main

_CODE = re.compile(r"\[((?:finding|ledger|evidence|runs|runs_index|policy)\.[a-z_]+)\]")


@dataclass(frozen=True)
class Judged:
    """What one face made of a repository."""

    face: str
    status: int
    codes: frozenset[str]
    text: str

    @property
    def verdict(self) -> str:
        """``refused``, ``warned`` or ``passed``; whoever cannot judge refuses."""
        if self.status not in (0, 5):
            return "refused"
        return "warned" if self.codes else "passed"


class Faces:
    """The faces, asked in this process."""

    def __init__(
        self,
        repo: Path,
        capsys: pytest.CaptureFixture[str],
        pytester: pytest.Pytester,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.chdir(repo)
        self.repo = repo
        self._capsys = capsys
        self._pytester = pytester
        self._hooks = Hooks(capsys)

    def staged(self) -> Judged:
        """``aexp-findings`` before the commit, everything being staged."""
        git(self.repo, "add", "--all", "--force")
        return self._hook("hook")

    def committed(self) -> list[Judged]:
        """All faces behind the commit, where they look at everything."""
        git(self.repo, "add", "--all", "--force")
        git(self.repo, "commit", "-q", "--allow-empty", "-m", "change")
        return self.everywhere()

    def everywhere(self) -> list[Judged]:
        """All faces that look at everything."""
        places = ("worktree", "index", "HEAD")
        return [*map(self._command, places), self._pytest(), self._hook("hook on everything")]

    def door(self) -> Judged:
        """``aexp-ledger`` on everything."""
        output = self._hooks.ledger()
        return self._judged("aexp-ledger", output.status, output.out + output.err)

    def _command(self, place: str) -> Judged:
        status = main(["validate", "--at", place, "--format", "json"])
        reported = self._capsys.readouterr()
        codes = {p["code"] for p in json.loads(reported.out)["problems"]} if reported.out else set()
        return Judged(f"--at {place}", status, frozenset(codes), reported.out + reported.err)

    def _hook(self, face: str) -> Judged:
        output = self._hooks.findings()
        return self._judged(face, output.status, output.out + output.err)

    def _pytest(self) -> Judged:
        result = self._pytester.runpytest_inprocess("--aexp", *ARGUMENTS)
        self._capsys.readouterr()
        text = "\n".join((*result.outlines, *result.errlines))
        assert result.ret != pytest.ExitCode.INTERNAL_ERROR, text
        return self._judged("pytest", int(result.ret), text)

    def _judged(self, face: str, status: int, text: str) -> Judged:
        return Judged(face, status, frozenset(_CODE.findall(text)), text)
