"""The evidence cases, and the repositories that they describe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from repositories import add_jobs, git, new_repository, write
from tree import DATA

from pytest_aexp.model.codes import CODES


def codes_of(case: dict[str, Any]) -> set[str]:
    return {code for outcome in case["accept"] for _, code in outcome}


def has_finding(case: dict[str, Any]) -> bool:
    return any("/findings/" in path for path in [*case["files"], *case.get("staged", {})])


def with_findings(case: dict[str, Any]) -> dict[str, Any]:
    """The case; where it has no finding, that is reported as well."""
    if has_finding(case):
        return case
    none = ["warning", "finding.none_collected"]
    return {**case, "accept": [[*outcome, none] for outcome in case["accept"]]}


CASES: list[dict[str, Any]] = [
    with_findings(case)
    for case in json.loads((DATA / "evidence_cases.json").read_text(encoding="utf-8"))["cases"]
    if codes_of(case) <= set(CODES)
]
VALIDATED = [case for case in CASES if "hook" not in case and "exit" not in case]


class Built:
    """The repository of a case."""

    def __init__(self, case: dict[str, Any], parent: Path) -> None:
        self.case = case
        self.root = new_repository(parent / case.get("root", "repo"))
        store = case.get("run_store", ".runs")
        jobs = [] if case["signac_jobs"] is None else self._jobs(store)
        self.marks = {f"@job:{number}@": job for number, job in enumerate(jobs)}
        for number, files in enumerate(case.get("history", ())):
            commit = self._commit(files)
            self.marks |= {f"@commit:{number}@": commit, f"@commit7:{number}@": commit[:7]}
        for number, files in enumerate(case.get("orphan", ())):
            main_branch = git(self.root, "branch", "--show-current").strip()
            git(self.root, "checkout", "-qb", "side", self.marks["@commit:0@"])
            self.marks[f"@orphan:{number}@"] = self._commit(files)
            git(self.root, "checkout", "-q", main_branch)
            git(self.root, "branch", "-qD", "side")
        files = {path: self._filled(text) for path, text in case["files"].items()}
        if case.get("history") or case.get("hook"):
            self._commit(files)
        else:
            self._write(files)
        if case.get("depth"):
            clone = parent / "clone"
            depth = str(case["depth"])
            git(parent, "clone", "-q", "--depth", depth, self.root.as_uri(), str(clone))
            self.root = clone
        for command in case.get("do", ()):
            self._do(self._filled(command))

    def _jobs(self, store: str) -> list[str]:
        text = json.dumps(self.case["signac_jobs"])
        text = text.replace('"@nan@"', "NaN").replace('"@inf@"', "Infinity")
        (self.root / store).mkdir(parents=True, exist_ok=True)
        return add_jobs(self.root, json.loads(text), store)

    def _filled(self, text: str) -> str:
        for mark, value in self.marks.items():
            text = text.replace(mark, value)
        return text

    def _write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            write(self.root, path, text)

    def _commit(self, files: dict[str, str]) -> str:
        self._write(files)
        git(self.root, "add", "--all", "--force")
        git(self.root, "commit", "-qm", "x", "--allow-empty")
        return git(self.root, "rev-parse", "HEAD").strip()

    def _do(self, command: str) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.root,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or self.case.get("exit"), done.stdout + done.stderr

    def stage(self) -> None:
        """Stage what the case says, or everything."""
        if "staged" not in self.case:
            git(self.root, "add", "--all", "--force")
            return
        for path, text in self.case["staged"].items():
            if text is None:
                (self.root / path).unlink()
            else:
                write(self.root, path, self._filled(text))
        git(self.root, "add", "--all", "--force", "--", *self.case["staged"])
        self._write(self.case.get("untracked", {}))
