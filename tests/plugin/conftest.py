"""Fixtures of the plugin's tests: a repository, and pytest run in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from plugged import QUIET, Repo
from repositories import new_repository


@pytest.fixture
def repo(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, the current folder; asking for pytester first, which changes it."""
    path = new_repository(pytester.path / "repo")
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def cited(repo: Path) -> Repo:
    return Repo(repo)


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run pytest in the current folder, the settings of this suite left out."""

    def run_pytest(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*QUIET, "-p", "no:xdist", *arguments)

    return run_pytest


@pytest.fixture
def run_apart(pytester: pytest.Pytester):
    """The same in a process of its own."""

    def run_pytest(*arguments: str) -> pytest.RunResult:
        return pytester.run(sys.executable, "-m", "pytest", *QUIET, *arguments)

    return run_pytest
