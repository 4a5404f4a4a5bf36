"""What a repository's own files choose is no reason for pytest to judge none of the findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import ARGUMENTS
from hooking import NOWHERE
from lanes import a_few
from repositories import add_entry, add_finding, job, write

CHOICES: dict[str, tuple[str, str]] = {
    "-k": ("pytest.ini", "addopts = -k 'not F002'"),
    "-m": ("pytest.ini", "addopts = -m 'not aexp'"),
    "--deselect": ("pytest.ini", "addopts = --deselect kb/research/findings"),
    "--ignore": ("pytest.ini", "addopts = --ignore kb/research"),
    "--ignore-glob": ("pytest.ini", "addopts = --ignore-glob=*findings*"),
    "--collect-only": ("pytest.ini", "addopts = --collect-only"),
    "a path": ("pytest.ini", "addopts = tests"),
    "testpaths": ("pytest.ini", "testpaths = tests\naddopts = --ignore=kb"),
    "collect_ignore": ("kb/conftest.py", "collect_ignore = ['research']"),
    "collect_ignore_glob": ("conftest.py", "collect_ignore_glob = ['kb/*']"),
    "a hook that ignores": (
        "conftest.py",
        "def pytest_ignore_collect(collection_path): return 'kb' in str(collection_path) or None",
    ),
    "a hook that deselects": (
        "conftest.py",
        "def pytest_collection_modifyitems(items): items[:] = [i for i in items if i.name == 'x']",
    ),
}


@pytest.fixture
def runner(
    repo: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    add_entry(repo, {"seed": 1})
    add_finding(repo, "F002-x", job(NOWHERE))
    write(repo, "tests/test_one.py", "def test_one(): pass\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(repo)
    return pytester


@pytest.mark.parametrize("given", [(), (".",), ("tests", "kb/research/findings")], ids=str)
@pytest.mark.parametrize("choice", a_few(list(CHOICES), 6))
def test_that_fails_where_the_check_was_asked_for(
    runner: pytest.Pytester, repo: Path, choice: str, given: tuple[str, ...]
) -> None:
    path, text = CHOICES[choice]
    write(repo, path, f"[pytest]\n{text}\n" if path.endswith(".ini") else f"{text}\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, *given)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "typed",
    [("tests",), ("-k", "one"), ("--ignore=kb", "."), ("--collect-only",), ("--co", "."), ("@a",)],
    ids=str,
)
def test_what_the_user_typed_is_theirs_to_choose(
    runner: pytest.Pytester, repo: Path, typed: tuple[str, ...]
) -> None:
    write(repo, "a", "tests\n")
    result = runner.runpytest_inprocess("--aexp", *ARGUMENTS, *typed)
    assert result.ret == pytest.ExitCode.OK
