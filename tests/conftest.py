"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from repositories import GIT_ENVIRONMENT, new_repository

from pytest_aexp.ground import schema
from pytest_aexp.ground.yaml import nodes
from pytest_aexp.plugin import items

# A machine that is busy is slow; what a file may cost is bounded in tests of its own. Examples are
# the same in every run: whether a change may land is no matter of luck.
settings.register_profile("quick", deadline=None, max_examples=25, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=200, derandomize=True)
settings.register_profile("random", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

pytest_plugins = ["pytester"]

# Loaded before any pytest runs inside a test: when such a run ends, the modules that it, or its
# test, was first to load are forgotten, and those loaded anew do not know the old ones' classes.
PRELOADED = (items, nodes.parse("a: 1"), schema.violations("citation", None))


@pytest.fixture(autouse=True)
def _own_git_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """git as it is on a machine whose user configured nothing, and no setting of the caller's."""
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    callers = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "PYTEST_ADDOPTS", "NO_COLOR")
    pushes = ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")
    for name in (*callers, *pushes):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty git repository, which is also the current folder."""
    path = new_repository(tmp_path / "repo")
    monkeypatch.chdir(path)
    return path
